"""Owns the blocks of a lesson that Textual's Markdown lacks or draws badly; must never talk to the session.

Textual is pinned exactly, which is what makes its private Markdown module safe to build on.
"""

from __future__ import annotations

from collections.abc import Callable

from markdown_it.token import Token
from rich import box
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.content import Content, Span
from textual.widgets import Collapsible, Label, Markdown, Static
from textual.widgets._markdown import (
    MarkdownBlock,
    MarkdownFence,
    MarkdownTable,
)

from course.tui.guard import CONTROL
from course.tui.widgets.builds_block import BuildsBlock
from course.tui.widgets.dockerfile_colours import LIGHT_STYLES, STYLES, classify, colour_spans
from course.tui.widgets.lesson_lists import BulletList, NumberedList, TaskItem
from course.tui.widgets.lesson_text import make_parser

CALLOUTS = {
    "NOTE": ("i", "Note"),
    "TIP": ("+", "Tip"),
    "IMPORTANT": ("!", "Important"),
    "WARNING": ("▲", "Warning"),
    "CAUTION": ("✘", "Caution"),
}
"""Kind -> mark and word; both show, so that colour is not needed."""


class Callout(MarkdownBlock):
    """A note, tip, warning and so on, with its kind in words."""

    def __init__(self, markdown: Markdown, token: Token, blocks: list[MarkdownBlock]) -> None:
        super().__init__(markdown, token)
        self._blocks = blocks
        self._kind = str(token.meta["kind"])
        self.add_class(f"-{self._kind.lower()}")

    def compose(self) -> ComposeResult:
        """The title, then what stands in it."""
        mark, word = CALLOUTS.get(self._kind, ("i", self._kind.title()))
        yield Label(Content(f"{mark} {word}"), classes="callout-title")
        yield from self._blocks
        self._blocks.clear()


class Reveal(MarkdownBlock):
    """A `<details>` block; what it hides is made when it is opened."""

    def __init__(self, markdown: Markdown, token: Token) -> None:
        super().__init__(markdown, token)
        self._hidden: list[Token] | None = list(token.meta["tokens"])
        self._summary = Content(CONTROL.sub("", str(token.meta["summary"])))
        self._open = bool(token.meta["open"])
        self.words = "\n".join((self._summary.plain, *(inner.content for inner in self._hidden or ())))
        """The summary and what is hidden, as the author wrote it."""

    def compose(self) -> ComposeResult:
        """The summary line; the rest comes when it is opened."""
        reveal = Collapsible(title="", collapsed=not self._open)
        reveal._title.label = self._summary
        yield reveal

    async def on_mount(self) -> None:
        """Fill at once when the author wants it open."""
        if self._open:
            await self._fill()

    async def on_collapsible_expanded(self, event: Collapsible.Expanded) -> None:
        """Make the inside the first time that it is opened."""
        event.stop()
        await self._fill()

    def open(self) -> None:
        """Show what is hidden."""
        self.query_one(Collapsible).collapsed = False

    async def _fill(self) -> None:
        hidden, self._hidden = self._hidden, None
        if hidden is not None:
            await self.query_one(Collapsible.Contents).mount_all(list(self._markdown._parse_markdown(hidden)))


class Grid(MarkdownTable):
    """A whole table as one widget: 84 cell widgets less in a 500-line lesson."""

    def compose(self) -> ComposeResult:
        """One Static that holds the table."""
        aligns = self._alignments()
        headers, rows = self._get_headers_and_rows()
        self._blocks.clear()
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
        for index, header in enumerate(headers):
            right = index < len(aligns) and aligns[index]
            table.add_column(_cell(header), justify="right" if right else "left", overflow="fold")
        for row in rows:
            table.add_row(*[_cell(cell) for cell in row])
        yield Static(table)

    def _alignments(self) -> list[bool]:
        """Whether each column is set to the right."""

        def headers(block: MarkdownBlock) -> list[MarkdownBlock]:
            if block._token.type == "th_open":
                return [block]
            return [found for inner in block._blocks for found in headers(inner)]

        return ["right" in str(header._token.attrs.get("style", "")) for header in headers(self)]


class Fence(MarkdownFence):
    """A block of code; a Dockerfile has the colours of the editor."""

    @classmethod
    def highlight(cls, code: str, language: str, ansi: bool = False, dark: bool = False) -> Content:
        """Colour the code; text diagrams and sessions stay as they are."""
        code = "\n".join(CONTROL.sub("", line) for line in code.expandtabs(4).split("\n"))
        language = language.split(maxsplit=1)[0].lower() if language.split() else "text"
        if language in ("dockerfile", "docker", "containerfile"):
            return dockerfile_content(code, dark=dark or ansi)
        if language in ("text", "txt", "plain", "output", "diagram"):
            return Content(code)
        return super().highlight(code, language, ansi, dark)


class CourseMarkdown(Markdown):
    """Markdown of the course: callouts, reveals, boxes, tables as one widget, quizzes where they are asked."""

    BLOCKS = {  # noqa: RUF012 - the toolkit declares it as an instance variable
        **Markdown.BLOCKS,
        "list_item_unordered_open": TaskItem,
        "bullet_list_open": BulletList,
        "ordered_list_open": NumberedList,
        "table_open": Grid,
        "fence": Fence,
        "code_block": Fence,
    }

    def __init__(self, markdown: str, *, make_quiz: Callable[[Markdown, Token], MarkdownBlock | None]) -> None:
        super().__init__(markdown, parser_factory=make_parser, open_links=False)
        self._make_quiz = make_quiz

    def unhandled_token(self, token: Token) -> MarkdownBlock | None:
        """Our own blocks; anything else that is unknown is left out."""
        if token.type == "alert":
            return Callout(self, token, list(self._parse_markdown(token.meta["tokens"])))
        if token.type == "details":
            return Reveal(self, token)
        if token.type == "quiz":
            return self._make_quiz(self, token)
        if token.type == "builds":
            return BuildsBlock(self, token)
        return None


def dockerfile_content(code: str, *, dark: bool = True) -> Content:
    """A Dockerfile in the colours of the editor."""
    styles = STYLES if dark else LIGHT_STYLES
    lines = code.split("\n")
    spans: list[Span] = []
    offset = 0
    for line, kind in zip(lines, classify(lines), strict=True):
        spans.extend(Span(offset + a, offset + b, styles[token]) for token, a, b in colour_spans(line, kind) if b > a)
        offset += len(line) + 1
    return Content(code, spans=spans)


def _cell(content: Content) -> Text:
    """A table cell as Rich wants it, with its code and emphasis kept."""
    text = Text(content.plain)
    looks = {".code_inline": "bold cyan", ".strong": "bold", ".em": "italic", ".s": "strike"}
    for span in content.spans:
        look = looks.get(str(span.style))
        if look:
            text.stylize(look, span.start, span.end)
    return text
