"""Owns the report of one submission; must never grade."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from graders.outcome import Level, Outcome, Status


class Verdict(StrEnum):
    """How a submission ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    """No required check failed by the learner's fault, but one could not be decided by ours."""


@dataclass(frozen=True, slots=True)
class StepSummary:
    """One step of the graded build."""

    line: int | None
    """Line of its instruction in the Dockerfile, 1-based; None for the engine's own steps."""
    instruction: str
    """The instruction as the engine names it, cleaned."""
    cached: bool
    elapsed_s: float
    bytes: int | None
    """Bytes of the layer that the step added; None when it added none or the engine does not say."""


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """The graded build. `steps` are in the order of the Dockerfile."""

    elapsed_s: float
    steps: tuple[StepSummary, ...] = ()
    rebuild_elapsed_s: float | None = None
    """Seconds of the build after one source line changed; None when no check asked for it."""


@dataclass(frozen=True, slots=True)
class ImageSummary:
    """The image that the graded build made."""

    id: str
    size_bytes: int
    base_size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class EngineSummary:
    """The engine that built and ran the submission."""

    name: str
    version: str
    storage: str


@dataclass(frozen=True, slots=True)
class BaseSummary:
    """An image that the graded build started from or copied from."""

    reference: str
    """As the Dockerfile names it."""
    id: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in one submission. Points come from the exercise alone."""

    exercise: str
    outcomes: tuple[Outcome, ...]
    content_sha256: str
    started_at: str
    """UTC, ISO 8601."""
    elapsed_s: float
    build: BuildSummary | None = None
    image: ImageSummary | None = None
    engine: EngineSummary | None = None
    notices: tuple[str, ...] = ()
    """What the learner should know and is no fault (a file that was put back, a stand-in base image)."""
    static_only: bool = False
    """Only the dockerfile checks were asked for: such a report never unlocks anything."""
    bases: tuple[BaseSummary, ...] = ()
    """The base images that the engine had when it built; empty when nothing was built."""
    from_store: bool = False
    """Nothing was built or run now: equal content was graded before, and `started_at` says when."""

    @property
    def points(self) -> int:
        """Points reached."""
        return sum(outcome.points for outcome in self.outcomes)

    @property
    def max_points(self) -> int:
        """Points that could be reached."""
        return sum(outcome.max_points for outcome in self.outcomes)

    @property
    def verdict(self) -> Verdict:
        """PASSED when every required check passed and at least one ran.

        ERRORED outranks FAILED: an infrastructure failure says that the grade isn't final.
        """
        required = [outcome.status for outcome in self.outcomes if outcome.required and self.in_scope(outcome)]
        if Status.ERRORED in required:
            return Verdict.ERRORED
        if required and all(status is Status.PASSED for status in required):
            return Verdict.PASSED
        return Verdict.FAILED

    def in_scope(self, outcome: Outcome) -> bool:
        """Whether the report is about this check: static checks alone say nothing of the other levels."""
        return outcome.level is Level.DOCKERFILE or not self.static_only

    @property
    def is_grade(self) -> bool:
        """Whether the points stand for a grade: not when we left a check undecided, nor after static checks."""
        return self.verdict is not Verdict.ERRORED and not self.static_only

    @property
    def remedies(self) -> tuple[str, ...]:
        """The commands that mend what is ERRORED, each once."""
        return tuple(dict.fromkeys(outcome.remedy for outcome in self.outcomes if outcome.remedy))

    @property
    def exit_code(self) -> int:
        """0 passed, 1 failed, 3 errored."""
        return {Verdict.PASSED: 0, Verdict.FAILED: 1, Verdict.ERRORED: 3}[self.verdict]

    def outcome(self, check_id: str) -> Outcome:
        """The outcome of one check; KeyError when the exercise doesn't use it."""
        for outcome in self.outcomes:
            if outcome.id == check_id:
                return outcome
        raise KeyError(check_id)
