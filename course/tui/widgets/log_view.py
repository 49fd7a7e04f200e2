"""Owns the log of a build on screen, however fast it comes; must never clean its lines: that is done where they enter.

Textual's own lays out the whole screen and starts a thread for each batch of lines, and once it drops lines at its top,
those that come at its end are not painted any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widgets import Log

from course.tui.widgets.own_scroll import OwnScroll


class LogView(Log, OwnScroll):
    """The last lines that a build printed."""

    _look = Style()

    def write_lines(self, lines: Iterable[str], scroll_end: bool | None = None) -> Self:
        """Add clean lines; what is in sight stays there, unless it is the end."""
        follows = (self.auto_scroll if scroll_end is None else scroll_end) and self.is_vertical_scroll_end
        new = list(lines)
        self._lines.extend(new)
        self._width = max((self._width, *map(cell_len, new)))
        before = len(self._lines)
        self._prune_max_lines()
        dropped = before - len(self._lines)
        self.virtual_size = Size(self._width, self.line_count)
        if follows and not self.is_vertical_scrollbar_grabbed:
            self.scroll_end(animate=False, immediate=True, x_axis=False)
        elif dropped:
            self.scroll_to(y=max(self.scroll_y - dropped, 0), animate=False)
        self.refresh()
        return self

    def render_lines(self, crop: Region) -> list[Strip]:
        """Painted rows; their style, which takes longer to find than a row to paint, is found once for all."""
        self._look = self.rich_style
        return super().render_lines(crop)

    def _render_line(self, y: int, scroll_x: int, width: int) -> Strip:
        if y >= len(self._lines) or self.text_selection is not None:
            return super()._render_line(y, scroll_x, width)
        row = Strip([Segment(self._process_line(self._lines[y]), self._look)])
        return row.crop_extend(scroll_x, scroll_x + width, self._look).apply_offsets(scroll_x, y)
