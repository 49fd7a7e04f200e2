"""Owns the desk as a program: its screen, its look, its last guard; must never hold what the course knows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.driver import Driver
from textual.events import DescendantFocus, Event, Key, Paste
from textual.filter import LineFilter, Monochrome
from textual.screen import Screen
from textual.widgets import Input

from course.config import is_still
from course.session import Session
from course.slash import COMMANDS, THEMES, Action, start_command
from course.tui.garbage import Garbage
from course.tui.guard import ControlGuard
from course.tui.keys import KEYS
from course.tui.look import OWN_THEMES, TOOLKIT_THEMES
from course.tui.memory import Memory
from course.tui.screens.desk import Desk
from course.tui.screens.welcome import Welcome
from course.tui.terminal_driver import lasting
from course.tui.typed_ahead import TypedAhead
from course.tui.widgets.workbench import Workbench


class Dockyard(App[None]):
    """The desk."""

    TITLE = "Dockyard"
    CSS_PATH = "styles/desk.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_DISPLAY = "Ctrl+P"
    NOTIFICATION_TIMEOUT = 5
    AUTO_FOCUS = ""
    _guard: ClassVar[ControlGuard] = ControlGuard()

    def __init__(
        self, session: Session, *, clock: Callable[[], float], environ: Mapping[str, str], colours: bool = True
    ) -> None:
        super().__init__()
        self.moved_to: Path | None = None
        """The folder that the learner chose for the exercises: the desk is to begin again there."""
        self.still = is_still(environ)
        """Whether nothing on the screen may move by itself."""
        self.garbage: Garbage | None = None
        """Who decides when garbage is looked for; None: nobody."""
        self._monochrome = () if colours else (Monochrome(),)
        self.session = session
        self.memory = Memory(session.paths.state / "desk.json")
        for theme in OWN_THEMES:
            self.register_theme(theme)
        self.theme = TOOLKIT_THEMES.get(self.memory.theme, TOOLKIT_THEMES["dark"])
        self.desk = Desk(session, self.memory, clock=clock, environ=environ)
        self.typed_ahead = TypedAhead(self, super().on_event, lambda: self.desk.opening_exercise)

    async def on_event(self, event: Event) -> None:
        """Every key waits for the ones before it."""
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            await self.typed_ahead.take(event)
        else:
            await super().on_event(event)

    def get_driver_class(self) -> type[Driver]:
        """A terminal may be closed under the desk, which then ends all the same."""
        return lasting(super().get_driver_class())

    def get_default_screen(self) -> Screen[None]:
        """The desk itself."""
        return self.desk

    def get_line_filters(self) -> Sequence[LineFilter]:
        """All of Textual's, then our guard: what it lets through reaches the terminal."""
        return [*super().get_line_filters(), *self._monochrome, self._guard]

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002 - the toolkit's
        """The palette: every slash command, with what it may be given, and what else a key does."""
        for command in COMMANDS:
            if not command.required:
                yield SystemCommand(command.name, command.help, self._slash(command.name))
        lessons, exercises = self.desk.completions
        lines = [(start_command(number), title) for number, title in lessons]
        lines += [(f"/{Action.OPEN} {exercise}", title) for exercise, title in exercises]
        lines += [(f"/{Action.THEME} {theme}", f"The {theme} colours") for theme in THEMES]
        for line, title in lines:
            yield SystemCommand(line, title, self._slash(line))
        for key in KEYS:
            if key.action and key.action not in {command.action.value for command in COMMANDS}:
                yield SystemCommand(key.help, f"Key {key.shown}", partial(self.desk.run_action, key.action))

    def _slash(self, line: str) -> Callable[[], None]:
        return partial(self.desk.run_slash, line)

    async def action_quit(self) -> None:
        """Leave by the desk's own way, which asks about unsaved edits."""
        if self.screen is self.desk:
            self.desk.action_quit()
        else:
            self.screen.dismiss(None)

    def action_help_quit(self) -> None:
        """Ctrl+C: stop a check; else say how to leave."""
        if self.desk.run is not None:
            self.desk.action_stop()
        else:
            self.notify("Ctrl+Q leaves", markup=False)

    def on_desk_frame_key_passed_on(self, event: Desk.KeyPassedOn) -> None:
        """A key that closed the welcome goes to the desk, before those typed after it."""
        self.typed_ahead.again(event.key)

    def on_desk_lessons_at_rest(self) -> None:
        """Nothing more comes by itself."""
        if self.garbage is not None:
            self.garbage.came_to_rest()

    def on_welcome_moved(self, event: Welcome.Moved) -> None:
        """Another folder was chosen at the welcome: begin again there."""
        self.moved_to = event.folder
        self.exit()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """A cursor that blinks is motion too."""
        if self.still and isinstance(event.widget, Input):
            event.widget.cursor_blink = False

    def on_app_focus(self) -> None:
        """The learner came back to this window: see whether another program changed a file."""
        if self.desk.is_mounted:
            self.desk.query_one(Workbench).look_at_disk()


def run(session: Session, *, environ: Mapping[str, str] | None = None, colours: bool = True) -> Path | None:
    """Show the desk until the learner leaves; without `colours`, in shades of grey. The terminal must be one.

    A folder when the learner chose another workspace, to begin again there.
    """
    # A composition root: the environment is for $EDITOR and for what the doctor says of the terminal.
    app = Dockyard(session, clock=time.monotonic, environ=os.environ if environ is None else environ, colours=colours)
    app.animation_level = "none"
    app.garbage = Garbage()
    try:
        app.run()
    finally:
        app.garbage.close()
    return app.moved_to
