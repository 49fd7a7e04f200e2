"""Owns the slash bar and its drop-up of completions; must never carry a command out."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from course.slash import Candidate

Completer = Callable[[str], tuple[Candidate, ...]]
HOW, HOW_FROM_EDITOR = "Type / for commands", "Esc, then / for commands"
"""What the empty line says; in the editor a slash is text like any other."""


class SlashBar(Vertical):
    """One line to type in, and a list above it while a command is being typed."""

    class Entered(Message):
        """A line was entered."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The learner went away without entering anything."""

    def __init__(self, complete: Completer, *, id: str) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._complete = complete
        self._texts: list[str] = []

    def compose(self) -> ComposeResult:
        """The list, then the line."""
        rows = OptionList(id="slash-list", compact=True)
        rows.display = False
        yield rows
        yield Input(placeholder=HOW, id="slash", compact=True, select_on_focus=False)

    def on_mount(self) -> None:
        """Only the line takes the focus."""
        self.query_one(OptionList).can_focus = False

    def say_how(self, *, from_editor: bool) -> None:
        """Say how the line is reached from where the learner is."""
        self.query_one(Input).placeholder = HOW_FROM_EDITOR if from_editor else HOW

    def open(self) -> None:
        """Begin a command."""
        line = self.query_one(Input)
        line.value = "/"
        line.cursor_position = 1
        line.focus()

    def close(self) -> None:
        """Empty the line and hide the list."""
        self.query_one(Input).value = ""
        self._show(())

    @property
    def candidates(self) -> tuple[str, ...]:
        """The commands on the list, top first."""
        return tuple(self._texts)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Complete what is typed."""
        event.stop()
        self._show(self._complete(event.value) if event.value.startswith("/") else ())

    def on_key(self, event: events.Key) -> None:
        """Move in the list, or take its row over into the line."""
        rows, line = self.query_one(OptionList), self.query_one(Input)
        if event.key == "tab" and (line.value or self._texts):
            if self._texts:
                line.value = self._texts[rows.highlighted or 0]
                line.cursor_position = len(line.value)
        elif event.key == "up" and self._texts:
            rows.action_cursor_up()
        elif event.key == "down" and self._texts:
            rows.action_cursor_down()
        else:
            return
        event.stop()
        event.prevent_default()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter the line; one that is no whole command is completed by the row in the list."""
        event.stop()
        text = event.value.strip()
        if self._texts and text not in self._texts and text.startswith("/") and " " not in text:
            text = self._texts[self.query_one(OptionList).highlighted or 0]
        self._enter(text)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter the row that was clicked."""
        event.stop()
        self._enter(self._texts[event.option_index])

    def _enter(self, text: str) -> None:
        self.close()
        self.post_message(self.Entered(text) if text and text != "/" else self.Left())

    def _show(self, candidates: tuple[Candidate, ...]) -> None:
        self._texts = [candidate.text for candidate in candidates]
        rows = self.query_one(OptionList)
        widest = max((len(text) for text in self._texts), default=0) + 2
        rows.set_options(
            [
                Option(Content.assemble((item.text.ljust(widest), "bold"), (item.help, "$foreground 65%")))
                for item in candidates
            ]
        )
        if candidates:
            rows.highlighted = 0
        # Not by a class: that restyles both widgets at the start and the end of each command.
        rows.display = bool(candidates)
