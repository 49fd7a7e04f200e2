"""Owns the course's table of contents: course.toml -> levels, lessons, exercises; must never hold progress."""

from __future__ import annotations

from dataclasses import dataclass

from course.lesson import Lesson
from graders.exercise import ExerciseSpec


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One line of a level's checklist in course.toml, and what proves it.

    `proof` is "engine" (an engine answers), "built" (an image of `exercise` was built), "ran" (its container
    ran), "quiz" (the quiz `quiz` is answered right), "outcome" (the check `check` of `exercise` passed) or
    "passed" (`exercise` is passed).
    """

    text: str
    proof: str
    exercise: str = ""
    check: str = ""
    quiz: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """A level of the course."""

    number: int
    title: str
    lessons: tuple[str, ...]
    """Lesson numbers, in order."""
    checklist: tuple[ChecklistItem, ...]


@dataclass(frozen=True, slots=True)
class Catalog:
    """The whole course. Reading it opens no exercise but the ones that are asked for."""

    levels: tuple[Level, ...]

    def lesson(self, number: str) -> Lesson:
        """The lesson with this number, read when asked for."""
        raise NotImplementedError

    def exercise(self, slug: str) -> ExerciseSpec:
        """The exercise with this id, read when asked for; ContentError names the nearest ids."""
        raise NotImplementedError
