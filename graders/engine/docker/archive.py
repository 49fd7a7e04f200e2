"""Owns weighing the archives of a build context before the engine unpacks them; must never write one out.

`ADD` unpacks tar archives, and an unpacking can't be stopped: BuildKit of 20.10 went on after its build was
cancelled, until the disk was full, and kept what it had written. So what would be too large is not sent.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator

from graders.engine.base import ContextFile
from graders.limits import MIB
from graders.tar_stream import BLOCK_BYTES, ByteStream, TruncatedTarError, entries

_ENTRY_BYTES = 4096
"""What a file costs on disk at least."""
_PIECE = 256 * 1024
_USTAR_AT = 257


def too_large(files: Iterable[ContextFile], limit_mib: int) -> str:
    """The path of the first archive that unpacks to more than that; empty when there is none."""
    for file in files:
        if not file.link and unpacked_bytes(file.data, limit_mib * MIB) > limit_mib * MIB:
            return file.path
    return ""


def unpacked_bytes(data: bytes, enough: int) -> int:
    """What an archive takes on disk, counted until it is more than `enough`; 0 for what `ADD` does not unpack."""
    seen = _Counter(enough)
    files_bytes = 0
    for magic, opened in _KINDS:
        if data.startswith(magic):
            stream = ByteStream(seen.count(opened(data)))
            break
    else:
        if data[_USTAR_AT : _USTAR_AT + 5] != b"ustar":
            return 0
        stream = ByteStream(seen.count(iter((data,))))
    try:
        for entry, _content in entries(stream):
            files_bytes += max(entry.unpacked_bytes, entry.size_bytes) + _ENTRY_BYTES
            if files_bytes > enough:
                return files_bytes
        # What follows a damaged header or the end mark is counted too: another reader may go on there.
        stream.drain()
    except TruncatedTarError:
        stream.drain()
    return max(files_bytes, seen.total if seen.total > BLOCK_BYTES else 0)


class _Counter:
    """Counts what passes and ends the stream when it is too much, or where it is damaged."""

    def __init__(self, enough: int) -> None:
        self.total = 0
        self._enough = enough

    def count(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        try:
            for piece in pieces:
                self.total += len(piece)
                yield piece
                if self.total > self._enough:
                    return
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
            return


def _gzip(data: bytes) -> Iterator[bytes]:
    while data:
        reader = zlib.decompressobj(wbits=31)
        while not reader.eof:
            piece = reader.decompress(data, _PIECE)
            data = reader.unconsumed_tail
            if not piece and not data and not reader.eof:
                return
            yield piece
        data = reader.unused_data


def _bzip2(data: bytes) -> Iterator[bytes]:
    yield from _members(data, bz2.BZ2Decompressor)


def _xz(data: bytes) -> Iterator[bytes]:
    yield from _members(data, lambda: lzma.LZMADecompressor(memlimit=128 * MIB))


def _members(data: bytes, reader_of: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor]) -> Iterator[bytes]:
    while data:
        reader = reader_of()
        piece = reader.decompress(data, _PIECE)
        yield piece
        while not reader.eof and not reader.needs_input:
            yield reader.decompress(b"", _PIECE)
        if not reader.eof:
            return
        data = reader.unused_data


_KINDS: tuple[tuple[bytes, Callable[[bytes], Iterator[bytes]]], ...] = (
    (b"\x1f\x8b\x08", _gzip),
    (b"BZh", _bzip2),
    (b"\xfd7zXZ\x00", _xz),
)
"""How the engine tells an archive; it does not look at names."""
