"""Owns reading a tar that may be hostile, packed or not; must never hold more of it than was asked for."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import BinaryIO, Protocol

from graders.cohort.collect.archive import ArchiveError, Caps, Deadline, Listing, ListingMaker, Node, NodeKind, Source
from graders.limits import MIB
from graders.tar_stream import ByteStream, TarEntry, TruncatedTarError, entries

_PIECE_BYTES = 64 * 1024
_UNPACKED_PIECE_BYTES = 1024 * 1024
_LZMA_MEMORY_BYTES = 128 * MIB
_ENTRY_BYTES = 4096
"""What the headers of one entry may take beside its content."""
GZIP, BZIP2, XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"
KINDS = {"file": NodeKind.FILE, "dir": NodeKind.FOLDER, "link": NodeKind.LINK, "other": NodeKind.OTHER}


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


class _Gzip:
    def __init__(self) -> None:
        self.inner = zlib.decompressobj(16 + zlib.MAX_WBITS)

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        piece = self.inner.decompress(data, _UNPACKED_PIECE_BYTES)
        return piece, self.inner.unconsumed_tail


class _Buffered:
    """bz2's and lzma's decompressors keep themselves what they did not look at."""

    def __init__(self, inner: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> None:
        self.inner = inner
        self._waits = False

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        piece = self.inner.decompress(b"" if self._waits else data, _UNPACKED_PIECE_BYTES)
        self._waits = not self.inner.eof and not self.inner.needs_input
        return piece, data if self._waits else b""


class TarArchive:
    """A tar, plain or packed by gzip, bzip2 or xz; each call reads it from its beginning."""

    def __init__(self, source: Source, caps: Caps, deadline: Deadline) -> None:
        self._source = source
        self._caps = caps
        self._deadline = deadline

    def within(self, deadline: Deadline) -> TarArchive:
        """As `Archive.within`."""
        return TarArchive(self._source, self._caps, deadline)

    def listing(self) -> Listing:
        """All names. Raises ArchiveError."""
        maker = ListingMaker(self._caps)
        for at, (entry, _) in enumerate(self._walk()):
            maker.count()
            path = maker.path_of(entry.name)
            kind = NodeKind.FOLDER if entry.name.endswith("/") and entry.kind == "file" else KINDS[entry.kind]
            fault = "is a sparse file" if entry.is_sparse else ""
            node = Node(kind, entry.size_bytes, entry.mode & 0o777, at, entry.link, fault=fault)
            if entry.is_hard_link:
                node = self._hard_link(maker, entry)
            maker.add(path, node)
        return maker.finish()

    def read(self, nodes: Collection[Node], limit_bytes: int) -> dict[int, bytes]:
        """The bytes of these nodes by `at`. Raises ArchiveError."""
        links = {node.at: node.link.encode() for node in nodes if node.kind is NodeKind.LINK}
        wanted = {node.at for node in nodes} - links.keys()
        found: dict[int, bytes] = {}
        left = limit_bytes
        if wanted:
            for at, (entry, content) in enumerate(self._walk()):
                if at in wanted:
                    if entry.size_bytes > left:
                        raise ArchiveError(f"It holds more than {limit_bytes // MIB} MiB")
                    found[at] = b"".join(content)
                    left -= len(found[at])
                    if len(found) == len(wanted):
                        break
        if len(found) < len(wanted):
            raise ArchiveError("It changed while it was read", hint="Run the same command again.")
        return {**found, **links}

    def _hard_link(self, maker: ListingMaker, entry: TarEntry) -> Node:
        """A second name for an entry that came before; anything else is nothing that can be read."""
        target = maker.listing.nodes.get(maker.path_of(entry.link))
        if target is None or target.kind is NodeKind.FOLDER:
            return Node(NodeKind.OTHER)
        return replace(target)

    def _walk(self) -> Iterator[tuple[TarEntry, Iterator[bytes]]]:
        """Each entry with its content. What the stream does wrong is an ArchiveError."""
        with self._source.open() as file:
            try:
                yield from entries(ByteStream(self._chunks(file)))
            except TruncatedTarError as error:
                raise ArchiveError("The tar is damaged or cut off") from error
            except (zlib.error, lzma.LZMAError, EOFError, OSError) as error:
                raise ArchiveError("It is damaged: it can't be unpacked") from error

    def _chunks(self, file: BinaryIO) -> Iterator[bytes]:
        """The tar's bytes, within the caps."""
        unpacker = _unpacker(file.read(6))
        file.seek(0)
        packed = unpacked = 0
        cap = self._caps.unpacked_bytes + self._caps.entries * _ENTRY_BYTES
        pieces = _plain(file) if unpacker is None else _unpacked(file, unpacker)
        for taken, piece in pieces:
            self._deadline.check()
            packed += taken
            unpacked += len(piece)
            if unpacked > cap:
                raise ArchiveError(f"It unpacks to more than {cap // MIB} MiB")
            if unpacked > max(self._caps.ratio_from_bytes, self._caps.ratio * packed):
                raise ArchiveError(f"It unpacks to more than {self._caps.ratio} times its size, as no real work does")
            yield piece


def _plain(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    while piece := file.read(_PIECE_BYTES):
        yield len(piece), piece


def _unpacked(file: BinaryIO, first: _Unpacker) -> Iterator[tuple[int, bytes]]:
    """(packed bytes taken, content), member after member; zeros and the like after the last one are left."""
    data = file.read(_PIECE_BYTES)
    taken = len(data)
    unpacker: _Unpacker | None = first
    while unpacker is not None:
        piece, data = unpacker.feed(data)
        yield taken, piece
        taken = 0
        if unpacker.inner.eof:
            data = unpacker.inner.unused_data or file.read(_PIECE_BYTES)
            taken = 0 if unpacker.inner.unused_data else len(data)
            unpacker = _unpacker(data) if data else None
        elif not data:
            data = file.read(_PIECE_BYTES)
            taken = len(data)
            if not data:
                raise EOFError


def _unpacker(start: bytes) -> _Unpacker | None:
    if start.startswith(GZIP):
        return _Gzip()
    if start.startswith(BZIP2):
        return _Buffered(bz2.BZ2Decompressor())
    if start.startswith(XZ):
        return _Buffered(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_LZMA_MEMORY_BYTES))
    return None
