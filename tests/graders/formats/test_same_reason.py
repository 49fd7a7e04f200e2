"""Tests that a reason which several checks share is told once, and that no check is lost by it."""

from __future__ import annotations

from dataclasses import replace

from graders.formats import spoken, text
from graders.formats.same_reason import same_reason
from graders.outcome import Level, Status
from graders.report import Report
from tests.graders.formats.reports import ERRORED, FAILED, PASSED, SKIPPED, report
from tests.rows import rows

WAITING = (
    SKIPPED,
    replace(SKIPPED, id="wasted-bytes", claim="Lean"),
    replace(SKIPPED, id="user-is-root", claim="Not root"),
    replace(SKIPPED, id="port-silent", claim="It answers", level=Level.CONTAINER),
)
OTHER = replace(
    SKIPPED, id="slow-start", claim="Quick", level=Level.CONTAINER, reason="Needs port-silent to pass first"
)
GONE = (
    ERRORED,
    replace(ERRORED, id="slow-response", claim="Quick"),
    replace(ERRORED, id="never-healthy", claim="Well"),
)


def _text(told: Report) -> str:
    return text.render(told, colour=False)


@rows(
    ("render", "others"),
    [
        (_text, "wasted-bytes, user-is-root, port-silent"),
        (spoken.render, '"Lean", "Not root", "It answers".'),
    ],
)
def test_reason_is_told_once_with_those_that_share_it(render: object, others: str) -> None:
    """Four checks wait for one: its name stands once, all four keep their line, and the fifth has its own reason."""
    assert callable(render)
    told = render(report(PASSED, FAILED, *WAITING, OTHER))

    assert 1 == told.count("Needs build-fails to pass first")
    assert 1 == told.count('Needs "It answers" to pass first')
    assert f"The same holds for: {others}" in told
    assert all(outcome.claim in told for outcome in (*WAITING, OTHER))


@rows(("render", "others"), [(_text, "slow-response, never-healthy"), (spoken.render, '"Quick", "Well".')])
def test_remedy_is_told_once(render: object, others: str) -> None:
    """An engine that is gone is told with its remedy at the first check that needed it."""
    assert callable(render)
    told = render(report(PASSED, *GONE))

    assert 1 == told.count("The engine is gone")
    assert 1 == told.count("To mend it: dockyard engine up")
    assert f"The same holds for: {others}" in told


def test_text_keeps_every_row_with_its_points() -> None:
    """What shares a reason still counts: a row with its points, and the id below it."""
    told = _text(report(PASSED, *WAITING))

    assert len(WAITING) == told.count("(skipped)")
    assert len(WAITING) == told.count("0/4")
    assert all(f"\n      {outcome.id}\n" in told for outcome in WAITING)


def test_reason_that_is_not_shown_is_told_by_the_next() -> None:
    """Where only the text was read, what stands for the image's checks is not told at one of them."""
    first = replace(SKIPPED, level=Level.DOCKERFILE, id="single-stage", claim="Two stages")

    told = _text(report(SKIPPED, first, static_only=True))

    assert 1 == told.count("Needs build-fails to pass first")
    assert "The same holds" not in told


def test_only_what_is_undecided_shares_a_reason() -> None:
    """A check that passed with a remark, and one that failed, tell theirs themselves; so does another status."""
    passed = replace(PASSED, reason=SKIPPED.reason)
    errored = replace(SKIPPED, id="other", status=Status.ERRORED)

    assert {SKIPPED.id: (), "other": ()} == same_reason([passed, SKIPPED, errored])
