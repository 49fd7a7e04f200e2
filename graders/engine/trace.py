"""Owns reading BuildKit's build trace (protobuf `StatusResponse` messages); must never raise on any bytes.

Source: moby/buildkit, api/services/control/control.proto (StatusResponse, Vertex, VertexLog), read 2026-11. Bytes
that are cut off or make no sense end the message they are in; what was read before them is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_MAX_VARINT_BYTES = 10
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Vertex:
    """One step as BuildKit sees it now; a later message about the same digest replaces it."""

    digest: str
    name: str = ""
    cached: bool = False
    started_s: float | None = None
    """Seconds since the epoch on the engine's clock; None: not started."""
    completed_s: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class VertexLog:
    """Bytes that a step wrote; they may end in the middle of a line."""

    digest: str
    stream: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Trace:
    """What one trace message says."""

    vertexes: tuple[Vertex, ...] = ()
    logs: tuple[VertexLog, ...] = ()


def decode(raw: bytes) -> Trace:
    """Read one message; garbage yields an empty or a partial trace."""
    vertexes: list[Vertex] = []
    logs: list[VertexLog] = []
    for number, value in _fields(raw):
        if number == 1 and isinstance(value, bytes):
            vertex = _vertex(value)
            if vertex.digest:
                vertexes.append(vertex)
        elif number == 3 and isinstance(value, bytes):
            log = _log(value)
            if log.data:
                logs.append(log)
    return Trace(tuple(vertexes), tuple(logs))


def _vertex(raw: bytes) -> Vertex:
    texts = {1: "", 3: "", 7: ""}
    times: dict[int, float | None] = {5: None, 6: None}
    cached = False
    for number, value in _fields(raw):
        if number == 4 and isinstance(value, int):
            cached = bool(value)
        elif isinstance(value, bytes):
            if number in texts:
                texts[number] = value.decode("utf-8", "replace")
            elif number in times:
                times[number] = _timestamp(value)
    return Vertex(texts[1], texts[3], cached, times[5], times[6], texts[7])


def _log(raw: bytes) -> VertexLog:
    digest, stream, data = "", 0, b""
    for number, value in _fields(raw):
        if number == 1 and isinstance(value, bytes):
            digest = value.decode("utf-8", "replace")
        elif number == 3 and isinstance(value, int):
            stream = value
        elif number == 4 and isinstance(value, bytes):
            data = value
    return VertexLog(digest, stream, data)


def _timestamp(raw: bytes) -> float:
    seconds = nanoseconds = 0
    for number, value in _fields(raw):
        if isinstance(value, int):
            if number == 1:
                seconds = value
            elif number == 2:
                nanoseconds = value
    return seconds + nanoseconds / 1e9


def _fields(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of one protobuf message, in order, until its end or the first byte that makes no sense."""
    at, end = 0, len(raw)
    while at < end:
        key, at = _varint(raw, at)
        if key is None:
            return
        number, wire_type = key >> 3, key & 7
        if wire_type == _VARINT:
            value, at = _varint(raw, at)
            if value is None:
                return
            yield number, value
            continue
        if wire_type == _BYTES:
            length, at = _varint(raw, at)
        else:
            length = {_FIXED64: 8, _FIXED32: 4}.get(wire_type)
        if length is None or at + length > end:
            return
        yield number, raw[at : at + length]
        at += length


def _varint(raw: bytes, at: int) -> tuple[int | None, int]:
    result = 0
    for place, byte in enumerate(raw[at : at + _MAX_VARINT_BYTES]):
        result |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return result, at + place + 1
    return None, at
