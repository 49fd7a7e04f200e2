"""Owns the outcome of one check; must never run one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from graders.finding import Finding


class Level(StrEnum):
    """Where a check's evidence comes from, in the order in which the levels run."""

    DOCKERFILE = "dockerfile"
    IMAGE = "image"
    REBUILD = "rebuild"
    CONTAINER = "container"


class Status(StrEnum):
    """How one check ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Something that it needs did not pass, or its evidence could not decide; `reason` says which."""
    ERRORED = "errored"
    """Our fault or the engine's; `reason` says what. Never a zero."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one check of one submission ended. FAILED has findings; SKIPPED and ERRORED have a reason."""

    id: str
    claim: str
    level: Level
    status: Status
    required: bool = True
    points: int = 0
    max_points: int = 0
    elapsed_s: float = 0.0
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    remedy: str = ""
    """The command that mends an ERRORED outcome; empty otherwise."""
    why: str = ""
    """Why the claim matters, from the check."""
    hint: str = ""
    """A nudge: the exercise's hint for this check, else the check's own."""

    @property
    def told_hint(self) -> str:
        """The hint to show: that of the first finding which has one of its own, else `hint`."""
        return next((finding.hint for finding in self.findings if finding.hint), self.hint)
