"""Owns the desk's frame: its panes, and what it tells the learner; must never open a lesson by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Click, Key, ScreenResume
from textual.message import Message
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from course.errors import CourseError
from course.lesson import Lesson
from course.session import Session
from course.slash import Candidate, complete, in_slash_words
from course.tui.compositor import FrugalCompositor
from course.tui.guard import plain
from course.tui.keys import bindings
from course.tui.memory import Memory
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

PANES = ("outline", "lesson", "editor")

NO_ENGINE = "No engine: only the text is checked"


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
        self._compositor = FrugalCompositor()
        self.session = session
        self.memory = memory
        self.clock = clock
        self.environ = environ
        self.pane = "lesson"
        """The pane in front where only one has room."""
        self.engine_error: GraderError | None = None
        self._engine_name = ""
        self._was_shown = False
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

    def on_screen_resume(self, event: ScreenResume) -> None:
        """When the desk is new, its widgets have their styles already: to find them again takes as long as a layout."""
        if not self._was_shown:
            self._was_shown = True
            event.refresh_styles = False

    def welcome(self, lesson: Lesson) -> None:
        """Greet a learner who is here for the first time."""
        page = Welcome(
            self.session.paths,
            lesson=f"lesson {lesson.number}, {lesson.title} ({lesson.minutes} min)",
            engine=Content.styled("looking for one", "$foreground 65%"),
        )
        self.app.push_screen(page, self._welcomed)

    def _welcomed(self, key: Key | None) -> None:
        self.memory.welcome()
        if key is not None:
            self.post_message(self.KeyPassedOn(key))

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
        room = self._status_room
        left = text.truncate(room, ellipsis=True) if text.cell_length > room else text
        line.update(
            Content.assemble(left.extend_right(max(room - left.cell_length, 0)), (right, "$foreground 65%")),
            layout=False,
        )

    @property
    def _status_room(self) -> int:
        """Cells beside the engine's name."""
        return max(self.app.size.width - 2 - len(self._engine_name) - 3, 10)

    def show_idle_status(self) -> None:
        """What can be done now."""
        bench = self.query_one(Workbench)
        if self.engine_error is not None:
            words = f"{NO_ENGINE}. To mend it: {in_slash_words(clean(self.engine_error.hint))}"
            if len(words) > self._status_room:
                words = f"{NO_ENGINE}. /doctor says what to do"
            self.show_status(Content.styled(words, "$text-warning"))
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
                answer = Content.assemble(
                    ("! ", "bold $text-warning"), "none answers yet. ", plain(in_slash_words(event.error.hint))
                )
            self.app.screen.show_engine(answer)
        self.show_idle_status()

    # -- panes

    @property
    def is_typing(self) -> bool:
        """Whether keys are text where the focus is, so that Esc leads out of there first."""
        current = self.query_one(Workbench).current
        return isinstance(self.focused, Input) or (current is not None and self.focused is current.editor)

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
        self.query_one(Outline).set_class(not wide, "-alone")
        self._show_top()

    def _show_top(self) -> None:
        tabs = [
            Content.styled(f" {name.title()} ", "reverse" if name == self.pane else "$foreground 65%") for name in PANES
        ]
        head = Content.assemble(*([Content.styled(" Dockyard ", "bold reverse")] if self.is_wide else tabs), "  ")
        title = self._title(self.app.size.width - head.cell_length)
        self.query_one("#top", Static).update(head + title, layout=False)

    @on(Click, "#top")
    def _pane_clicked(self, event: Click) -> None:
        """Go to the pane whose name was clicked."""
        start = 0
        for name in PANES if not self.is_wide else ():
            end = start + len(name) + 2
            if start <= event.x < end:
                self.action_pane(name)
            start = end

    def _title(self, room: int) -> Content:
        """The lesson, its exercise and whether all are unlocked: the fullest words that have room."""
        lesson = self.query_one(LessonView).lesson
        if lesson is None:
            return Content("")
        name = plain(f"{lesson.number} {lesson.title}").stylize("bold")
        exercise = Content.styled(self.query_one(Workbench).exercise, "$foreground 65%")
        unlocked = [Content.styled(words, "$text-warning") for words in ("all lessons unlocked", "unlocked")]
        short, full = (unlocked[1], unlocked[0]) if self.session.unlock_all else (Content(""), Content(""))
        choices = [[name, exercise, full], [name, exercise, short], [name, short]]
        titles = [Content("  ·  ").join([part for part in parts if part]) for parts in choices]
        return next((title for title in titles if title.cell_length <= room), titles[-1].truncate(room, ellipsis=True))

    def _complete(self, text: str) -> tuple[Candidate, ...]:
        lessons, exercises = self.completions
        return complete(text, lessons=lessons, exercises=exercises)
