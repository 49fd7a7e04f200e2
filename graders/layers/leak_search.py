"""Owns finding tokens in a stream as they are and in base64; must never decode nor hold more than a piece of it.

The same three bytes are always the same four characters (RFC 4648), so a token has one middle part for each of the
three places at which it can begin; these are looked for as they stand. Lines of base64 are broken at a fixed width
(64 in RFC 7468, 76 in RFC 2045): a break leaves at least one half of a telling part whole, which is enough to look
closer.
"""

from __future__ import annotations

import base64
import re
from os.path import commonprefix

HOLD_BYTES = 256 * 1024
"""Small pieces are searched together."""
TAIL_BYTES = 256
"""What is kept of a piece: room for an encoded token with its line breaks."""
MIN_TELLING_BYTES = 12
"""A shorter text is not looked for in base64: its halves would turn up by chance."""
_BREAKS = re.compile(rb"(?:\\[rn]|[\s\",'+])+")


class LeakSearch:
    """Looks for several tokens at once; a common beginning makes that few searches."""

    def __init__(self, tokens: tuple[bytes, ...]) -> None:
        self._tokens = tuple(token for token in tokens if token)
        self._encoded = {part: token for token in self._tokens for part in encoded_parts(token)}
        telling = _beginnings(self._tokens)
        long_enough = tuple(text for text in telling if len(text) >= MIN_TELLING_BYTES)
        parts = tuple(part for text in long_enough for part in encoded_parts(text))
        self._plain_marks = telling
        self._encoded_marks = parts
        self._broken_marks = tuple(half for part in parts for half in (part[: len(part) // 2], part[len(part) // 2 :]))
        self._keep_bytes = max((len(token) for token in self._tokens), default=1) - 1
        self._pieces: list[bytes] = []
        self._held_bytes = 0
        self._found: dict[bytes, None] = {}
        self.may_be_text = True
        """Whether what comes may be text: only there are the lines of base64 broken."""

    def feed(self, piece: bytes) -> None:
        """The next piece of the stream."""
        self._pieces.append(piece)
        self._held_bytes += len(piece)
        if self._held_bytes >= HOLD_BYTES:
            self._look(TAIL_BYTES)

    def take(self) -> tuple[bytes, ...]:
        """The tokens found since the last call, each once. What was encoded must have ended here."""
        self._look(self._keep_bytes)
        found = tuple(self._found)
        self._found.clear()
        return found

    def _look(self, keep_bytes: int) -> None:
        data = b"".join(self._pieces)
        tail = data[-keep_bytes:] if keep_bytes else b""
        self._pieces = [tail] if tail else []
        self._held_bytes = 0
        if any(mark in data for mark in self._plain_marks):
            self._found.update((token, None) for token in self._tokens if token in data)
        if any(mark in data for mark in self._encoded_marks):
            self._look_encoded(data)
        if self.may_be_text and any(mark in data for mark in self._broken_marks):
            self._look_encoded(_BREAKS.sub(b"", data))

    def _look_encoded(self, data: bytes) -> None:
        self._found.update((token, None) for part, token in self._encoded.items() if part in data)


def _beginnings(tokens: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """What the tokens that begin in the same way have in common: each of them begins with one of these."""
    groups: dict[bytes, list[bytes]] = {}
    for token in tokens:
        groups.setdefault(token[:MIN_TELLING_BYTES], []).append(token)
    return tuple(commonprefix(group) or b"" for group in groups.values())  # noqa: RUF071 - these are no paths


def encoded_parts(text: bytes) -> tuple[bytes, ...]:
    """The characters that the text decides alone, for each of the three places at which it can begin."""
    parts = []
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + text)
        parts.append(encoded[-(-shift * 8 // 6) : (shift + len(text)) * 8 // 6])
    return tuple(parts)
