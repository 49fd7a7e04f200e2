"""Owns finding byte strings in a stream, across the borders of its pieces; must never hold more than two pieces."""

from __future__ import annotations

from os.path import commonprefix

MIN_PREFIX_BYTES = 8


class TokenSearch:
    """Looks for several tokens at once; a common beginning makes that one search."""

    def __init__(self, tokens: tuple[bytes, ...]) -> None:
        self._tokens = tuple(token for token in tokens if token)
        prefix = commonprefix(self._tokens)  # noqa: RUF071 - these are no paths
        self._prefix = prefix if len(prefix) >= MIN_PREFIX_BYTES else b""
        self._keep_bytes = max((len(token) for token in self._tokens), default=1) - 1
        self._tail = b""
        self._found: dict[bytes, None] = {}

    def feed(self, piece: bytes) -> None:
        """The next piece of the stream."""
        if not self._tokens:
            return
        # Only the border needs joining: the piece itself is searched where it lies.
        self._look(self._tail + piece[: self._keep_bytes])
        self._look(piece)
        if self._keep_bytes:
            self._tail = (self._tail + piece[-self._keep_bytes :])[-self._keep_bytes :]

    def take(self) -> tuple[bytes, ...]:
        """The tokens found since the last call, each once."""
        found = tuple(self._found)
        self._found.clear()
        return found

    def _look(self, data: bytes) -> None:
        if self._prefix and self._prefix not in data:
            return
        for token in self._tokens:
            if token in data:
                self._found[token] = None
