"""Owns a finding with the place and the words that a code host shows beside it; must never know a host's syntax.

Text in here is untouched: each format escapes it in its own way.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from graders.finding import Finding
from graders.outcome import Outcome, Status

if TYPE_CHECKING:
    from graders.report import Report


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    WARNING = "warning"
    """Of an advisory check: it costs nothing."""


class Rule(NamedTuple):
    """What a finding breaks."""

    id: str
    claim: str
    why: str = ""
    hint: str = ""
    sources: tuple[str, ...] = ()


class Placed(NamedTuple):
    """One finding of one file."""

    rule: Rule
    severity: Severity
    finding: Finding
    path: str
    """Path of the file from where the reader stands; empty when no file is to blame."""


def placed(report: Report, folder: str = "") -> Iterator[Placed]:
    """The findings of a report in its order; `folder` is where the submission lies, as the reader names it."""
    for outcome in report.outcomes:
        if outcome.status is not Status.FAILED:
            continue
        severity = Severity.ERROR if outcome.required else Severity.WARNING
        rule = rule_of(outcome)
        for finding in outcome.findings:
            yield Placed(rule, severity, finding, join(folder, finding.file))


def rule_of(outcome: Outcome) -> Rule:
    """The check of an outcome, as a rule."""
    return Rule(outcome.id, outcome.claim, outcome.why, outcome.hint)


def join(folder: str, file: str) -> str:
    """`file` of a submission in `folder`, with forward slashes; empty when there is no file."""
    return f"{folder.rstrip('/')}/{file}" if folder and file else file


def verdict_line(report: Report) -> str:
    """How the submission ended, in one sentence."""
    points = f"{report.points} of {report.max_points} points"
    if report.static_only:
        failed = sum(outcome.status is Status.FAILED for outcome in report.outcomes)
        return f"Static checks only: {failed} failed. Nothing was built or run, and this is no grade."
    if not report.is_grade:
        return "ERRORED: not graded, and that is no fault of the submission."
    return f"{report.verdict.value.upper()}: {points}."
