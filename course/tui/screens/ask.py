"""Owns a question that is answered by typing a few words; must never act on the answer."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input


class Ask(ModalScreen[str]):
    """Asks; answers with what was typed, "" when the learner went away."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(self, title: str, *, value: str = "", enter: str = "looks") -> None:
        super().__init__()
        self._enter = enter
        self.ask_title = title
        self._value = value

    def compose(self) -> ComposeResult:
        """Frame and line."""
        with Vertical(classes="dialog pick") as frame:
            frame.border_title = Content(self.ask_title)
            frame.border_subtitle = Content(f"Enter {self._enter}, Esc goes back")
            yield Input(self._value, id="ask", compact=True)

    def on_mount(self) -> None:
        """Begin to type at once."""
        self.set_focus(self.query_one(Input))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer."""
        event.stop()
        self.dismiss(event.value.strip())

    def action_leave(self) -> None:
        """Go back without an answer."""
        self.dismiss("")
