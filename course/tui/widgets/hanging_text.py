"""Owns how a line of a page that is too long goes on: below its last column; must never change what it says."""

from __future__ import annotations

import re

from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

_MARK_AND_COLUMN = re.compile(r" *(?:\[[x ]\] |[✔✘▲] )?(?:\S+(?: \S+)*? {2,})?")
"""What stands before the last column: blanks, a mark, and a word or two with a gap behind."""


def hang(text: Content, width: int) -> list[Content]:
    """The rows of a text in `width` cells; what is wrapped begins below the column that it belongs to.

    "[ ] A long line" goes on below the A, "F4     Go to the editor" below the Go. Where the column leaves less than
    half of the width, it goes on at the left.
    """
    rows: list[Content] = []
    for line in text.split("\n", allow_blank=True):
        match = _MARK_AND_COLUMN.match(line.plain)
        before = line[: match.end() if match else 0]
        indent = before.cell_length
        if line.cell_length <= width or indent > width // 2:
            rows += line.wrap(width) or [line]
            continue
        first, *others = line[len(before) :].wrap(width - indent)
        rows.append(before + first)
        rows += [Content(" " * indent) + row for row in others]
    return rows


class HangingText(Static):
    """Text whose wrapped lines hang, at any width."""

    def __init__(self, text: Content) -> None:
        super().__init__()
        self.text = text

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - the toolkit asks so
        """As many rows as it takes at this width."""
        return len(hang(self.text, width))

    def render(self) -> Content:
        """The rows at the width that it has."""
        return Content("\n").join(hang(self.text, max(1, self.content_size.width)))
