"""Tests of the rows that tell how the checks ended."""

from __future__ import annotations

from dataclasses import replace

from course.tui.widgets.outcome_rows import OutcomeRow, outcome_rows
from graders.event import PlannedCheck
from graders.outcome import Outcome
from tests.graders.formats.reports import ERRORED, FAILED, PASSED, SKIPPED

WAITING = tuple(replace(SKIPPED, id=f"check-{number}", claim=f"Claim {number}") for number in range(3))


def rows_of(*outcomes: Outcome, undecided: tuple[str, ...] = (), width: int = 76) -> list[OutcomeRow]:
    """The rows of a check with these outcomes, and of claims that are still awaited."""
    planned = [PlannedCheck(one.id, one.claim, one.level, required=True) for one in outcomes]
    planned += [PlannedCheck(claim, claim, PASSED.level, required=True) for claim in undecided]
    return outcome_rows(planned, {one.id: one for one in outcomes}, (), width=width)


def test_shared_reason_stands_once_above_the_checks_that_share_it() -> None:
    """Three checks wait for one: the reason after the first, and the claims of the others right below."""
    rows = rows_of(WAITING[0], FAILED, *WAITING[1:], undecided=("Awaited",))

    assert [
        "– Claim 0  skipped",
        "    Needs build-fails to pass first\n    The same holds for the next 2:",
        "– Claim 1  skipped",
        "– Claim 2  skipped",
    ] == [row.content.plain for row in rows[:4]]
    assert [WAITING[0], WAITING[0], WAITING[1], WAITING[2]] == [row.target for row in rows[:4]]
    assert FAILED == rows[4].target
    assert "· Awaited" == rows[-1].content.plain


def test_long_remedy_goes_on_below_its_beginning() -> None:
    """A remedy that is longer than the list is wide is indented in every row."""
    remedy = "Correct or unset DOCKER_HOST, or start our own engine with: dockyard engine up"
    row = rows_of(replace(ERRORED, remedy=remedy), width=50)[1]

    assert all(line.startswith("    ") for line in row.content.plain.splitlines())
    assert remedy in " ".join(row.content.plain.split())


def test_remedy_is_named_as_the_desk_takes_it() -> None:
    """The default one is a command of the slash bar, too."""
    row = rows_of(replace(ERRORED, remedy="dockyard doctor"))[1]

    assert row.content.plain.endswith("mend it: /doctor")


def test_long_notice_goes_on_below_its_beginning() -> None:
    """Every row of it but the first stands under its words, not under its mark."""
    notice = "python:3.11-slim is an offline stand-in made from Debian packages, not the official image"
    [row] = outcome_rows((), {}, (notice,), width=50)
    first, *others = row.content.plain.splitlines()

    assert first.startswith("i python")
    assert others
    assert all(line.startswith("  ") and line[2] != " " for line in others)
    assert notice == " ".join(row.content.plain.split()).removeprefix("i ")


def test_no_check_is_lost() -> None:
    """Each outcome has a row of its own that leads to it, whatever it shares."""
    outcomes = (PASSED, *WAITING, ERRORED, replace(ERRORED, id="other"), FAILED)

    targets = [row.target for row in rows_of(*outcomes)]

    assert all(outcome in targets for outcome in outcomes)
