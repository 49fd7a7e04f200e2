"""Owns taking a container's multiplexed output apart; must never hold more than its limit.

The format is in the Docker Engine API reference under "Attach to a container".
"""

from __future__ import annotations

import struct

_FRAME = struct.Struct(">BxxxL")


class Frames:
    """Reads the stream, keeping the first `limit` bytes of standard output and of standard error."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""
        self._kept = {1: bytearray(), 2: bytearray()}
        self.truncated = False

    @property
    def stdout(self) -> bytes:
        """The first bytes of standard output."""
        return bytes(self._kept[1])

    @property
    def stderr(self) -> bytes:
        """The first bytes of standard error."""
        return bytes(self._kept[2])

    def feed(self, chunk: bytes) -> None:
        """Take a chunk of the answer."""
        data = self._rest + chunk
        at = 0
        while at + _FRAME.size <= len(data):
            kind, length = _FRAME.unpack_from(data, at)
            if at + _FRAME.size + length > len(data):
                break
            self._keep(kind, data[at + _FRAME.size : at + _FRAME.size + length])
            at += _FRAME.size + length
        self._rest = data[at:]

    def _keep(self, kind: int, data: bytes) -> None:
        kept = self._kept[2 if kind == 2 else 1]
        room = self._limit - len(kept)
        self.truncated = self.truncated or len(data) > room
        kept += data[: max(room, 0)]
