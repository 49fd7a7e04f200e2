"""Owns a question with a few answers, shown over the desk; must never act on the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option


class Pick(ModalScreen[str]):
    """Asks; answers with the key of the chosen row, or with "" when the learner went away."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(self, title: str, question: Content, rows: Sequence[tuple[str, Content]]) -> None:
        super().__init__()
        self.pick_title = title
        self.question = question
        self.rows = tuple(rows)

    def compose(self) -> ComposeResult:
        """Frame, question, answers."""
        with Vertical(classes="dialog pick") as frame:
            frame.border_title = Content(self.pick_title)
            frame.border_subtitle = Content("Enter chooses, Esc goes back")
            yield Static(self.question, classes="pick-question")
            yield OptionList(*[Option(text) for _, text in self.rows], compact=True, id="pick-rows")

    def on_mount(self) -> None:
        """Begin at the first answer."""
        rows = self.query_one(OptionList)
        rows.highlighted = 0
        rows.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer."""
        event.stop()
        self.dismiss(self.rows[event.option_index][0])

    def action_leave(self) -> None:
        """Go back without an answer."""
        self.dismiss("")
