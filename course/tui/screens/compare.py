"""Owns the solution beside the learner's files; must never read either."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from course.tui.guard import CONTROL
from course.tui.screens.scrolling_dialog import ScrollingDialog
from course.tui.widgets.lesson_blocks import dockerfile_content

SIDE_BY_SIDE_COLUMNS = 100
"""From this width on the two stand side by side; below, one under the other."""


class Compare(ScrollingDialog):
    """Each file of the solution, with the learner's own beside it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "Close"),
    ]

    def __init__(self, *, yours: Mapping[str, str], solution: Mapping[str, str]) -> None:
        super().__init__()
        self._yours = yours
        self._solution = solution

    def compose(self) -> ComposeResult:
        """A row of two a file."""
        wide = self.app.size.width >= SIDE_BY_SIDE_COLUMNS
        dark = self.app.current_theme.dark
        with Vertical(classes="dialog compare") as frame:
            frame.border_title = Content("One way to write it")
            frame.border_subtitle = Content("Esc closes")
            with VerticalScroll(classes="page-body"):
                for name, text in self._solution.items():
                    mine = self._yours.get(name)
                    sides = (
                        Static(_side(name, "yours", "(you have no such file)" if mine is None else mine, dark=dark)),
                        Static(_side(name, "the solution", text, dark=dark)),
                    )
                    yield Horizontal(*sides, classes="compare-row") if wide else Vertical(*sides, classes="compare-row")


def _side(name: str, whose: str, text: str, *, dark: bool) -> Content:
    body = "\n".join(CONTROL.sub("", line) for line in text.expandtabs(4).rstrip("\n").split("\n"))
    shown = dockerfile_content(body, dark=dark) if name == "Dockerfile" else Content(body)
    return Content.assemble((f"{name}, ", "bold"), (f"{whose}\n", "bold $text-primary"), shown)
