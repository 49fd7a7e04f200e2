"""Owns looking for tokens in packed files, whatever they are called; must never hold a file nor unpack without bounds.

Read forward only: gzip, zlib, bzip2, xz and lzma streams, tar and zip archives (wheels, jars, .npz), one in another.
All bounds count bytes, dear formats more than cheap ones, so that a slow machine judges as a fast one does. What a
bound or a format keeps closed is said. Damage ends a file: nobody else could read on either.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Protocol

from graders.layers.leak_search import LeakSearch
from graders.layers.zip_stream import IS_ZIP, ClosedMember, is_zip, members
from graders.limits import MIB
from graders.tar_stream import ByteStream, TruncatedTarError, entries

HEAD_BYTES = 512
"""How much of a file tells what it is: the mark of a tar stands at 257."""
MAX_DEPTH = 5
"""Archives in archives, each compression counted: a wheel in a .tar.gz has three."""
LAYER_BUDGET = 1024 * MIB
IMAGE_BUDGET = 4096 * MIB
MAX_RATIO = 1100
"""Deflate ends at 1032; more is no file that somebody uses."""
RATIO_FREE_BYTES = 64 * MIB
LZMA_MEMORY_BYTES = 128 * MIB
"""`xz -9` needs 65 MiB to unpack."""
ENTRY_COST = 4096
"""What one member of an archive costs beside its bytes."""
UNREADABLE = {b"7z\xbc\xaf'\x1c": "7z", b"Rar!\x1a\x07": "RAR", b"(\xb5/\xfd": "Zstandard"}
"""Known by their first bytes (their authors' format descriptions), and closed to the standard library."""

_GZIP = b"\x1f\x8b\x08"
_BZIP2 = (b"1AY&SY", b"\x17rE8P\x90")
_XZ = b"\xfd7zXZ\0"
_LZMA = b"]\0\0"
_ZLIB = (b"x\x01", b"x^", b"x\x9c", b"x\xda")


class Budget:
    """How much may still be unpacked: of one layer, and of the image that it is a part of."""

    def __init__(self, total: int, of: Budget | None = None) -> None:
        self._left = total
        self._of = of

    def spend(self, cost: int) -> None:
        """Count it. Raises TooMuchError when there is no more."""
        self._left -= cost
        if self._left < 0:
            raise TooMuchError("it unpacks to more than is looked through")
        if self._of is not None:
            self._of.spend(cost)


class TooMuchError(Exception):
    """A bound was reached; its text says which."""


class _Unpacker(Protocol):
    """What the decompressors of `bz2` and `lzma` have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class PackedSearch:
    """Looks into the packed files of one layer."""

    def __init__(self, tokens: tuple[bytes, ...], budget: Budget) -> None:
        self._tokens = tokens
        self._budget = budget
        self._search = LeakSearch(tokens)
        self._closed = ""

    def look(self, head: bytes, content: Iterator[bytes]) -> tuple[tuple[bytes, ...], str]:
        """The tokens in a packed file, and why not all of it could be read; both empty for any other file.

        `head` are its first bytes, at least HEAD_BYTES of them where it has so many; `content` is all of it.
        """
        if not self._tokens or not _kind(head):
            return (), ""
        self._closed = ""
        try:
            self._into(head, content, 0)
        except TooMuchError as error:
            self._closed = str(error)
        return self._search.take(), self._closed

    def _into(self, head: bytes, content: Iterator[bytes], depth: int) -> None:
        kind = _kind(head)
        if not kind:
            return
        if depth >= MAX_DEPTH:
            raise TooMuchError(f"it has more than {MAX_DEPTH} archives in one another")
        if kind in UNREADABLE.values():
            self._closed = self._closed or f"{kind} can't be read here"
        elif kind == "tar":
            self._into_tar(content, depth)
        elif kind == "zip":
            self._into_zip(content, depth)
        else:
            self._through(_unpacked(content, kind, self._budget), depth)

    def _into_tar(self, content: Iterator[bytes], depth: int) -> None:
        try:
            for entry, data in entries(ByteStream(content)):
                self._budget.spend(ENTRY_COST)
                if entry.kind == "file":
                    self._through(data, depth)
        except TruncatedTarError:
            return

    def _into_zip(self, content: Iterator[bytes], depth: int) -> None:
        try:
            for member in members(ByteStream(content)):
                self._budget.spend(ENTRY_COST)
                if isinstance(member, ClosedMember):
                    self._closed = self._closed or member.reason
                    continue
                kind, data = member
                self._through(_unpacked(data, kind, self._budget) if kind else data, depth)
        except TruncatedTarError:
            return

    def _through(self, content: Iterator[bytes], depth: int) -> None:
        head, whole = peeked(self._searched(content), HEAD_BYTES)
        self._into(head, whole, depth + 1)
        for _ in whole:
            pass

    def _searched(self, content: Iterator[bytes]) -> Iterator[bytes]:
        for piece in content:
            self._search.feed(piece)
            yield piece


def peeked(content: Iterator[bytes], size_bytes: int) -> tuple[bytes, Iterator[bytes]]:
    """At least the first bytes (fewer when there are no more), and the whole content with them."""
    first = b""
    while len(first) < size_bytes and (piece := next(content, b"")):
        first += piece
    return first, chain((first,), content)


def is_gzip(head: bytes) -> bool:
    """Whether the first bytes are those of a gzip stream (RFC 1952)."""
    return head.startswith(_GZIP)


def gunzipped(content: Iterator[bytes], cap_bytes: int) -> Iterator[bytes]:
    """Gzip members unfolded in small pieces, up to the cap; damage ends it."""
    try:
        yield from _unpacked(content, "gzip", Budget(cap_bytes))
    except TooMuchError:
        return


def _kind(head: bytes) -> str:
    """What the first bytes say: a compression, an archive, something that stays closed; empty for anything else."""
    start = head[:2]
    if start in IS_ZIP and is_zip(head):
        return "zip"
    if start == _GZIP[:2] and is_gzip(head):
        return "gzip"
    if start == b"BZ" and head[4:10] in _BZIP2:
        return "bzip2"
    if start == _XZ[:2] and head.startswith(_XZ):
        return "xz"
    # The size stands at 5: unknown, or below a terabyte.
    if start == _LZMA[:2] and head.startswith(_LZMA) and head[10:13] in {b"\xff\xff\xff", b"\0\0\0"}:
        return "lzma"
    if start in _ZLIB:
        return "zlib"
    for mark, name in UNREADABLE.items():
        if head.startswith(mark):
            return name
    return "tar" if head[257:262] == b"ustar" else ""


def _unpacked(content: Iterator[bytes], kind: str, budget: Budget) -> Iterator[bytes]:
    """One stream after the other, in small pieces. Raises TooMuchError."""
    make, weight = _UNPACKERS[kind]
    if kind == "lzma in zip":
        content = _as_lzma_file(content)
    read_bytes = made_bytes = 0
    unpacker = make()
    for piece in content:
        data = piece
        read_bytes += len(piece)
        while data or not (unpacker.eof or unpacker.needs_input):
            if unpacker.eof:
                unpacker = make()
            try:
                out = unpacker.decompress(data, MIB)
            except (zlib.error, OSError, lzma.LZMAError, EOFError) as error:
                if "emory usage limit" in str(error):
                    raise TooMuchError("it needs too much memory to be unpacked") from None
                return
            budget.spend(len(out) * weight)
            made_bytes += len(out)
            if made_bytes > RATIO_FREE_BYTES and made_bytes > MAX_RATIO * read_bytes:
                raise TooMuchError(f"it unpacks to more than {MAX_RATIO} times its size")
            if out:
                yield out
            data = unpacker.unused_data if unpacker.eof else b""


class _Inflater:
    """The decompressor of `zlib` with the attributes of the others."""

    def __init__(self, wbits: int) -> None:
        self._inflate = zlib.decompressobj(wbits=wbits)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        out = self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)
        self.needs_input = not self._inflate.unconsumed_tail and len(out) < max_length
        return out


def _as_lzma_file(content: Iterator[bytes]) -> Iterator[bytes]:
    """The header of a zip's LZMA member (APPNOTE 5.8) as that of a file: properties, then a size that is unknown."""
    head, whole = peeked(content, 9)
    next(whole)
    yield head[4:9] + b"\xff" * 8 + head[9:]
    yield from whole


_UNPACKERS: dict[str, tuple[Callable[[], _Unpacker], int]] = {
    "gzip": (lambda: _Inflater(31), 1),
    "zlib": (lambda: _Inflater(15), 1),
    "deflate": (lambda: _Inflater(-15), 1),
    "bzip2": (bz2.BZ2Decompressor, 8),
    "xz": (lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, LZMA_MEMORY_BYTES), 3),
    "lzma": (lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, LZMA_MEMORY_BYTES), 3),
    "lzma in zip": (lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, LZMA_MEMORY_BYTES), 3),
}
