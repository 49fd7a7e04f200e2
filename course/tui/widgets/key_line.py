"""Owns the last line of the desk, which names keys; must never hold a key that the table of keys does not.

The toolkit's own footer makes a widget of each key, and all of them again whenever the focus moves.
"""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from course.tui.keys import KEYS, Key

NAMED = tuple(row for row in KEYS if row.label)


class KeyLine(Widget):
    """Keys with a word for each; a click on one presses it."""

    ALLOW_SELECT = False
    hovered: reactive[Key | None] = reactive(None)
    """The key under the mouse."""

    def render(self) -> Content:
        """All of them in one line."""
        return Content(" ").join(
            Content.assemble(
                (row.shown, "bold $footer-key-foreground"),
                (f" {row.label}", "underline $footer-description-foreground" if row is self.hovered else ""),
            )
            for row in NAMED
        )

    def key_at(self, column: int) -> Key | None:
        """The key that stands in a column of this line."""
        start = 0
        for row in NAMED:
            end = start + len(row.shown) + 1 + len(row.label)
            if start <= column < end:
                return row
            start = end + 1
        return None

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Show what a click would press."""
        self.hovered = self.key_at(event.x)

    def on_leave(self) -> None:
        """The mouse went away."""
        self.hovered = None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Press the key."""
        row = self.key_at(event.x)
        if row is not None:
            self.app.simulate_key(row.key)
