"""Owns what is kept of a build's log, and telling it in batches; must never judge a line."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from graders.engine.base import LogLines

BATCH_S = 0.05
"""Shortest time between two batches of lines."""


class KeptLog:
    """The last lines of a build, and the lines that were not told yet."""

    def __init__(self, limit_bytes: int) -> None:
        self.kept: deque[tuple[str, str]] = deque()
        self.truncated = False
        self.seen_bytes = 0
        self._limit = limit_bytes
        self._size = 0
        self._pending: list[tuple[str, str]] = []
        self._told_at = 0.0

    def add(self, step_id: str, lines: tuple[str, ...]) -> None:
        """Keep lines of a step; the oldest make room."""
        for line in lines:
            self.kept.append((step_id, line))
            self._size += len(line) + 1
            self.seen_bytes += len(line) + 1
            self._pending.append((step_id, line))
        while self._size > self._limit and self.kept:
            self._size -= len(self.kept.popleft()[1]) + 1
            self.truncated = True

    def due(self, now: float) -> bool:
        """Whether it is time to tell what was not told yet."""
        return bool(self._pending) and now - self._told_at >= BATCH_S

    @property
    def waiting(self) -> bool:
        """Whether there is something to tell."""
        return bool(self._pending)

    def tell(self, now: float) -> Iterator[LogLines]:
        """All lines that were not told yet, neighbours of the same step together."""
        self._told_at = now
        pending, self._pending = self._pending, []
        at = 0
        while at < len(pending):
            step_id, end = pending[at][0], at
            while end < len(pending) and pending[end][0] == step_id:
                end += 1
            yield LogLines(step_id, tuple(line for _, line in pending[at:end]))
            at = end
