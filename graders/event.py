"""Owns what grading says while it works; must never be printed from here.

`pipeline.grade` yields these in order; the last is `GradeFinished`. The TUI, the CLI and the cohort runner
all consume the same ones.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from graders.engine.base import BuildStep
    from graders.outcome import Level, Outcome
    from graders.report import Report


class Purpose(StrEnum):
    """What a build is for."""

    GRADED = "the graded build"
    SOURCE_CHANGED = "a rebuild after one source line changed"
    DEPENDENCY_CHANGED = "a rebuild after the requirements changed"
    IGNORED_CHANGED = "a rebuild after files that the image does not need changed"
    TEST_PLANTED = "a rebuild with a test that must fail"
    TEST_CONTROL = "a rebuild with a test that passes in its place"
    LOCK_CHANGED = "a rebuild after the lock came to name what does not exist"
    LOCK_SWAPPED = "a rebuild after the fingerprints in the lock changed places"
    UNCHANGED = "the same build once more, to see that the cache is still there"
    RETRACED = "the same build once more, alone, to see all its steps"


class PlannedCheck(NamedTuple):
    """A check that will be decided, before it is."""

    id: str
    claim: str
    level: Level
    required: bool


class GradeStarted(NamedTuple):
    """First event: what will be checked, in order."""

    exercise: str
    checks: tuple[PlannedCheck, ...]


class CheckFinished(NamedTuple):
    """A check was decided. A later one with the same id replaces it (an observation outranks the text)."""

    outcome: Outcome


class StageStarted(NamedTuple):
    """Work that takes time begins; `text` is a short phrase for a status line ("Building the image")."""

    level: Level
    text: str


class BasePreparing(NamedTuple):
    """A base image is being pulled or built as a stand-in."""

    reference: str
    text: str
    fraction: float | None
    """0..1; None when the end can't be told yet."""


class BuildStarted(NamedTuple):
    """A build begins."""

    purpose: Purpose


class BuildStepChanged(NamedTuple):
    """A step of the running build started, came from the cache, finished or failed. `step.line` is filled in."""

    purpose: Purpose
    step: BuildStep


class BuildLog(NamedTuple):
    """Lines of the running build's log, cleaned of control sequences, in batches."""

    purpose: Purpose
    lines: tuple[str, ...]


class BuildFinished(NamedTuple):
    """A build ended; `error` is empty when it made an image."""

    purpose: Purpose
    elapsed_s: float
    error: str = ""


class RunFinished(NamedTuple):
    """A container ran and is gone; for a progress line."""

    exit_code: int | None
    elapsed_s: float


class Notice(NamedTuple):
    """Something that the learner should know and is no fault."""

    text: str


class GradeFinished(NamedTuple):
    """Last event."""

    report: Report


GradeEvent = (
    GradeStarted
    | CheckFinished
    | StageStarted
    | BasePreparing
    | BuildStarted
    | BuildStepChanged
    | BuildLog
    | BuildFinished
    | RunFinished
    | Notice
    | GradeFinished
)
