"""Owns a row of a cohort: a student, what they handed in, and how it was graded; must never read a submission."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from graders.outcome import Outcome, Status
from graders.report import Report


class RowState(StrEnum):
    """What was found for a student."""

    READY = "ready"
    """Can be graded."""
    MISSING = "missing"
    """On the roster, handed in nothing."""
    EMPTY = "empty"
    """Handed in something that holds no file."""
    UNREADABLE = "unreadable"
    """Damaged, too large, or of a kind that is not understood; `reason` says which."""
    ENCRYPTED = "encrypted"
    DUPLICATE = "duplicate"
    """One of several submissions of one student that is not the one to grade."""
    UNMATCHED = "unmatched"
    """Belongs to nobody on the roster."""


@dataclass(frozen=True, slots=True)
class Student:
    """A row of the roster."""

    id: str
    name: str = ""
    group: str = ""
    due: datetime | None = None
    """When the work was due, with a time zone; None: the cohort's date, or none."""
    lms_id: str = ""
    """What a download's file names call the student, where that is not the id (Moodle's participant number)."""


@dataclass(frozen=True, slots=True)
class Row:
    """A student and what they handed in. `place` is None when there is nothing."""

    student: Student
    state: RowState
    reason: str = ""
    """A plain sentence; empty when READY."""
    place: Path | None = None
    """The folder or archive that holds it."""
    inside: str = ""
    """The folder in `place` that holds the Dockerfile, with forward slashes; empty: the top. An archive within an
    archive is a part of the path like a folder."""
    parts: tuple[tuple[str, str], ...] = ()
    """Files that were handed in one by one: name in the submission, and path in `place`. Empty: all that is inside."""
    handed_in_at: datetime | None = None
    """With a time zone: from the download's naming, the archive or the file; None: not known."""
    marked_late: bool = False
    """The download's naming says that it came late."""
    commit: str = ""
    """The commit of a git checkout; empty: it is none."""
    note: str = ""
    """What a person should know of a READY row, such as which of two Dockerfiles is graded."""


class GradeState(StrEnum):
    """How far the grading of a row is."""

    WAITING = "waiting"
    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    """Ours or the engine's fault: tried again by the next run, never a zero."""
    UNGRADED = "ungraded"
    """There is nothing to grade; the row's state and reason say why."""


@dataclass(frozen=True, slots=True)
class Override:
    """Points that the instructor gave by hand. They outlive a regrade."""

    points: int
    reason: str


@dataclass(frozen=True, slots=True)
class GradedRow:
    """A row as the gradebook holds it. `report` is None when nothing was graded yet or the row can't be."""

    row: Row
    state: GradeState
    report: Report | None = None
    error: str = ""
    """Why it is ERRORED when there is no report."""
    content_sha256: str = ""
    """Of the submission; equal for identical content."""
    graded_at: datetime | None = None
    same_as: str = ""
    """Id of the student whose identical content was graded for this row too; empty: graded itself."""
    attempts: int = 0
    """How often the engine was asked to grade this row."""
    override: Override | None = None

    def outcomes(self, status: Status) -> list[Outcome]:
        """The outcomes of its report that are so; none without a report."""
        return [outcome for outcome in self.report.outcomes if outcome.status is status] if self.report else []
