"""Owns what is open: catalogue + record -> states and checklists; must never read a file or ask an engine."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from course.catalog import Catalog, ChecklistItem, Level
from course.errors import ContentError
from course.lesson import Lesson
from course.progress import Record

RUN_CHECK = "exits-with-error"
"""The container check that passes when a container ran to its end without an error."""


class LessonState(StrEnum):
    """Where a learner stands with a lesson."""

    PASSED = "passed"
    OPEN = "open"
    LOCKED = "locked"


class ChecklistLine(NamedTuple):
    """One line of an end-of-level checklist, proved by the program."""

    text: str
    done: bool
    remedy: str
    """What to do when it isn't done: a command line and a few words."""


class Unlocking:
    """What is open for one record of a course."""

    def __init__(self, catalog: Catalog, record: Record, *, unlock_all: bool = False) -> None:
        self.catalog = catalog
        self.record = record
        self.unlock_all = unlock_all

    def state(self, number: str) -> LessonState:
        """Where the learner stands with a lesson. A passed lesson stays passed, whatever comes before it."""
        if self.is_passed(self.catalog.lesson(number)):
            return LessonState.PASSED
        return LessonState.OPEN if self.is_open(number) else LessonState.LOCKED

    def is_passed(self, lesson: Lesson) -> bool:
        """Whether all its exercises passed and its quizzes are answered right; with neither, whether it was opened."""
        if not lesson.exercises and not lesson.quizzes:
            return lesson.slug in self.record.opened
        return self.record.passed.issuperset(lesson.exercises) and all(
            (lesson.slug, quiz.id) in self.record.quizzes_right for quiz in lesson.quizzes
        )

    def is_open(self, number: str) -> bool:
        """Whether a lesson may be started."""
        if self.unlock_all:
            return True
        before, at = self._place(number)
        return (before is None or self._is_done(before)) and all(map(self.is_passed, self._before(at, number)))

    def missing(self, number: str) -> tuple[ChecklistLine, ...]:
        """What keeps a lesson locked; empty when it is open. Only lines that aren't done."""
        before, at = self._place(number)
        lines = [] if before is None else [line for line in self._gate(before) if not line.done]
        for lesson in self._before(at, number):
            lines += self._left(lesson)
        return tuple(lines)

    def checklist(self, level: int) -> tuple[ChecklistLine, ...]:
        """The end-of-level checklist, each line proved from the record."""
        items = self.catalog.level(level).checklist
        return tuple(ChecklistLine(item.text, *self._prove(item, level)) for item in items)

    def open_lessons(self) -> tuple[str, ...]:
        """Numbers of all lessons that may be started, in course order."""
        return tuple(number for number in self.catalog.slugs if self.is_open(number))

    def _place(self, number: str) -> tuple[Level | None, Level]:
        """The level before that of a lesson, when there is one, and its own."""
        self.catalog.lesson(number)
        levels = self.catalog.levels
        at = next(index for index, level in enumerate(levels) if number in level.lessons)
        return levels[at - 1] if at else None, levels[at]

    def _before(self, level: Level, number: str) -> tuple[Lesson, ...]:
        earlier = level.lessons[: level.lessons.index(number)]
        return tuple(self.catalog.lesson(before) for before in earlier)

    def _gate(self, level: Level) -> tuple[ChecklistLine, ...]:
        """What the next level waits for: the checklist, or every lesson when the level has none."""
        if level.checklist:
            return self.checklist(level.number)
        lessons = (self.catalog.lesson(number) for number in level.lessons)
        return tuple(line for lesson in lessons for line in self._left(lesson))

    def _is_done(self, level: Level) -> bool:
        """Whether the next level waits for nothing of this one; says it without the words of `_gate`."""
        if level.checklist:
            return all(self._prove(item, level.number)[0] for item in level.checklist)
        return all(self.is_passed(self.catalog.lesson(number)) for number in level.lessons)

    def _left(self, lesson: Lesson) -> list[ChecklistLine]:
        """What a lesson still asks for: its exercises and questions; of one that has neither, to read it."""
        return self._open_ends(lesson) or ([] if self.is_passed(lesson) else [_read_it(lesson)])

    def _open_ends(self, lesson: Lesson) -> list[ChecklistLine]:
        ends = [
            ChecklistLine(
                f"Lesson {lesson.number}: {self.catalog.heading(exercise).title} is passed",
                done=False,
                remedy=_check(exercise),
            )
            for exercise in lesson.exercises
            if exercise not in self.record.passed
        ]
        quizzes = [quiz for quiz in lesson.quizzes if (lesson.slug, quiz.id) not in self.record.quizzes_right]
        ends += [
            ChecklistLine(
                f'Lesson {lesson.number}: the question "{_shortened(quiz.question)}" is answered right',
                done=False,
                remedy=_answer(lesson),
            )
            for quiz in quizzes
        ]
        return ends

    def _prove(self, item: ChecklistItem, level: int) -> tuple[bool, str]:
        """Whether a line is done, and its remedy."""
        provers: dict[str, Callable[[ChecklistItem, int], tuple[bool, str]]] = {
            "engine": self._prove_engine,
            "built": self._prove_built,
            "ran": self._prove_ran,
            "quiz": self._prove_quiz,
            "outcome": self._prove_outcome,
            "passed": self._prove_passed,
        }
        return provers[item.proof](item, level)

    def _prove_engine(self, _item: ChecklistItem, _level: int) -> tuple[bool, str]:
        return self.record.engine_answered, "dockyard check asks your engine; dockyard doctor says what it lacks"

    def _prove_built(self, item: ChecklistItem, _level: int) -> tuple[bool, str]:
        return item.exercise in self.record.built, f"{_check(item.exercise)} until it builds"

    def _prove_ran(self, item: ChecklistItem, _level: int) -> tuple[bool, str]:
        ended_well = (item.exercise, "container", RUN_CHECK) in self.record.checks_passed
        ran = ended_well or item.exercise in self.record.passed
        return ran, f"{_check(item.exercise)} until its container runs"

    def _prove_outcome(self, item: ChecklistItem, _level: int) -> tuple[bool, str]:
        passed = any(name == item.exercise and check == item.check for name, _, check in self.record.checks_passed)
        return passed, f"{_check(item.exercise)} until {item.check} passes"

    def _prove_passed(self, item: ChecklistItem, _level: int) -> tuple[bool, str]:
        return item.exercise in self.record.passed, f"{_check(item.exercise)} until every check passes"

    def _prove_quiz(self, item: ChecklistItem, level: int) -> tuple[bool, str]:
        for number in self.catalog.level(level).lessons:
            lesson = self.catalog.lesson(number)
            if lesson.quiz(item.quiz) is not None:
                right = (lesson.slug, item.quiz) in self.record.quizzes_right
                return right, _answer(lesson)
        raise ContentError(
            f"{self.catalog.content / 'lessons' / 'course.toml'}: the checklist of level {level} asks for the quiz"
            f" {item.quiz}, which no lesson of the level has"
        )


def _answer(lesson: Lesson) -> str:
    return f"answer it: dockyard quiz {lesson.number}"


def _check(exercise: str) -> str:
    return f"dockyard check {exercise}"


def _read_it(lesson: Lesson) -> ChecklistLine:
    text = f"Lesson {lesson.number}: {lesson.title} is read"
    return ChecklistLine(text, done=False, remedy=f"dockyard read {lesson.number}")


def _shortened(question: str) -> str:
    """Enough of a question to know it by."""
    import textwrap

    return textwrap.shorten(question, 64, placeholder=" ...")
