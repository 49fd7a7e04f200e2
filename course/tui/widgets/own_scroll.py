"""Owns scrolling that concerns nothing else on the screen; must never know what is scrolled."""

from __future__ import annotations

from textual.geometry import Size
from textual.reactive import Reactive
from textual.scroll_view import ScrollView


class OwnScroll(ScrollView):
    """A scroll view whose size stands still: the toolkit lays out the whole screen when its contents grow.

    It comes after the widget that it changes: the look of a widget is inherited from the first of its bases only.
    """

    virtual_size = Reactive(Size(0, 0), layout=False)
    """How much can be scrolled."""

    def watch_virtual_size(self, size: Size) -> None:
        """Tell the bars; when one comes or goes, it has the layout done."""
        self._scroll_update(size)
