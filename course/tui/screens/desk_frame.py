"""Owns the desk's frame: the panes, and which lesson and exercise are open in them; must never grade."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Click, Key
from textual.message import Message
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from course.errors import CourseError
from course.session import LessonRow, LessonState, LevelRow, Session
from course.slash import Candidate, complete, in_slash_words
from course.tui.disk_watch import watch_files
from course.tui.guard import plain
from course.tui.keys import bindings
from course.tui.memory import Memory
from course.tui.pages import checklist_page
from course.tui.screens.page import Page
from course.tui.screens.pick import Pick
from course.tui.screens.welcome import Welcome
from course.tui.widgets.key_line import KeyLine
from course.tui.widgets.lesson_view import LessonView
from course.tui.widgets.outline import Outline
from course.tui.widgets.results import Results
from course.tui.widgets.slash_bar import SlashBar
from course.tui.widgets.work_pane import WorkPane
from course.tui.widgets.workbench import Workbench
from graders.errors import GraderError
from graders.safe_text import clean

WIDE_COLUMNS = 100
"""From this width all panes stand side by side; below, one at a time."""

KEEP_PLACE_S = 5.0
"""How often the place in the lesson is kept, for the case that the terminal is closed."""

PANES = ("outline", "lesson", "editor")


class DeskFrame(Screen[None]):
    """Outline, lesson, editor and results, the slash bar and the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """What has the focus: the widgets that it leaves and reaches paint themselves, not the whole screen."""

    class EngineSeen(Message):
        """An engine answered, or not."""

        def __init__(self, name: str, error: GraderError | None) -> None:
            super().__init__()
            self.name = name
            self.error = error

    class KeyPassedOn(Message):
        """A key that closed the welcome is meant for the desk."""

        def __init__(self, key: Key) -> None:
            super().__init__()
            self.key = key

    def __init__(
        self, session: Session, memory: Memory, *, clock: Callable[[], float], environ: Mapping[str, str]
    ) -> None:
        super().__init__()
        self.session = session
        self.memory = memory
        self.clock = clock
        self.environ = environ
        self.number = ""
        """Number of the open lesson."""
        self.pane = "lesson"
        """The pane in front where only one has room."""
        self.opening_exercise = True
        """Whether a lesson and its exercise's files are on their way to the screen."""
        self.engine_error: GraderError | None = None
        self._engine_name = ""
        self._opening = asyncio.Lock()
        self.completions: tuple[list[tuple[str, str]], list[tuple[str, str]]] = ([], [])
        """(number, title) of every lesson, and (id, title) of the exercises that are open."""

    def compose(self) -> ComposeResult:
        """The whole desk."""
        yield Static(id="top")
        with Horizontal(id="panes"):
            yield Outline(id="outline")
            yield LessonView(id="lesson")
            yield WorkPane(self.session, self.clock, id="work")
        yield Static(id="status")
        yield SlashBar(self._complete, id="slash-bar")
        yield KeyLine()

    async def on_mount(self) -> None:
        """Open where the learner left off; look for an engine meanwhile."""
        self._arrange()
        self.set_interval(KEEP_PLACE_S, self.keep_place)
        try:
            number = self.session.current().number
        except (CourseError, GraderError) as error:
            self.tell(error)
            self.run_worker(self._fill_work(), group="opening")
            self.opening_exercise = False
        else:
            self.open_lesson(number)
            if not self.memory.welcomed:
                self._welcome(number)
        self.query_one(LessonView).focus()

    def _welcome(self, number: str) -> None:
        lesson = self.session.lesson(number)
        page = Welcome(
            self.session.paths,
            lesson=f"lesson {number}, {lesson.title} ({lesson.minutes} min)",
            engine=Content.styled("looking for one", "$foreground 65%"),
        )
        self.app.push_screen(page, self._welcomed)

    def _welcomed(self, key: Key | None) -> None:
        self.memory.welcome()
        if key is not None:
            self.post_message(self.KeyPassedOn(key))

    def keep_place(self) -> None:
        """Keep where the learner reads."""
        lesson = self.query_one(LessonView)
        if lesson.lesson is not None and lesson.complete:
            self.memory.keep_place(lesson.lesson.slug, lesson.place)

    # -- telling

    def tell(self, error: CourseError | GraderError) -> None:
        """Say an error of ours with what to do about it."""
        hint = in_slash_words(clean(error.hint))
        self.notify(hint, title=clean(error.message), severity="error", timeout=12, markup=False)

    def say(self, text: str, *, warning: bool = False) -> None:
        """Say something in passing."""
        self.notify(clean(text), severity="warning" if warning else "information", timeout=5, markup=False)

    def show_status(self, text: Content) -> None:
        """What the line above the slash bar says, with the engine at its right end."""
        line = self.query_one("#status", Static)
        right = f"  {self._engine_name} "
        width = self.app.size.width - 2
        room = max(width - len(right), 10)
        left = text.truncate(room, ellipsis=True) if text.cell_length > room else text
        line.update(
            Content.assemble(left.extend_right(max(room - left.cell_length, 0)), (right, "$foreground 65%")),
            layout=False,
        )

    def show_idle_status(self) -> None:
        """What can be done now."""
        bench = self.query_one(Workbench)
        if self.engine_error is not None:
            hint = clean(self.engine_error.hint)
            self.show_status(Content.styled(f"No engine: only the text is checked. Start one: {hint}", "$text-warning"))
        elif not bench.exercise:
            self.show_status(Content.styled("Read on. /next goes to what comes after this lesson", "$foreground 65%"))
        else:
            unsaved = f"   not saved: {clean(', '.join(bench.unsaved))}" if bench.unsaved else ""
            note = Content.styled(clean(unsaved), "$text-warning") if unsaved else Content("")
            self.show_status(
                Content.assemble((f"F5 checks {bench.exercise}", "$foreground 65%"), "   " if unsaved else "", note)
            )

    def _look_for_engine(self) -> None:
        try:
            info = self.session.engine_info()
        except GraderError as error:
            self.post_message(self.EngineSeen("", error))
        else:
            self.post_message(self.EngineSeen(clean(f"{info.name} {info.version}"), None))

    def on_desk_frame_engine_seen(self, event: DeskFrame.EngineSeen) -> None:
        """Say which engine there is; when there is none, what mends it."""
        self.engine_error = event.error
        self._engine_name = event.name or "no engine"
        if isinstance(self.app.screen, Welcome):
            answer = Content.assemble(("✔ ", "bold $text-success"), f"{event.name} answers")
            if event.error is not None:
                answer = Content.assemble(("! ", "bold $text-warning"), "none answers yet. ", plain(event.error.hint))
            self.app.screen.show_engine(answer)
        self.show_idle_status()

    # -- panes

    @property
    def is_wide(self) -> bool:
        """Whether all panes have room."""
        return self.app.size.width >= WIDE_COLUMNS

    def action_pane(self, pane: str) -> None:
        """Go to a pane; from the editor on to the results below it."""
        self.show_pane(pane)
        if pane == "outline":
            self.query_one(Outline).focus()
        elif pane == "lesson":
            self.query_one(LessonView).focus()
        else:
            current = self.query_one(Workbench).current
            if current is not None and not current.editor.has_focus:
                current.editor.focus()
            else:
                self.query_one(Results).focus_content()

    def show_pane(self, pane: str) -> None:
        """Bring a pane to the front where only one has room; the focus stays."""
        self.pane = pane
        self._arrange()

    def on_resize(self) -> None:
        """Fit the panes to the new width."""
        self._arrange()
        self.show_idle_status()

    def _arrange(self) -> None:
        # Not by a class of the screen: that restyles every widget, 400 ms with a long lesson.
        wide = self.is_wide
        for name, selector in zip(PANES, ("#outline", "#lesson", "#work"), strict=True):
            self.query_one(selector).display = wide or self.pane == name
        self._show_top()

    def _show_top(self) -> None:
        title = self._title()
        tabs = [
            Content.styled(f" {name.title()} ", "reverse" if name == self.pane else "$foreground 65%") for name in PANES
        ]
        head = [Content.styled(" Dockyard ", "bold reverse")] if self.is_wide else tabs
        self.query_one("#top", Static).update(Content.assemble(*head, "  ", title), layout=False)

    @on(Click, "#top")
    def _pane_clicked(self, event: Click) -> None:
        """Go to the pane whose name was clicked."""
        start = 0
        for name in PANES if not self.is_wide else ():
            end = start + len(name) + 2
            if start <= event.x < end:
                self.action_pane(name)
            start = end

    def _title(self) -> Content:
        lesson = self.query_one(LessonView).lesson
        if lesson is None:
            return Content("")
        parts = [plain(f"{lesson.number} {lesson.title}").stylize("bold")]
        if exercise := self.query_one(Workbench).exercise:
            parts.append(Content.styled(exercise, "$foreground 65%"))
        if self.session.unlock_all:
            parts.append(Content.styled("all lessons unlocked", "$text-warning"))
        return Content("  ·  ").join(parts)

    # -- lessons and exercises

    def open_lesson(self, number: str, exercise: str | None = None) -> None:
        """Open a lesson with an exercise of it: the given one, else the first that isn't passed."""
        self.run_worker(self._open_lesson(number, exercise), group="opening")

    async def _open_lesson(self, number: str, exercise: str | None) -> None:
        async with self._opening:
            self.opening_exercise = True
            try:
                await self._show_lesson_and_exercise(number, exercise)
            finally:
                await self._fill_work()
                self.opening_exercise = False

    async def _fill_work(self) -> None:
        """Make the bench and the results, and look for an engine: the first lesson shows before all that."""
        work = self.query_one(WorkPane)
        if not work.is_filled:
            self.run_worker(self._look_for_engine, group="engine", thread=True)
            await work.fill()

    async def _show_lesson_and_exercise(self, number: str, exercise: str | None) -> None:
        try:
            result = self.session.start_lesson(number)
            if result.lesson is None:
                body = checklist_page(result.missing, "It opens when all of this is done:")
                self.app.push_screen(Page(f"Lesson {number} is still locked", body))
                return
            answers = self.session.answers(number)
            # Nothing is open at the start, and to read what the exercises are takes time.
            target = self._exercise_to_open(number, exercise) if self.number else None
        except (CourseError, GraderError) as error:
            self.tell(error)
            return
        if target not in (None, self.query_one(Workbench).exercise) and not await self.may_drop_edits():
            return
        self.keep_place()
        self.number = number
        place = self.memory.place(result.lesson.slug)
        await self.query_one(LessonView).show(result.lesson, answers, place=place)
        await self._painted()
        await self._fill_work()
        try:
            await self._open_exercise(self._exercise_to_open(number, exercise) if target is None else target)
        except (CourseError, GraderError) as error:
            self.tell(error)
        self.refresh_outline()
        self._arrange()

    def _exercise_to_open(self, number: str, exercise: str | None) -> str:
        rows = self.lesson_row(number).exercises
        return exercise or next((row.id for row in rows if not row.passed), rows[-1].id if rows else "")

    async def _painted(self) -> None:
        """Wait until what was mounted is on screen, so that the learner reads while the rest is made."""
        painted = asyncio.Event()
        self.call_after_refresh(painted.set)
        await painted.wait()

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

    def _complete(self, text: str) -> tuple[Candidate, ...]:
        lessons, exercises = self.completions
        return complete(text, lessons=lessons, exercises=exercises)
