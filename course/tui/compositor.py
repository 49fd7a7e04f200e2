"""Owns which widgets are drawn for a part of the screen; must never lay one out.

The toolkit draws all that stands between the first and the last row that changed, a lesson beside a log for each batch
of the log's lines, and behind each widget all those that it stands in.
"""

from __future__ import annotations

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.widget import Widget


class FrugalCompositor(Compositor):
    """Draws the widgets that are in sight where something has changed: no other cell is sent to the terminal."""

    _changed: frozenset[Region] = frozenset()
    """The regions that are being drawn; empty when everything is."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """What has changed since the last time."""
        # The places where a row is cut are those of all widgets, whichever are drawn.
        if self.cuts:
            self._changed = frozenset(self._dirty_regions)
        try:
            return super().render_partial_update()
        finally:
            self._changed = frozenset()

    @property
    def visible_widgets(self) -> dict[Widget, tuple[Region, Region]]:
        """Widget -> its region and what of the screen it may use, the frontmost first."""
        visible = super().visible_widgets
        if not self._changed:
            return visible
        drawn = {}
        uncovered = self._changed
        for widget, (region, clip) in visible.items():
            shown = region.intersection(clip)
            if any(changed.overlaps(shown) for changed in uncovered):
                drawn[widget] = region, clip
                # A widget draws every cell of its own, so nothing behind it is seen there.
                uncovered = frozenset(changed for changed in uncovered if not shown.contains_region(changed))
                if not uncovered:
                    break
        return drawn
