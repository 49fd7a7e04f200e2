"""Owns which lesson and exercise are open at the desk, and how they come to be; must never grade."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from textual.content import Content
from textual.message import Message

from course.errors import CourseError
from course.lesson import Lesson
from course.session import LessonRow, LessonState, LevelRow, Session
from course.tui.disk_watch import watch_files
from course.tui.guard import plain
from course.tui.memory import Memory
from course.tui.pages import checklist_page
from course.tui.screens.desk_frame import DeskFrame
from course.tui.screens.page import Page
from course.tui.screens.pick import Pick
from course.tui.widgets.lesson_view import LessonView
from course.tui.widgets.outline import Outline
from course.tui.widgets.work_pane import WorkPane
from course.tui.widgets.workbench import Workbench
from graders.errors import GraderError

KEEP_PLACE_S = 5.0
"""How often the place in the lesson is kept, for the case that the terminal is closed."""


class DeskLessons(DeskFrame):
    """The desk with a lesson and its exercise."""

    class AtRest(Message):
        """A lesson was opened, and all of it and its exercise's files are there."""

    def __init__(
        self, session: Session, memory: Memory, *, clock: Callable[[], float], environ: Mapping[str, str]
    ) -> None:
        super().__init__(session, memory, clock=clock, environ=environ)
        self.number = ""
        """Number of the open lesson."""
        self.opening_exercise = True
        """Whether a lesson and its exercise's files are on their way to the screen."""
        self._opening = asyncio.Lock()

    async def on_mount(self) -> None:
        """Open where the learner left off: the lesson before anything is painted, so that it is what is painted."""
        self.set_interval(KEEP_PLACE_S, self.keep_place)
        try:
            number = self.session.current().number
        except (CourseError, GraderError) as error:
            self.tell(error)
            self.run_worker(self._end_opening(), group="opening")
        else:
            await self._open_first(number)
            if not self.memory.welcomed:
                self.welcome(self.session.lesson(number))
        self._arrange()
        self.query_one(LessonView).focus()

    async def _open_first(self, number: str) -> None:
        """Show the lesson now; its exercise comes once the learner can read."""
        is_shown = False
        try:
            lesson = self._start(number)
            if lesson is not None:
                await self._show_lesson(lesson)
                is_shown = True
        except (CourseError, GraderError) as error:
            self.tell(error)
        self.run_worker(self._open_first_exercise(number) if is_shown else self._end_opening(), group="opening")

    async def _open_first_exercise(self, number: str) -> None:
        async with self._opening:
            try:
                await self._painted()
                await self._fill_work()
                await self._show_exercise(self._exercise_to_open(number, None))
            except (CourseError, GraderError) as error:
                self.tell(error)
            finally:
                await self._end_opening()

    def keep_place(self) -> None:
        """Keep where the learner reads."""
        lesson = self.query_one(LessonView)
        if lesson.lesson is not None and lesson.complete:
            self.memory.keep_place(lesson.lesson.slug, lesson.place)

    def open_lesson(self, number: str, exercise: str | None = None) -> None:
        """Open a lesson with an exercise of it: the given one, else the first that isn't passed."""
        self.run_worker(self._open_lesson(number, exercise), group="opening")

    async def _open_lesson(self, number: str, exercise: str | None) -> None:
        async with self._opening:
            self.opening_exercise = True
            try:
                await self._show_lesson_and_exercise(number, exercise)
            except (CourseError, GraderError) as error:
                self.tell(error)
            finally:
                await self._end_opening()

    async def _end_opening(self) -> None:
        await self._fill_work()
        self.opening_exercise = False
        self._tell_rest()

    def on_lesson_view_complete(self) -> None:
        """The last section is on screen."""
        self._tell_rest()

    def _tell_rest(self) -> None:
        lesson = self.query_one(LessonView)
        if not self.opening_exercise and (lesson.lesson is None or lesson.complete):
            self.post_message(self.AtRest())

    async def _fill_work(self) -> None:
        """Make the bench and the results, and look for an engine: the first lesson shows before all that."""
        work = self.query_one(WorkPane)
        if not work.is_filled:
            self.run_worker(self._look_for_engine, group="engine", thread=True)
            await work.fill()

    async def _show_lesson_and_exercise(self, number: str, exercise: str | None) -> None:
        lesson = self._start(number)
        if lesson is None:
            return
        target = self._exercise_to_open(number, exercise)
        if target != self.query_one(Workbench).exercise and not await self.may_drop_edits():
            return
        await self._show_lesson(lesson)
        await self._painted()
        await self._show_exercise(target)

    def _start(self, number: str) -> Lesson | None:
        """The lesson when it is open; else None, and what is missing is told. Raises CourseError, GraderError."""
        result = self.session.start_lesson(number)
        if result.lesson is None:
            body = checklist_page(result.missing, "It opens when all of this is done:")
            self.app.push_screen(Page(f"Lesson {number} is still locked", body))
        return result.lesson

    async def _show_lesson(self, lesson: Lesson) -> None:
        """Show the beginning of a lesson; the rest follows by itself. Raises CourseError, GraderError."""
        answers = self.session.answers(lesson.number)
        self.keep_place()
        self.number = lesson.number
        await self.query_one(LessonView).show(lesson, answers, place=self.memory.place(lesson.slug))

    def _exercise_to_open(self, number: str, exercise: str | None) -> str:
        rows = self.lesson_row(number).exercises
        return exercise or next((row.id for row in rows if not row.passed), rows[-1].id if rows else "")

    async def _painted(self) -> None:
        """Wait until what was mounted is on screen, so that the learner reads while the rest is made."""
        painted = asyncio.Event()
        self.call_after_refresh(painted.set)
        await painted.wait()

    async def _show_exercise(self, exercise: str) -> None:
        """Put an exercise on the bench, and mark in the outline what is open."""
        await self._open_exercise(exercise)
        self.refresh_outline()
        self._arrange()

    async def _open_exercise(self, exercise: str) -> None:
        bench = self.query_one(Workbench)
        if exercise == bench.exercise:
            return
        self.workers.cancel_group(self, "watch")
        try:
            if exercise:
                await bench.open(exercise)
            else:
                await bench.close()
        except (CourseError, GraderError) as error:
            self.tell(error)
            return
        self.exercise_opened(exercise)
        self.show_idle_status()
        if bench.buffers:
            names = frozenset(buffer.path for buffer in bench.buffers)
            folder = self.session.workspace.folder(exercise)
            self.run_worker(watch_files(folder, names, bench.look_at_disk, self.tell), group="watch", exclusive=True)

    def exercise_opened(self, exercise: str) -> None:
        """Called when another exercise is on the bench; the results follow in a subclass."""

    async def may_drop_edits(self) -> bool:
        """Ask what becomes of unsaved edits; False: stay. Only from a worker."""
        bench = self.query_one(Workbench)
        if not bench.unsaved:
            return True
        question = plain(f"Not saved: {', '.join(bench.unsaved)}. What shall become of it?")
        rows = (
            ("save", Content("Save it")),
            ("discard", Content("Throw the edits away")),
            ("stay", Content("Stay here")),
        )
        opening, self.opening_exercise = self.opening_exercise, False
        answer = await self.app.push_screen_wait(Pick("Unsaved edits", question, rows))
        self.opening_exercise = opening
        if answer == "save":
            try:
                bench.save()
            except CourseError as error:
                self.tell(error)
                return False
            return True
        if answer == "discard":
            bench.discard()
            return True
        return False

    def lesson_row(self, number: str) -> LessonRow:
        """The row of a lesson in the outline, as it stands now."""
        return next(row for level in self.levels() for row in level.lessons if row.number == number)

    def levels(self) -> tuple[LevelRow, ...]:
        """The outline as it stands now."""
        return self.session.outline()

    def refresh_outline(self) -> None:
        """Write the outline again, and with it what the slash bar completes."""
        try:
            levels = self.levels()
        except (CourseError, GraderError) as error:
            self.tell(error)
            return
        lessons, exercises = [], []
        for level in levels:
            for row in level.lessons:
                locked = row.state is LessonState.LOCKED
                lessons.append((row.number, f"{row.title} (locked)" if locked else row.title))
                if not locked:
                    exercises += [(item.id, item.title) for item in row.exercises]
        self.completions = (lessons, exercises)
        self.query_one(Outline).show(levels, lesson=self.number, exercise=self.query_one(Workbench).exercise)
