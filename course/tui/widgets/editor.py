"""Owns the editor of one file: colours, findings in the gutter and under the text; must never touch the disk."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region
from textual.message import Message
from textual.strip import Strip
from textual.widgets import TextArea

from course.tui.guard import visible
from course.tui.widgets.dockerfile_colours import (
    LIGHT_MARK,
    LIGHT_STYLES,
    MARK,
    STYLES,
    LineKind,
    classify,
    colour_spans,
)
from course.tui.widgets.own_scroll import OwnScroll
from graders.finding import Finding

_DARK = {token: Style.parse(style) for token, style in STYLES.items()}
_LIGHT = {token: Style.parse(style) for token, style in LIGHT_STYLES.items()}
_UNDERLINE = Style(underline=True)
_MARK = Style(color=MARK, bold=True)
_LIGHT_MARK = Style(color=LIGHT_MARK, bold=True)
_CURSOR_CELLS = 3
"""What is kept in sight at the cursor: as much as the toolkit keeps."""
_TALLEST_DIFF = 2000
"""Lines up to which findings follow their text while it is edited; beyond, they wait for the next look."""


@dataclass(frozen=True, slots=True)
class LineFinding:
    """A finding and the check that made it."""

    check_id: str
    finding: Finding


class Editor(TextArea, OwnScroll):
    """A text area that colours a Dockerfile and marks the lines that have findings."""

    class Moved(Message):
        """The cursor went to another line, or the findings of its line changed."""

        def __init__(self, editor: Editor) -> None:
            super().__init__()
            self.editor = editor

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+a", "select_all", "Select all", show=False),
        Binding("ctrl+home", "go_to_end(0)", show=False),
        Binding("ctrl+end", "go_to_end(-1)", show=False),
    ]

    def __init__(self, *, dockerfile: bool, id: str) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(
            "", id=id, soft_wrap=False, show_line_numbers=True, tab_behavior="indent", theme="css", max_checkpoints=500
        )
        self._dockerfile = dockerfile
        self._kinds: list[LineKind] = []
        self._layers: dict[str, tuple[list[str], tuple[LineFinding, ...]]] = {}
        self._marks: dict[int, list[LineFinding]] = {}
        self._row = 0
        self.cursor_blink = False

    def action_go_to_end(self, line: int) -> None:
        """To the beginning of the text (0) or to its end (-1)."""
        self.move_cursor(self.document.start if line == 0 else self.document.end)

    # -- what is in sight

    def scroll_cursor_visible(self, center: bool = False, animate: bool = False) -> Offset:
        """Bring the cursor into sight; lines are seen from their beginning when the cursor is in sight there too."""
        delta = super().scroll_cursor_visible(center, animate)
        room = self.scrollable_content_region.width - self.gutter_width
        if (self.scroll_x or delta.x) and self._cursor_offset[0] + _CURSOR_CELLS <= room:
            self.scroll_to(x=0, animate=animate, force=True)
        return delta

    def _on_resize(self) -> None:
        # Keys may come before the first width; and the line of a finding takes rows away.
        self.call_after_refresh(self.scroll_cursor_visible)

    # -- findings

    def set_findings(self, layer: str, findings: Iterable[LineFinding]) -> None:
        """Replace the marks of one layer; the lines of `findings` are lines of the text as it is now."""
        items = tuple(item for item in findings if item.finding.line is not None)
        self._layers[layer] = (self.text.split("\n"), items)
        self._place_marks()

    @property
    def findings_at_cursor(self) -> tuple[LineFinding, ...]:
        """The findings of the line with the cursor, in the order in which they came."""
        return tuple(self._marks.get(self.cursor_location[0], ()))

    @property
    def marked_lines(self) -> tuple[int, ...]:
        """1-based numbers of the lines with a mark, in order."""
        return tuple(row + 1 for row in sorted(self._marks))

    def go_to_line(self, line: int) -> None:
        """Put the cursor on the first text of a line (1-based)."""
        row = min(max(line - 1, 0), self.document.line_count - 1)
        text = self.document.get_line(row)
        self.move_cursor((row, len(text) - len(text.lstrip())), center=True)

    def replace_text(self, text: str) -> None:
        """Take over a text from the disk; one undo brings the old one back."""
        row, column = self.cursor_location
        self.history.checkpoint()
        self.replace(text, (0, 0), self.document.end, maintain_selection_offset=False)
        self.history.checkpoint()
        row = min(row, self.document.line_count - 1)
        self.move_cursor((row, min(column, len(self.document.get_line(row)))))

    def _place_marks(self) -> None:
        """Move the marks with the text; a line that was changed loses its mark, undo brings it back."""
        now = self.text.split("\n")
        marks: dict[int, list[LineFinding]] = {}
        for base, items in self._layers.values():
            rows = _follow(base, now) if items else {}
            for item in items:
                row = rows.get((item.finding.line or 0) - 1)
                if row is not None:
                    marks.setdefault(row, []).append(item)
        if marks == self._marks:
            return
        self._marks = marks
        self._repaint()
        self.post_message(self.Moved(self))

    # -- following the text

    def _on_key(self, event: events.Key) -> None:  # type: ignore[override] # all classes' handlers run in turn
        if event.key == "escape":
            # TextArea goes to the next widget; the desk decides where Esc leads.
            event.prevent_default()

    def _on_text_area_changed(self, event: TextArea.Changed) -> None:  # noqa: ARG002 - the toolkit's signature
        if self._dockerfile:
            kinds = classify(self.text.split("\n"))
            if kinds != self._kinds:
                self._kinds = kinds
                self._repaint()
        if any(items for _, items in self._layers.values()):
            self._place_marks()

    def _on_text_area_selection_changed(self, event: TextArea.SelectionChanged) -> None:  # noqa: ARG002
        row = self.cursor_location[0]
        if row != self._row:
            self._row = row
            self.post_message(self.Moved(self))

    def _repaint(self) -> None:
        """Draw again: TextArea keeps painted lines and doesn't know of our colours and marks."""
        self.notify_style_update()
        self.refresh()

    def _recompute_cursor_offset(self) -> None:
        # Textual 8.2.8: undo of a tall paste looks up a cursor that is past the end (Textualize/textual#6686).
        self._cursor_offset = self.wrapped_document.location_to_offset(self.clamp_visitable(self.cursor_location))

    # -- drawing

    def get_line(self, line_index: int) -> Text:
        """A line as it is painted: control characters made visible, coloured, underlined under a finding."""
        plain = super().get_line(line_index)
        text = plain if plain.plain.isprintable() else Text(visible(plain.plain), end="", no_wrap=True)
        if self._dockerfile:
            if len(self._kinds) != self.document.line_count:
                self._kinds = classify(self.text.split("\n"))
            kind = self._kinds[line_index] if line_index < len(self._kinds) else LineKind.INSTRUCTION
            styles = _DARK if self.app.current_theme.dark else _LIGHT
            for token, start, end in colour_spans(text.plain, kind):
                text.stylize(styles[token], start, end)
        if line_index in self._marks:
            text.stylize(_UNDERLINE, len(text.plain) - len(text.plain.lstrip()), len(text.plain.rstrip()))
        return text

    def render_lines(self, crop: Region) -> list[Strip]:
        """Painted rows; the line with the cursor keeps the colours of its text."""
        theme = self._theme
        if theme is not None:
            theme.apply_css(self)
            if theme.cursor_line_style is not None:
                theme.cursor_line_style = Style(bgcolor=theme.cursor_line_style.bgcolor)
        return super(TextArea, self).render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """A painted row; the last cell of the gutter holds the mark of a finding."""
        strip = super().render_line(y)
        if not self._marks or not self.show_line_numbers:
            return strip
        rows = self.wrapped_document._offset_to_line_info
        offset = y + self.scroll_offset.y
        if offset >= len(rows):
            return strip
        row, section = rows[offset]
        if row not in self._marks or section:
            return strip
        width = self.gutter_width
        gutter, rest = strip.crop(0, width - 1), strip.crop(width, None)
        mark = _MARK if self.app.current_theme.dark else _LIGHT_MARK
        under = next((segment.style for segment in gutter if segment.style), None) or Style()
        return Strip.join([gutter, Strip([Segment("✘", under + mark)], 1), rest])


def _follow(base: list[str], now: list[str]) -> dict[int, int]:
    """Row of a text -> row of the same line in a later version; a line that was changed has none."""
    if base == now:
        return {row: row for row in range(len(now))}
    rows: dict[int, int] = {}
    if len(now) <= _TALLEST_DIFF and len(base) <= _TALLEST_DIFF:
        matcher = difflib.SequenceMatcher(None, base, now, autojunk=False)
        for old, new, count in matcher.get_matching_blocks():
            rows.update((old + step, new + step) for step in range(count))
    return rows
