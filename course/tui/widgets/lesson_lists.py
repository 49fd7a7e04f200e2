"""Owns the lists of a lesson, an item of which is one widget; must never change what an item says.

Textual makes four widgets of an item, and a widget costs as much as ten lines of text.
"""

from __future__ import annotations

from collections.abc import Iterable

from markdown_it.token import Token
from rich.segment import Segment
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.css.styles import RulesMap
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual
from textual.widget import Widget
from textual.widgets import Markdown
from textual.widgets._markdown import (
    MarkdownBlock,
    MarkdownBullet,
    MarkdownBulletList,
    MarkdownListItem,
    MarkdownOrderedList,
    MarkdownParagraph,
    MarkdownUnorderedListItem,
)


class TaskItem(MarkdownUnorderedListItem):
    """A list item that may carry a box, readable without colour."""

    def __init__(self, markdown: Markdown, token: Token, bullet: str) -> None:
        checked = token.meta.get("checked") if token.meta else None
        super().__init__(markdown, token, bullet if checked is None else "[x] " if checked else "[ ] ")


class BulletList(MarkdownBulletList):
    """A list with bullets or boxes."""

    def compose(self) -> ComposeResult:
        """A row an item."""
        items = _items(self._blocks)
        self._blocks.clear()
        for item in items:
            yield _row(self._markdown, item, item.bullet)


class NumberedList(MarkdownOrderedList):
    """A list with numbers."""

    def compose(self) -> ComposeResult:
        """A row an item; the numbers end in one column."""
        items = _items(self._blocks)
        self._blocks.clear()
        first = int(items[0].bullet) if items and items[0].bullet.isdecimal() else 1
        numbers = [f"{number}. " for number in range(first, first + len(items))]
        width = max(map(len, numbers), default=0) + 1
        for item, number in zip(items, numbers, strict=True):
            yield _row(self._markdown, item, number.rjust(width))


class Item(MarkdownParagraph):
    """The words of an item, with what stands before them."""

    def __init__(self, markdown: Markdown, words: MarkdownBlock, bullet: str) -> None:
        super().__init__(markdown, words._token)
        self._bullet = bullet
        self.set_content(words._content)

    def render(self) -> Hanging:
        """The bullet in its colour, then the words."""
        colour = "$text-primary" if self.app.current_theme.dark else "$text-secondary"
        return Hanging(Content.styled(self._bullet, colour), self._content)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """What is copied of it: the bullet is a part when the words are from their beginning."""
        words = selection.extract(self._content.plain)
        is_from_start = selection.start is None or tuple(selection.start) == (0, 0)
        return (self._bullet if is_from_start else "") + words, "\n"


class Hanging(Visual):
    """Words that go on below their own beginning, with something before it."""

    def __init__(self, before: Content, words: Content) -> None:
        self._before = before
        self._words = words
        self._indent = before.cell_length

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        """The rows; the first one begins with what stands before the words."""
        rows = self._words.render_strips(max(width - self._indent, 1), height, style, options)
        drawn = self._before.render(style, end="", parse_style=options.get_style)
        before = Strip([Segment(text, (style + look).rich_style) for text, look in drawn], self._indent)
        blank = Strip.blank(self._indent, style.rich_style)
        return [Strip.join([blank if number else before, row]) for number, row in enumerate(rows)]

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """Cells of the longest row, nothing wrapped."""
        return self._indent + self._words.get_optimal_width(rules, container_width)

    def get_minimal_width(self, rules: RulesMap) -> int:
        """Cells of the longest word, and what stands before it."""
        return self._indent + self._words.get_minimal_width(rules)

    def get_height(self, rules: RulesMap, width: int) -> int:
        """Rows in a width."""
        return self._words.get_height(rules, max(width - self._indent, 1))


def _items(blocks: Iterable[MarkdownBlock]) -> list[MarkdownListItem]:
    return [block for block in blocks if isinstance(block, MarkdownListItem)]


def _row(markdown: Markdown, item: MarkdownListItem, bullet: str) -> Widget:
    """An item as one widget, or, when more than a paragraph stands in it, as bullet and pile."""
    blocks = list(item._blocks)
    if len(blocks) == 1 and type(blocks[0]) is MarkdownParagraph:
        return Item(markdown, blocks[0], bullet)
    mark = MarkdownBullet()
    mark.symbol = bullet
    return Horizontal(mark, Vertical(*blocks))
