"""Owns how a cohort is to be graded; must never grade."""

from __future__ import annotations

from dataclasses import dataclass, field

from graders.cohort.plan import Choice
from graders.limits import Limits


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How a cohort is graded."""

    jobs: int = 2
    """Submissions at once."""
    choice: Choice = field(default_factory=Choice)
    timing_counts: bool = False
    """Let seconds fail a submission: fair only with one lane on a quiet machine."""
    engine_wait_s: float = 60.0
    """How long to wait for an engine that went away."""
    second_look: bool = True
    """Grade a failure that a busy machine may have caused once more with nothing beside it."""
    limit_s: float | None = None
    """Longest grading of one submission; None: worked out from the exercise's limits."""
    dockyard: str = ""
    """Version, for the record of runs."""


def longest_s(limits: Limits, checks: int) -> float:
    """A bound that no submission within its limits reaches: a build for each kind of rebuild, runs for each check."""
    return 8 * limits.build_s + 2 * checks * (limits.run_s + limits.stop_grace_s) + 300.0
