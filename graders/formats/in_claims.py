"""Owns a reason in the words of a page that shows claims and no ids; must never touch what programs read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from graders.outcome import Outcome
from graders.report import Report

_ID = re.compile(r"(?<![\w-])[a-z]+(?:-[a-z]+)+(?![\w-])")


def in_claims(outcome: Outcome, claims: Mapping[str, str]) -> Outcome:
    """The outcome with each check that its reason names (id -> claim) named by its claim, in quotes."""
    if not outcome.reason:
        return outcome
    reason = _ID.sub(lambda found: f'"{claims[found[0]]}"' if found[0] in claims else found[0], outcome.reason)
    return outcome if reason == outcome.reason else replace(outcome, reason=reason)


def report_in_claims(report: Report) -> Report:
    """The report with the reasons of all its outcomes in claims."""
    claims = {outcome.id: outcome.claim for outcome in report.outcomes}
    return replace(report, outcomes=tuple(in_claims(outcome, claims) for outcome in report.outcomes))
