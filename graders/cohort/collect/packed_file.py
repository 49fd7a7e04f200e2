"""Owns the bytes of a file that may be packed, from any place on; must never hold more of them than a piece.

What gzip's unpacking knows at a place can be kept, so that it goes on from there. Of bzip2 and xz it can't: those are
unpacked from their beginning each time.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple, Protocol

from graders.cohort.collect.archive import Source
from graders.limits import MIB

GZIP, BZIP2, XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"
SPAN_BYTES = MIB
"""Unpacked bytes from one kept place to the next, in files that have room for all of them."""
MARKS = 256
"""Kept places at most, of some 50 KiB each: in a larger file they are farther apart."""
_PIECE_BYTES = 64 * 1024
_UNPACKED_PIECE_BYTES = 1024 * 1024
_LZMA_MEMORY_BYTES = 128 * MIB


class Piece(NamedTuple):
    """Some of the bytes, and how much of the file was read and unpacked up to their end."""

    data: bytes
    packed_bytes: int
    unpacked_bytes: int


class _Decompressor(Protocol):
    """What zlib, bz2 and lzma have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...


class _Unpacker(Protocol):
    """One member of a packed stream."""

    @property
    def inner(self) -> _Decompressor: ...
    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """A piece of content, and what of the data was not looked at yet."""
        ...

    def copy(self) -> _Unpacker | None:
        """Another one that goes on from here; None where there can't be one."""
        ...


class _Gzip:
    def __init__(self) -> None:
        self.inner = zlib.decompressobj(16 + zlib.MAX_WBITS)

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        piece = self.inner.decompress(data, _UNPACKED_PIECE_BYTES)
        return piece, self.inner.unconsumed_tail

    def copy(self) -> _Gzip:
        other = _Gzip()
        other.inner = self.inner.copy()
        return other


class _Buffered:
    """bz2's and lzma's decompressors keep themselves what they did not look at."""

    def __init__(self, inner: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> None:
        self.inner = inner
        self._waits = False

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        piece = self.inner.decompress(b"" if self._waits else data, _UNPACKED_PIECE_BYTES)
        self._waits = not self.inner.eof and not self.inner.needs_input
        return piece, data if self._waits else b""

    def copy(self) -> None:
        return None


@dataclass(frozen=True, slots=True)
class _Mark:
    """A place in the unpacked bytes to go on from."""

    at: int
    packed_at: int
    unpacker: _Unpacker


@dataclass(slots=True)
class Marks:
    """Places along a packed file, noted while it is read from its beginning. Not to be changed once others read it."""

    span_bytes: int = SPAN_BYTES
    anywhere: bool = False
    """Every place is as good: the file is not packed."""
    _marks: list[_Mark] = field(default_factory=list)

    def note(self, at: int, packed_at: int, unpacker: _Unpacker) -> None:
        """Keep a place, where the last one is far enough away."""
        if at - (self._marks[-1].at if self._marks else 0) < self.span_bytes:
            return
        kept = unpacker.copy()
        if kept is None:
            return
        self._marks.append(_Mark(at, packed_at, kept))
        if len(self._marks) > MARKS:
            self._marks = self._marks[1::2]
            self.span_bytes *= 2

    def lead_past(self, at: int, wanted: int) -> bool:
        """Whether to get from `at` to `wanted` much can be left out."""
        mark = self.before(wanted)
        return wanted - at > self.span_bytes and (self.anywhere or (mark is not None and mark.at > at))

    def before(self, at: int) -> _Mark | None:
        """The last kept place that is not beyond `at`."""
        index = bisect_right(self._marks, at, key=lambda mark: mark.at)
        return self._marks[index - 1] if index else None


def pieces(source: Source, start: int, marks: Marks, *, noting: bool = False) -> Iterator[Piece]:
    """The unpacked bytes from `start` on; what is unpacked to get there comes as empty pieces.

    With `noting`, which only whoever made `marks` may ask for, places are kept in it. Raises zlib.error,
    lzma.LZMAError, EOFError and OSError for a file that is damaged or cut off.
    """
    with source.open() as file:
        if _unpacker(file.read(6)) is None:
            marks.anywhere = marks.anywhere or noting
            file.seek(start)
            yield from _plain(file, start)
        else:
            yield from _unpacked(file, start, marks, noting=noting)


def _plain(file: BinaryIO, start: int) -> Iterator[Piece]:
    end = start
    while data := file.read(_PIECE_BYTES):
        end += len(data)
        yield Piece(data, end, end)


def _unpacked(file: BinaryIO, start: int, marks: Marks, *, noting: bool) -> Iterator[Piece]:
    """Member after member; zeros and the like after the last one are left."""
    mark = marks.before(start)
    end, packed_end = (mark.at, mark.packed_at) if mark is not None else (0, 0)
    file.seek(packed_end)
    data = file.read(_PIECE_BYTES)
    packed_end += len(data)
    unpacker = mark.unpacker.copy() if mark is not None else _unpacker(data)
    while unpacker is not None:
        unpacked, data = unpacker.feed(data)
        begin, end = end, end + len(unpacked)
        yield Piece(unpacked[max(start - begin, 0) :], packed_end, end)
        if unpacker.inner.eof:
            data = unpacker.inner.unused_data
            if len(data) < len(XZ):
                more = file.read(_PIECE_BYTES)
                data, packed_end = data + more, packed_end + len(more)
            unpacker = _unpacker(data)
        elif not data:
            data = file.read(_PIECE_BYTES)
            packed_end += len(data)
            if not data:
                raise EOFError
        if noting and unpacker is not None:
            marks.note(end, packed_end - len(data), unpacker)


def _unpacker(start: bytes) -> _Unpacker | None:
    if start.startswith(GZIP):
        return _Gzip()
    if start.startswith(BZIP2):
        return _Buffered(bz2.BZ2Decompressor())
    if start.startswith(XZ):
        return _Buffered(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_LZMA_MEMORY_BYTES))
    return None
