"""Owns the rows in which a session tells what there is and how something went; must never fill them in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from course.lesson import Lesson
    from course.unlock import ChecklistLine, LessonState


class ExerciseRow(NamedTuple):
    """An exercise in the outline."""

    id: str
    title: str
    minutes: int
    passed: bool
    attempts: int

    @property
    def checked(self) -> str:
        """ "never checked", "checked once", "checked 3 times"."""
        return {0: "never checked", 1: "checked once"}.get(self.attempts, f"checked {self.attempts} times")


class LessonRow(NamedTuple):
    """A lesson in the outline."""

    number: str
    """"1.4"."""
    slug: str
    title: str
    minutes: int
    state: LessonState
    exercises: tuple[ExerciseRow, ...]


class LevelRow(NamedTuple):
    """A level in the outline."""

    number: int
    title: str
    lessons: tuple[LessonRow, ...]


class HintShown(NamedTuple):
    """One hint. `strength` 1 a question, 2 the concept, 3 almost the answer."""

    strength: int
    last: bool
    markdown: str


class QuizVerdict(NamedTuple):
    """How a quiz answer was judged."""

    correct: bool
    why: str


class StartResult(NamedTuple):
    """How opening a lesson went: the lesson when it is open, else what is missing."""

    lesson: Lesson | None
    missing: tuple[ChecklistLine, ...]
