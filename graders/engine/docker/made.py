"""Owns what this program may have left on an engine for a run, so that only that is looked for; must never ask for it.

Listing an engine's images, networks and volumes costs it more than a build from its cache. What another program left
for a run isn't known here: of a run of which nothing is known everything is looked for.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Made:
    """What was made through one engine object. Several threads may use it at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._doubtful: dict[str, int] = {}
        """By run: work that goes on, or did not end in peace."""
        self._images: dict[str, set[str]] = {}

    @contextmanager
    def at_work(self, run_id: str) -> Iterator[None]:
        """Around work that leaves nothing but the images that are noted, unless it raises."""
        self.doubt(run_id)
        yield
        with self._lock:
            # Not in a `finally`: work that was broken off may have left anything.
            if run_id in self._doubtful:
                self._doubtful[run_id] -= 1

    def doubt(self, run_id: str) -> None:
        """Something of any kind may be left of this run."""
        with self._lock:
            self._doubtful[run_id] = self._doubtful.get(run_id, 0) + 1

    def note_image(self, run_id: str, image_id: str) -> None:
        """An image of this run alone was made."""
        with self._lock:
            self._images.setdefault(run_id, set()).add(image_id)

    def take(self, run_id: str) -> tuple[bool, tuple[str, ...]]:
        """Whether something else than these images may be left. What was known of the run is forgotten."""
        with self._lock:
            is_doubtful = self._doubtful.pop(run_id, 1) > 0
            return is_doubtful, tuple(sorted(self._images.pop(run_id, ())))
