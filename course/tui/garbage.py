"""Owns when garbage is looked for while the desk is open, so that no key waits for it; must never make any.

A look at all that the desk is made of takes a tenth of a second. So there is none until the first lesson is on screen,
and what is there then is left out of those that follow. What another lesson replaced is looked for once that one is
there.
"""

from __future__ import annotations

import gc

SELDOM = 100
"""How many looks at the younger things come before one at all but the first lesson: it is one in ten else."""


class Garbage:
    """The collector, for as long as one desk is open."""

    def __init__(self) -> None:
        self._is_first = True
        self._thresholds = gc.get_threshold()
        gc.disable()
        gc.set_threshold(*self._thresholds[:2], SELDOM)

    def came_to_rest(self) -> None:
        """A lesson is there with all that belongs to it."""
        if not self._is_first:
            gc.unfreeze()
            gc.collect()
        self._is_first = False
        gc.freeze()
        gc.enable()

    def close(self) -> None:
        """The desk is closed: everything is looked at again."""
        gc.unfreeze()
        gc.set_threshold(*self._thresholds)
        gc.enable()
