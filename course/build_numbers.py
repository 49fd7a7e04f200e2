"""Owns what is kept of a report's builds for comparing; must never guess a time that nothing was measured for."""

from __future__ import annotations

from typing import NamedTuple

from graders.outcome import Status
from graders.report import Report

LOST = "cache-lost-on-source-change"
"""The check that stops the rebuild once the install runs again."""


class BuildNumbers(NamedTuple):
    """The builds of one check, cold and warm."""

    steps: int
    """Instructions of the graded build, FROM left out."""
    cached_steps: int
    rebuild_s: float | None
    """Seconds of the build after one source line changed; None when there was none or nothing can be told."""
    rebuild_stopped: bool
    """The rebuild was stopped when the install ran again: `rebuild_s` is what those steps took in the graded build."""


def build_numbers(report: Report) -> BuildNumbers | None:
    """The numbers of a report's builds; None when nothing was built."""
    build = report.build
    if build is None:
        return None
    steps = [step for step in build.steps if step.line is not None and not step.instruction.upper().startswith("FROM")]
    cached = sum(step.cached for step in steps)
    if build.rebuild_elapsed_s is not None:
        return BuildNumbers(len(steps), cached, build.rebuild_elapsed_s, rebuild_stopped=False)
    lost = [
        finding.line
        for outcome in report.outcomes
        if outcome.id == LOST and outcome.status is Status.FAILED
        for finding in outcome.findings
        if finding.line is not None
    ]
    repeated = [step for step in steps if lost and (step.line or 0) >= min(lost)]
    if not repeated or any(step.cached for step in repeated):
        return BuildNumbers(len(steps), cached, None, rebuild_stopped=bool(lost))
    return BuildNumbers(len(steps), cached, sum(step.elapsed_s for step in repeated), rebuild_stopped=True)
