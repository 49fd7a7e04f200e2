"""Owns the chart of the learner's own builds in a lesson; must never ask the session: the desk hands the checks in."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it.token import Token
from textual.app import ComposeResult
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.widgets import Markdown, Static
from textual.widgets._markdown import MarkdownBlock

from course.build_chart import chart_lines
from course.progress import Attempt
from course.slash import in_slash_words
from course.tui.guard import plain


class BuildsBlock(MarkdownBlock):
    """What a fence `builds` stands for: the builds of the exercise that it names, cold and warm."""

    DEFAULT_CSS = "BuildsBlock { border: round $primary; padding: 0 1; height: auto; margin: 0 0 1 0; }"

    class Wanted(Message):
        """The recorded checks of an exercise are wanted."""

        def __init__(self, block: BuildsBlock) -> None:
            super().__init__()
            self.block = block

    def __init__(self, markdown: Markdown, token: Token) -> None:
        super().__init__(markdown, token)
        self.exercise = str(token.meta["exercise"])
        self._attempts: tuple[Attempt, ...] | None = None
        self._width = 0

    def compose(self) -> ComposeResult:
        """The chart."""
        self.border_title = "Your own builds"
        yield Static(Content(""), classes="builds-chart")

    def on_mount(self) -> None:
        """Ask for the checks."""
        self.post_message(self.Wanted(self))

    def show(self, attempts: Sequence[Attempt]) -> None:
        """Draw these checks, oldest first."""
        self._attempts = tuple(attempts)
        self._draw()

    def on_resize(self, event: Resize) -> None:
        """Draw again for the new width."""
        if event.size.width != self._width:
            self._width = event.size.width
            self._draw()

    def _draw(self) -> None:
        if self._attempts is not None:
            lines = chart_lines(self.exercise, self._attempts, max(self._width, 40))
            self.query_one(".builds-chart", Static).update(
                Content("\n").join(plain(in_slash_words(line)) for line in lines)
            )
