"""Owns the welcome of the first visit: where the files will be, whether an engine answers, how to begin.

It must never stand in the way: every key but W leaves it, and keys of the desk work from here.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from course.errors import ConfigError, WorkspaceError
from course.paths import Paths, make_workspace
from course.tui.guard import plain
from course.tui.screens.ask import Ask
from course.workspace import take_back
from graders.safe_text import clean

CHOOSE = "w"
_LEAVING = ("enter", "escape", "space")


class Welcome(ModalScreen[events.Key | None]):
    """A short page; answers with the key that is meant for the desk, None when it only closed the page."""

    class Moved(Message):
        """Another folder was chosen, and it is there."""

        def __init__(self, folder: Path) -> None:
            super().__init__()
            self.folder = folder

    def __init__(self, paths: Paths, *, lesson: str, engine: Content) -> None:
        super().__init__()
        self._content = paths.content
        self._workspace = paths.workspace
        self._earlier = _names(paths.workspace)
        self._lesson = lesson
        self._engine = engine

    def compose(self) -> ComposeResult:
        """Frame and text."""
        with Vertical(classes="dialog welcome") as frame:
            frame.border_title = Content("Welcome to Dockyard")
            frame.border_subtitle = Content("Enter begins")
            yield Static(self._text(), id="welcome-text")

    def show_engine(self, engine: Content) -> None:
        """Say which engine answered."""
        self._engine = engine
        self.query_one("#welcome-text", Static).update(self._text())

    def on_key(self, event: events.Key) -> None:
        """Leave; a key of the desk goes on to the desk."""
        event.stop()
        if event.key == CHOOSE and not self.app.is_web:
            self.app.push_screen(
                Ask("Folder for your exercises", value=str(self._workspace), enter="takes it"), self._move
            )
            return
        self.dismiss(None if event.key in _LEAVING else event)

    def _move(self, typed: str | None) -> None:
        """Work in another folder, once it is there."""
        if not typed or typed == str(self._workspace):
            return
        try:
            folder = make_workspace(self._content, typed)
        except ConfigError as error:
            self.notify(clean(error.hint), title=clean(error.message), severity="error", timeout=12, markup=False)
            return
        self._leave(folder)
        self.post_message(self.Moved(folder))

    def _leave(self, chosen: Path) -> None:
        """Leave nothing behind in the folder shown first: the starter copied meanwhile, unless somebody touched it."""
        old = self._workspace
        for name in _names(old) or ():
            copy = old / name
            if name not in (self._earlier or ()) and not chosen.resolve().is_relative_to(copy.resolve()):
                with suppress(WorkspaceError):
                    take_back(copy, self._content / "exercises" / name / "starter")
        if self._earlier is None and not chosen.resolve().is_relative_to(old.resolve()):
            with suppress(OSError):
                old.rmdir()

    def _text(self) -> Content:
        other = "another folder: dockyard --workspace DIR" if self.app.is_web else "W chooses another folder"
        rows = [
            Content(
                "You learn to ship models in containers: read a lesson, edit a Dockerfile, and have it built, run and"
                " checked for real."
            ),
            Content(""),
            _row("Your files", plain(str(self._workspace))),
            _row("", Content.styled(other, "$foreground 65%")),
            _row("Engine", self._engine),
            _row("First", plain(self._lesson)),
            Content(""),
            _row("Enter", Content("begin")),
            _row("F5", Content("check your work, whenever you like")),
            _row("/", Content("type a command, such as /hint or /next")),
            _row("F1", Content("all keys and commands")),
        ]
        return Content("\n").join(rows)


def _names(folder: Path) -> frozenset[str] | None:
    """What is in a folder; None: there is no such folder."""
    try:
        return frozenset(path.name for path in folder.iterdir())
    except OSError:
        return None


def _row(name: str, text: Content) -> Content:
    return Content.assemble((f"{name:<12}", "bold"), text)
