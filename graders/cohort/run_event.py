"""Owns what grading a cohort says while it works; must never be printed from here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from graders.cohort.row import GradeState


class Ending(StrEnum):
    """How a run ended."""

    DONE = "done"
    STOPPED = "stopped"
    """Somebody asked to stop."""
    ENGINE = "engine"
    """No engine answered any more."""


@dataclass(frozen=True, slots=True)
class RowRead:
    """A submission was read, to see whether it was graded before; in the cohort's order."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class RunPlanned:
    """What is to do. Every row of the cohort is in exactly one of the numbers."""

    rows: int
    nothing_to_grade: int
    kept: int
    """Graded before and unchanged since."""
    same: int
    """Identical to one that is graded now, or was before."""
    to_grade: int
    left_out: int = 0
    """Not chosen by `only` or `retry_errors`."""
    rescored: int = 0
    """Reports whose points are other than before, because the exercise's are."""


@dataclass(frozen=True, slots=True)
class GradingStarted:
    """A submission is graded now, in lane `lane` (from 1)."""

    student_id: str
    lane: int
    alone: bool = False
    """A second look, with nothing beside it."""


@dataclass(frozen=True, slots=True)
class GradingStage:
    """What is done with it just now, a short phrase."""

    student_id: str
    lane: int
    text: str


@dataclass(frozen=True, slots=True)
class GradingEnded:
    """A submission left its lane. `state` WAITING: it will be graded again in this run, `why` says for what reason."""

    student_id: str
    lane: int
    state: GradeState
    elapsed_s: float
    points: int = 0
    max_points: int = 0
    same: int = 0
    """Rows with identical content that are graded by this as well."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class EngineAway:
    """No engine answers; grading waits up to `wait_s` for it."""

    text: str
    wait_s: float


@dataclass(frozen=True, slots=True)
class EngineBack:
    """It answers again."""


@dataclass(frozen=True, slots=True)
class RunEnded:
    """Last event."""

    ending: Ending
    counts: dict[GradeState, int]
    """Rows of the whole cohort by state."""
    graded: int
    """Submissions that an engine was asked to grade."""
    elapsed_s: float
    error: str = ""
    hint: str = ""


CohortEvent = RowRead | RunPlanned | GradingStarted | GradingStage | GradingEnded | EngineAway | EngineBack | RunEnded
