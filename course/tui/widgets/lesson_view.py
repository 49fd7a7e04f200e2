"""Owns the lesson on screen, section after section; must never open a lesson by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import ClassVar

from markdown_it.token import Token
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Markdown, RadioSet, Static
from textual.widgets._markdown import MarkdownBlock, MarkdownHeader

from course.lesson import Lesson, Quiz
from course.tui.widgets.lesson_blocks import CourseMarkdown, Fence, Reveal
from course.tui.widgets.lesson_text import Link, find_links, split_first_section, split_sections
from course.tui.widgets.quiz import QuizBlock

LAYOUT_S = 0.02
"""How soon to look again whether the lesson can be scrolled."""
_PAUSE_S = 0.001
"""Between two sections, for what the learner does meanwhile."""
FOUND = "-found"
"""Class of the block that a search found."""


class LessonView(VerticalScroll):
    """A scrolling lesson. Sections are mounted one after the other, so that the first shows at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
        Binding("space", "page_down", show=False),
        Binding("b", "page_up", show=False),
    ]

    class Complete(Message):
        """All sections of a lesson are on screen."""

        def __init__(self, number: str) -> None:
            super().__init__()
            self.number = number

    def __init__(self, *, id: str) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id, can_focus=True)
        self.lesson: Lesson | None = None
        self.complete = False
        """Whether all sections are on screen."""
        self._rest = ""
        """The text after the first section, until it is cut."""
        self._waiting: list[str] = []
        """The sections that are not on screen yet."""
        self._quizzes: dict[str, Quiz] = {}
        self._quiz_order: list[Quiz] = []
        self._answers: Mapping[str, int] = {}
        self._turn = 0
        self._place = 0

    async def show(self, lesson: Lesson, answers: Mapping[str, int], *, place: int = 0) -> None:
        """Show a lesson from the given block on, with earlier quiz answers put back."""
        self._place = place
        self._turn += 1
        self.lesson = lesson
        self.complete = False
        self._answers = answers
        self._quizzes = {quiz.id: quiz for quiz in lesson.quizzes}
        self._quiz_order = list(lesson.quizzes)
        first, self._rest = split_first_section(_with_objectives(lesson))
        self._waiting = []
        await self.remove_children()
        self.scroll_home(animate=False)
        head = f"{lesson.number}  {lesson.title}"
        aim = Content.assemble((head, "bold $text-primary"), (f"   {lesson.minutes} min", "$foreground 65%"))
        await self.mount(Static(aim, classes="lesson-head"), self._section(first))
        self.call_after_refresh(self._next_section_soon, self._turn)

    @property
    def blocks(self) -> tuple[MarkdownBlock, ...]:
        """The paragraphs, headings, tables and so on, in order; what stands in one is a part of it."""
        return tuple(
            block for section in self.query_children(CourseMarkdown) for block in section.query_children(MarkdownBlock)
        )

    @property
    def place(self) -> int:
        """Number of the first block in sight; 0 for the top."""
        if self.scroll_y < 1:
            return 0
        top = self.scroll_y
        return next((n for n, block in enumerate(self.blocks) if self._top_of(block) >= top), 0)

    def _top_of(self, block: MarkdownBlock) -> float:
        """Where a block begins, in lines from the lesson's first."""
        return block.region.y - self.region.y + self.scroll_y

    def _go_to_place(self, turn: int) -> None:
        blocks = self.blocks
        if turn != self._turn or self.scroll_y or not self.display or not 0 < self._place < len(blocks):
            return
        if self._is_laid_out:
            self.scroll_to_widget(blocks[self._place], top=True, animate=False)
        else:
            self.set_timer(LAYOUT_S, lambda: self._go_to_place(turn))

    @property
    def _is_laid_out(self) -> bool:
        """Whether all blocks have their places, and how far can be scrolled is known."""
        last = self.blocks[-1]
        return bool(last.region) and self.virtual_size.height >= self._top_of(last)

    def links(self) -> tuple[Link, ...]:
        """The links of the lesson."""
        return find_links(self.lesson.markdown) if self.lesson else ()

    @property
    def headings(self) -> tuple[MarkdownHeader, ...]:
        """The headings of the lesson, in order."""
        return tuple(block for block in self.blocks if isinstance(block, MarkdownHeader))

    def find(self, words: str) -> tuple[MarkdownBlock, ...]:
        """The blocks that hold these words, whatever their case, in order."""
        wanted = words.casefold()
        return tuple(block for block in self.blocks if wanted in _text_of(block).casefold())

    def go_to_block(self, block: MarkdownBlock) -> None:
        """Bring a block to the top, once the lesson is laid out: one that was hidden until now is not yet."""
        if not self.display or not block.is_attached:
            return
        if self._is_laid_out:
            self.scroll_to_widget(block, top=True, animate=False)
        else:
            self.set_timer(LAYOUT_S, lambda: self.go_to_block(block))

    def mark(self, block: MarkdownBlock | None) -> None:
        """Let one block stand out, and open it when it hides something; None: no block any more."""
        for marked in self.query(f".{FOUND}"):
            marked.remove_class(FOUND)
        if block is None:
            return
        block.add_class(FOUND)
        if isinstance(block, Reveal):
            block.open()

    def codes(self) -> tuple[Fence, ...]:
        """The pieces of code, those in sight first, each part in order."""
        fences = list(self.query(Fence))
        window = self.region
        return tuple(sorted(fences, key=lambda fence: not window.overlaps(fence.region)))

    def go_to_quiz(self, quiz_ids: Collection[str]) -> bool:
        """Go to the first of these quizzes, ready for the answer; False when none is on screen."""
        for block in self.query(QuizBlock):
            if block.quiz.id in quiz_ids:
                self.go_to_block(block)
                block.query_one(RadioSet).focus(scroll_visible=False)
                return True
        return False

    def go_to_anchor(self, anchor: str) -> bool:
        """Scroll to the heading that a "#..." link names."""
        return any(section.goto_anchor(anchor) for section in self.query(CourseMarkdown))

    def _next_section_soon(self, turn: int) -> None:
        """By a timer, so that it is this widget's task that waits for the section, and not the screen's.

        Not by one of the toolkit's: it drops a timer whose task begins later than its time, as on a busy machine.
        """
        asyncio.get_running_loop().call_later(_PAUSE_S, self.call_next, self._next_section, turn)

    async def _next_section(self, turn: int) -> None:
        """Mount one section, then let the screen be painted before the next."""
        if turn != self._turn or self.lesson is None:
            return
        if self._rest:
            self._waiting, self._rest = split_sections(self._rest), ""
        if self._waiting:
            await self.mount(self._section(self._waiting.pop(0)))
            self._next_section_soon(turn)
        else:
            self.complete = True
            if self._place and not self.scroll_y:
                self.call_after_refresh(self._go_to_place, turn)
            self.post_message(self.Complete(self.lesson.number))

    def _section(self, markdown: str) -> CourseMarkdown:
        return CourseMarkdown(markdown, make_quiz=self._quiz_block)

    def _quiz_block(self, markdown: Markdown, token: Token) -> MarkdownBlock | None:
        """The quiz that a fence names, else the next one that was not asked yet."""
        quiz = self._quizzes.get(str(token.meta["id"])) or (self._quiz_order[0] if self._quiz_order else None)
        if quiz is None:
            return None
        if quiz in self._quiz_order:
            self._quiz_order.remove(quiz)
        return QuizBlock(markdown, token, quiz, chosen=self._answers.get(quiz.id))

    def watch_has_focus(self, has_focus: bool) -> None:  # noqa: ARG002 - the toolkit's signature
        """Restyle this widget alone: Textual restyles every descendant, 400 ms in a long lesson."""
        self.app.stylesheet.update_nodes((self,))
        self.refresh()


def _with_objectives(lesson: Lesson) -> str:
    """The lesson's text, after the list of what it is good for; a heading that repeats the title is dropped."""
    body = lesson.markdown.lstrip("\n")
    first, _, rest = body.partition("\n")
    if first.startswith("# ") and first.removeprefix("# ").strip() == lesson.title:
        body = rest
    goals = "\n".join(f"- {goal}" for goal in lesson.objectives)
    return f"*After this lesson you can*\n\n{goals}\n\n{body}" if goals else body


def _text_of(block: MarkdownBlock) -> str:
    """All that a block says, as the author wrote it."""
    if isinstance(block, QuizBlock):
        return "\n".join((block.quiz.question, *block.quiz.choices))
    return block.words if isinstance(block, Reveal) else block.source or ""
