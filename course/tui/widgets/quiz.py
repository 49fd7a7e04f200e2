"""Owns a quiz in a lesson, answered in place; must never judge: the session does."""

from __future__ import annotations

from markdown_it.token import Token
from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Markdown, RadioButton, RadioSet, Static
from textual.widgets._markdown import MarkdownBlock

from course.lesson import Quiz
from course.session import QuizVerdict
from course.tui.widgets.lesson_text import make_parser


class Choice(RadioButton):
    """A choice whose mark reads without colour, and whose text is shown whole."""

    DEFAULT_CSS = "Choice { width: 1fr; height: auto; text-wrap: wrap; }"

    def render(self) -> Content:
        """ "(x) text" or "( ) text"."""
        return Content.assemble("(x) " if self.value else "( ) ", self._label)

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002 - the toolkit's signature
        """The mark and the text."""
        return 4 + self._label.cell_length

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the text takes; the toolkit's buttons have one."""
        return Widget.get_content_height(self, container, viewport, width)


class QuizBlock(MarkdownBlock):
    """The question, its choices, and the verdict with its reason once one was chosen."""

    class Answered(Message):
        """A choice was made."""

        def __init__(self, block: QuizBlock, quiz: str, choice: int) -> None:
            super().__init__()
            self.block = block
            self.quiz = quiz
            self.choice = choice

    def __init__(self, markdown: Markdown, token: Token, quiz: Quiz, *, chosen: int | None) -> None:
        super().__init__(markdown, token)
        self.quiz = quiz
        self._chosen = chosen if chosen is not None and 0 <= chosen < len(quiz.choices) else None

    def compose(self) -> ComposeResult:
        """The parts, with an earlier answer put back."""
        self.border_title = "Quiz"
        yield Static(self._inline(self.quiz.question), classes="quiz-question")
        yield RadioSet(
            *[
                Choice(self._inline(text), value=index == self._chosen, compact=True)
                for index, text in enumerate(self.quiz.choices)
            ],
            compact=True,
        )
        yield Static(Content("Choose with the arrow keys and Enter."), classes="quiz-verdict")

    def on_mount(self) -> None:
        """Show how an earlier answer was judged."""
        if self._chosen is not None:
            why = self.quiz.why[self._chosen] if self._chosen < len(self.quiz.why) else ""
            self.show(QuizVerdict(correct=self._chosen == self.quiz.answer, why=why))

    def on_radio_set_changed(self, event: RadioSet.Changed) -> None:
        """Tell that a choice was made."""
        event.stop()
        self.post_message(self.Answered(self, self.quiz.id, event.index))

    def show(self, verdict: QuizVerdict) -> None:
        """Show how the choice was judged, and why."""
        said = "✔ " if verdict.why.startswith("Right") else "✔ Right. "
        mark = (said, "bold $text-success") if verdict.correct else ("✘ Not quite. ", "bold $text-error")
        self.query_one(".quiz-verdict", Static).update(Content.assemble(mark, self._inline(verdict.why)))
        self.set_class(verdict.correct, "-right")

    def _inline(self, text: str) -> Content:
        """Text of a lesson with its code and emphasis."""
        return self._token_to_content(make_parser().parseInline(" ".join(text.split()))[0])
