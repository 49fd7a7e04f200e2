"""Tests that a page which shows claims names checks by them, in reasons too."""

from __future__ import annotations

import json as data
from dataclasses import replace

import pytest

from graders.formats import json, spoken, text
from graders.formats.in_claims import in_claims
from graders.outcome import Outcome
from tests.graders.formats.reports import PASSED, SKIPPED, report

NEED = replace(PASSED, id="build-fails", claim="The image builds")
CLAIMS = {NEED.id: NEED.claim, "build-fails-late": "It builds late", "user-is-root": "The user is not root"}


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("Needs build-fails to pass first", 'Needs "The image builds" to pass first'),
        (
            "Observed: build-fails and user-is-root passed, whatever the text looks like",
            'Observed: "The image builds" and "The user is not root" passed, whatever the text looks like',
        ),
        ("Needs build-fails-late to pass first", 'Needs "It builds late" to pass first'),
        ("Needs port-silent to pass first", "Needs port-silent to pass first"),
        ("/srv/no-build-fails-here is gone", "/srv/no-build-fails-here is gone"),
        ("", ""),
    ],
)
def test_reason_names_claims(reason: str, said: str) -> None:
    """A whole id that is known is told by its claim; what only holds one, and an unknown one, stay."""
    assert said == in_claims(replace(SKIPPED, reason=reason), CLAIMS).reason


def test_claim_stands_as_it_is() -> None:
    """A claim is no pattern, whatever characters it holds."""
    assert r'Needs "\1 and \g<0>" to pass first' == in_claims(SKIPPED, {"build-fails": r"\1 and \g<0>"}).reason


def test_pages_for_people_name_claims_and_data_names_ids() -> None:
    """The report in text and read aloud have no id that stands nowhere else in them; JSON keeps what it had."""
    done = report(NEED, SKIPPED)
    told = 'Needs "The image builds" to pass first'

    assert told in text.render(done, colour=False)
    assert f"Reason: {told}" in spoken.render(done)
    reasons = [check["reason"] for check in data.loads(json.dumps(done))["checks"]]
    assert "Needs build-fails to pass first" in reasons


def test_outcome_without_such_a_reason_is_the_same_outcome() -> None:
    """Nothing is made anew where nothing changes."""
    outcomes: tuple[Outcome, ...] = (PASSED, replace(SKIPPED, reason="Needs it"))

    assert all(in_claims(outcome, CLAIMS) is outcome for outcome in outcomes)
