"""Owns which widgets are drawn for a part of the screen; must never lay one out.

The toolkit draws all that stands between the first and the last row that changed, a lesson beside a log for each batch
of the log's lines.
"""

from __future__ import annotations

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.widget import Widget


class FrugalCompositor(Compositor):
    """Draws the widgets that what has changed is a part of: no other cell is sent to the terminal."""

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
        return {
            widget: (region, clip)
            for widget, (region, clip) in visible.items()
            if any(changed.overlaps(clip) and changed.overlaps(region) for changed in self._changed)
        }
