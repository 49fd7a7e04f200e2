"""Owns the record of a level's checklist: each line with the evidence that proved it; must never prove one itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from course.catalog import Catalog, ChecklistItem
from course.progress import Attempt, Progress
from course.unlock import RUN_CHECK, ChecklistLine
from course.version import __version__


@dataclass(frozen=True, slots=True)
class AttemptEvidence:
    """The recorded check that proves a line. It holds an engine's text: clean it where it is shown."""

    attempt: Attempt
    number: int
    """Of the check among all recorded ones of the exercise, from 1."""


@dataclass(frozen=True, slots=True)
class AnswerEvidence:
    """The quiz that was answered right."""

    lesson: str
    """Its number."""
    quiz: str
    at: str
    tries: int


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A line of the checklist. `evidence` is None while it isn't done."""

    text: str
    proof: str
    """As in course.toml."""
    done: bool
    remedy: str
    evidence: AttemptEvidence | AnswerEvidence | None


@dataclass(frozen=True, slots=True)
class ChecklistRecord:
    """A level's checklist at one moment."""

    level: int
    title: str
    made_at: str
    """UTC, ISO 8601."""
    dockyard: str
    unlock_all: bool
    """Whether lessons were open regardless of progress; that proves no line."""
    lines: tuple[RecordLine, ...]

    @property
    def complete(self) -> bool:
        """Whether every line is done."""
        return all(line.done for line in self.lines)


def make_record(
    catalog: Catalog,
    progress: Progress,
    level: int,
    lines: Sequence[ChecklistLine],
    *,
    now: datetime,
    unlock_all: bool,
) -> ChecklistRecord:
    """The record of a level whose checklist stands as `lines` say. Raises ContentError and ProgressError."""
    asked = catalog.level(level)
    return ChecklistRecord(
        level=level,
        title=asked.title,
        made_at=now.isoformat(timespec="seconds"),
        dockyard=__version__,
        unlock_all=unlock_all,
        lines=tuple(
            RecordLine(
                line.text,
                item.proof,
                line.done,
                line.remedy,
                _evidence(catalog, progress, item, asked.lessons) if line.done else None,
            )
            for item, line in zip(asked.checklist, lines, strict=True)
        ),
    )


def _evidence(
    catalog: Catalog, progress: Progress, item: ChecklistItem, lessons: Sequence[str]
) -> AttemptEvidence | AnswerEvidence | None:
    if item.proof == "quiz":
        lesson = next(catalog.lesson(number) for number in lessons if catalog.lesson(number).quiz(item.quiz))
        right = progress.right_answer(lesson.slug, item.quiz)
        return AnswerEvidence(lesson.number, item.quiz, right.at, right.tries) if right else None
    exercise = item.exercise or next(iter(progress.engine_attempts()), "")
    proves: dict[str, Callable[[Attempt], bool]] = {
        "engine": lambda attempt: bool(attempt.engine),
        "built": lambda attempt: bool(attempt.image_id),
        "ran": lambda attempt: attempt.verdict == "passed" or _passed(attempt, RUN_CHECK),
        "outcome": lambda attempt: _passed(attempt, item.check),
        "passed": lambda attempt: attempt.verdict == "passed",
    }
    fitting = [
        AttemptEvidence(attempt, number)
        for number, attempt in enumerate(progress.attempts(exercise), start=1)
        if proves[item.proof](attempt)
    ]
    whole = [evidence for evidence in fitting if evidence.attempt.verdict == "passed"]
    return next(iter((whole or fitting)[-1:]), None)


def _passed(attempt: Attempt, check_id: str) -> bool:
    return any(name == check_id and status == "passed" for name, _, status in attempt.outcomes)
