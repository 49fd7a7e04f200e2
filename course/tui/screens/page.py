"""Owns a page shown over the desk: a title, text that scrolls, a way back; must never fetch the text."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Markdown

from course.tui.screens.scrolling_dialog import ScrollingDialog
from course.tui.widgets.hanging_text import HangingText
from course.tui.widgets.lesson_blocks import CourseMarkdown


class Page(ScrollingDialog):
    """Text over the desk. `body` is content, `markdown` our own markdown (hints); one of them is given."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,f1", "dismiss", "Close"),
    ]

    def __init__(self, title: str, body: Content | None = None, *, markdown: str = "") -> None:
        super().__init__()
        self.page_title = title
        self.body = body
        self._markdown = markdown

    def compose(self) -> ComposeResult:
        """Frame, text, and how to leave."""
        with Vertical(classes="dialog page") as frame:
            frame.border_title = Content(self.page_title)
            frame.border_subtitle = Content("Esc closes")
            with VerticalScroll(classes="page-body"):
                if self.body is not None:
                    yield HangingText(self.body)
                else:
                    yield CourseMarkdown(self._markdown, make_quiz=lambda _markdown, _token: None)

    def on_markdown_link_clicked(self, event: Markdown.LinkClicked) -> None:
        """Links of a page belong to the desk, which is below: leave them."""
        event.stop()
