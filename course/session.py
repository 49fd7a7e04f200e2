"""Owns the headless core that the TUI and the CLI share; must never print or import a toolkit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from course.catalog import Catalog
from course.event import SessionEvent
from course.lesson import Lesson
from graders.cancel import Cancel
from graders.finding import Finding


class LessonState(StrEnum):
    """Where a learner stands with a lesson."""

    PASSED = "passed"
    OPEN = "open"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class ExerciseRow:
    """An exercise in the outline."""

    id: str
    title: str
    minutes: int
    passed: bool
    attempts: int


@dataclass(frozen=True, slots=True)
class LessonRow:
    """A lesson in the outline."""

    number: str
    """"1.4"."""
    slug: str
    title: str
    minutes: int
    state: LessonState
    exercises: tuple[ExerciseRow, ...]


@dataclass(frozen=True, slots=True)
class LevelRow:
    """A level in the outline."""

    number: int
    title: str
    lessons: tuple[LessonRow, ...]


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """One line of an end-of-level checklist, proved by the program."""

    text: str
    done: bool
    remedy: str
    """What to do when it isn't done: a slash command and a few words."""


@dataclass(frozen=True, slots=True)
class HintShown:
    """One hint. `strength` 1 a question, 2 the concept, 3 almost the answer."""

    strength: int
    last: bool
    markdown: str


@dataclass(frozen=True, slots=True)
class QuizVerdict:
    """How a quiz answer was judged."""

    correct: bool
    why: str


@dataclass(frozen=True, slots=True)
class StartResult:
    """What `/start-X-Y` answers: the lesson when it is open, else what is missing."""

    lesson: Lesson | None
    missing: tuple[ChecklistLine, ...]


class Session:
    """One learner's course. Methods raise CourseError or GraderError and nothing else."""

    catalog: Catalog

    def outline(self) -> tuple[LevelRow, ...]:
        """Levels, lessons and exercises with their states."""
        raise NotImplementedError

    def lesson(self, number: str) -> Lesson:
        """The lesson with this number; ContentError names the nearest."""
        raise NotImplementedError

    def current(self) -> LessonRow:
        """The lesson to go on with: the last opened, else the first that is open and not passed."""
        raise NotImplementedError

    def start_lesson(self, number: str) -> StartResult:
        """Open a lesson and remember it; when it is locked, say what is missing."""
        raise NotImplementedError

    def start_exercise(self, exercise: str) -> Path:
        """Copy the starter to the workspace unless it is there; the exercise's folder."""
        raise NotImplementedError

    def exercise_files(self, exercise: str) -> tuple[Path, ...]:
        """The files that the learner may change, in the workspace, the Dockerfile first."""
        raise NotImplementedError

    def static_findings(self, exercise: str, dockerfile: str) -> tuple[tuple[str, Finding], ...]:
        """(check id, finding) of the dockerfile checks over text that is being typed; no engine call."""
        raise NotImplementedError

    def check(
        self,
        exercise: str,
        *,
        path: Path | None = None,
        static_only: bool = False,
        cancel: Cancel | None = None,
    ) -> Iterator[SessionEvent]:
        """Grade the workspace (or `path`) and record the attempt; the last event is CheckRecorded.

        Only a check of the workspace counts for progress: with `path` nothing is recorded.
        """
        raise NotImplementedError

    def hint(self, exercise: str) -> HintShown:
        """The next stronger hint; the strongest again once all were shown. Recorded."""
        raise NotImplementedError

    def answer(self, lesson: str, quiz: str, choice: int) -> QuizVerdict:
        """Judge and record an answer (0-based choice) to a quiz of a lesson."""
        raise NotImplementedError

    def answers(self, lesson: str) -> dict[str, int]:
        """Quiz id -> the last recorded choice."""
        raise NotImplementedError

    def reset(self, exercise: str) -> Path:
        """Put the starter back; the folder where the old files were kept."""
        raise NotImplementedError

    def solution(self, exercise: str, *, give_up: bool = False) -> dict[str, str]:
        """Path -> text of the reference solution; only after a pass or a recorded give-up."""
        raise NotImplementedError

    def checklist(self, level: int) -> tuple[ChecklistLine, ...]:
        """The end-of-level checklist, each line proved."""
        raise NotImplementedError

    def close(self) -> None:
        """Let the progress file and the engine go."""
        raise NotImplementedError
