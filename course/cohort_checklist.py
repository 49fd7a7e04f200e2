"""Owns a level's checklist over a graded cohort: what of it gradebooks prove, student by student; must never guess.

A line of the checklist is proved by the report of its exercise. What happens on a student's own machine, an engine that
answers or a question, is in no gradebook, and neither is an exercise that was not graded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from course.catalog import Catalog, ChecklistItem, Level
from course.unlock import RUN_CHECK
from graders.cohort.row import GradedRow, GradeState, RowState
from graders.outcome import Level as CheckLevel
from graders.outcome import Status
from graders.report import Report


class Standing(StrEnum):
    """How a student stands with a line."""

    DONE = "done"
    BY_HAND = "by-hand"
    """The instructor gave all points."""
    OPEN = "open"
    WAITING = "waiting"
    """Errored or not graded yet: nobody's fault."""
    UNSEEN = "unseen"
    """Nothing here can prove it."""


PROVED = (Standing.DONE, Standing.BY_HAND)


@dataclass(frozen=True, slots=True)
class CohortLine:
    """A line of the checklist."""

    text: str
    exercise: str
    """The exercise that proves it; empty: it is proved on the student's machine."""
    seen: bool
    """Whether a gradebook of its exercise is here."""


@dataclass(frozen=True, slots=True)
class CohortStudent:
    """A student; `standings` are in the order of the lines."""

    id: str
    name: str
    group: str
    standings: tuple[Standing, ...]
    complete: bool
    """Whether every line that has an exercise is proved: not while one of them was not graded here."""


@dataclass(frozen=True, slots=True)
class CohortChecklist:
    """A level's checklist over a cohort, students in the order of the gradebooks."""

    level: int
    title: str
    lines: tuple[CohortLine, ...]
    students: tuple[CohortStudent, ...]

    @property
    def complete(self) -> bool:
        """Whether there are students and each is."""
        return bool(self.students) and all(student.complete for student in self.students)


def level_of(catalog: Catalog, exercises: Iterable[str]) -> Level | None:
    """The level whose checklist names most of these exercises, the later one of two; None when none does."""
    given = set(exercises)
    named = [(len(given & {item.exercise for item in level.checklist}), level.number) for level in catalog.levels]
    count, number = max(named, default=(0, 0))
    return catalog.level(number) if count else None


def cohort_checklist(
    level: Level, books: Mapping[str, Iterable[GradedRow]], most: Mapping[str, int]
) -> CohortChecklist:
    """The checklist. `books`: exercise -> rows, gone through once; `most`: exercise -> its points."""
    items = level.checklist
    found: dict[str, list[Standing]] = {}
    named: dict[str, tuple[str, str]] = {}
    for exercise, rows in books.items():
        for row in rows:
            if row.row.state in (RowState.DUPLICATE, RowState.UNMATCHED):
                continue
            student = row.row.student
            name, group = named.get(student.id, ("", ""))
            named[student.id] = (name or student.name, group or student.group)
            standings = found.setdefault(student.id, [_unproved(item, books) for item in items])
            for place, item in enumerate(items):
                if item.exercise == exercise:
                    standings[place] = _standing(item, row, most.get(exercise, 0))
    lines = tuple(CohortLine(item.text, item.exercise, item.exercise in books) for item in items)
    students = tuple(
        CohortStudent(student_id, *named[student_id], tuple(standings), _complete(items, standings))
        for student_id, standings in found.items()
    )
    return CohortChecklist(level.number, level.title, lines, students)


def _complete(items: Sequence[ChecklistItem], standings: Sequence[Standing]) -> bool:
    asked = [standing for item, standing in zip(items, standings, strict=True) if item.exercise]
    return bool(asked) and all(standing in PROVED for standing in asked)


def _unproved(item: ChecklistItem, books: Mapping[str, Iterable[GradedRow]]) -> Standing:
    """How a line stands before its gradebook is read: a student who isn't in that one has not done it."""
    return Standing.OPEN if item.exercise and item.exercise in books else Standing.UNSEEN


def _standing(item: ChecklistItem, row: GradedRow, max_points: int) -> Standing:
    report = row.report
    if report is not None and _proves(item, report):
        return Standing.DONE
    if row.override is not None and max_points and row.override.points >= max_points:
        return Standing.BY_HAND
    if row.state in (GradeState.ERRORED, GradeState.WAITING):
        return Standing.WAITING
    return Standing.OPEN


def _proves(item: ChecklistItem, report: Report) -> bool:
    if report.static_only:
        return False
    passed = report.verdict == "passed"
    if item.proof == "built":
        return report.image is not None
    if item.proof == "ran":
        return passed or _passed(report, RUN_CHECK, (CheckLevel.CONTAINER,))
    if item.proof == "outcome":
        return _passed(report, item.check, tuple(CheckLevel))
    return item.proof == "passed" and passed


def _passed(report: Report, check_id: str, levels: Sequence[CheckLevel]) -> bool:
    return any(
        outcome.id == check_id and outcome.status is Status.PASSED and outcome.level in levels
        for outcome in report.outcomes
    )
