"""Owns reading a tar from a stream that may be hostile; must never write to disk nor hold more than a header.

Python's tarfile wants to seek or keeps every header; this reads forward only, caps what it keeps and never
raises for what the archive says. Format: POSIX.1-1988 ustar, GNU long names and sparse files, pax headers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

BLOCK_BYTES = 512
NAME_CAP_BYTES = 64 * 1024
"""Longer names and pax headers are read past and cut."""
PIECE_BYTES = 1024 * 1024
FEW_BYTES = 16 * 1024
CAPABILITY_RECORD = b"SCHILY.xattr.security.capability"
KINDS = {b"0": "file", b"\0": "file", b"7": "file", b"S": "file", b"1": "link", b"2": "link", b"5": "dir"}


class TruncatedTarError(Exception):
    """The stream ended inside an entry."""


@dataclass(frozen=True, slots=True)
class TarEntry:
    """The header of one entry; names are as they stand in the archive, decoded, and may be anything."""

    name: str
    kind: str
    """"file", "dir", "link" or "other"."""
    link: str
    size_bytes: int
    """Bytes of content that follow in the archive."""
    mode: int
    uid: int
    gid: int
    is_hard_link: bool = False
    capabilities: int = 0
    """The capabilities that its extended attribute permits, a bit each."""
    unpacked_bytes: int = 0
    """Size of the file once it is unpacked: more than its content where it is sparse."""
    is_sparse: bool = False
    """Whether its content leaves out the holes of the file, and may begin with a map of them."""


class ByteStream:
    """Chunks as a stream to read forward. `watch` sees every piece once, in order, whatever it is read for."""

    def __init__(self, chunks: Iterator[bytes], watch: Callable[[bytes], None] | None = None) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")
        self._later: list[memoryview] = []
        self._watch = watch

    def pieces(self, size_bytes: int) -> Iterator[bytes]:
        """Exactly that many bytes, in pieces. Raises TruncatedTarError when the stream ends before."""
        left = size_bytes
        while left > 0:
            if not self._rest:
                if not self._next_chunk():
                    raise TruncatedTarError
                continue
            piece = bytes(self._rest[: min(left, PIECE_BYTES)])
            self._rest = self._rest[len(piece) :]
            left -= len(piece)
            if self._watch is not None:
                self._watch(piece)
            yield piece

    def read(self, size_bytes: int) -> bytes:
        """Exactly that many bytes at once: for headers only."""
        return b"".join(self.pieces(size_bytes))

    def some(self) -> bytes:
        """A few of the bytes that come next. Raises TruncatedTarError at the end of the stream."""
        while not self._rest:
            if not self._next_chunk():
                raise TruncatedTarError
        return self.read(min(len(self._rest), FEW_BYTES))

    def put_back(self, data: bytes) -> None:
        """Have these bytes come again; with a `watch` they would be seen twice."""
        if self._rest:
            self._later.append(self._rest)
        self._rest = memoryview(data)

    def skip(self, size_bytes: int) -> None:
        """Read past that many bytes."""
        for _ in self.pieces(size_bytes):
            pass

    def drain(self) -> None:
        """Read to the end of the stream."""
        while True:
            if self._rest and self._watch is not None:
                self._watch(bytes(self._rest))
            if not self._next_chunk():
                return

    def _next_chunk(self) -> bool:
        if self._later:
            self._rest = self._later.pop()
            return True
        chunk = next(self._chunks, None)
        self._rest = memoryview(chunk or b"")
        return chunk is not None


def entries(stream: ByteStream) -> Iterator[tuple[TarEntry, Iterator[bytes]]]:
    """Each entry with its content, which may be read or left; a damaged header ends the archive.

    Raises TruncatedTarError when the stream ends inside an entry, and where there is no end mark at all.
    """
    long_name: bytes | None = None
    long_link: bytes | None = None
    pax: dict[bytes, bytes] = {}
    while True:
        header = stream.read(BLOCK_BYTES)
        if not header.strip(b"\0"):
            return
        size_bytes = _number(header[124:136])
        if not _has_checksum(header) or size_bytes < 0:
            raise TruncatedTarError
        kind = header[156:157]
        if kind in {b"L", b"K", b"x", b"g"}:
            data = _capped(stream, size_bytes)
            if kind == b"L":
                long_name = data.rstrip(b"\0")
            elif kind == b"K":
                long_link = data.rstrip(b"\0")
            elif kind == b"x":
                pax = _pax(data)
            continue
        if b"size" in pax and pax[b"size"].isdigit():
            size_bytes = int(pax[b"size"][:20])
        if kind in {b"1", b"2", b"3", b"4", b"5", b"6"}:
            size_bytes = 0
        if kind == b"S":
            _skip_sparse_maps(stream, header)
        entry = TarEntry(
            name=_text(pax.get(b"path") or long_name or _ustar_name(header)),
            kind=KINDS.get(kind, "other"),
            link=_text(pax.get(b"linkpath") or long_link or header[157:257].split(b"\0", 1)[0]),
            size_bytes=size_bytes,
            mode=max(_number(header[100:108]), 0),
            uid=max(_number(header[108:116]), 0),
            gid=max(_number(header[116:124]), 0),
            is_hard_link=kind == b"1",
            capabilities=_capabilities(pax.get(CAPABILITY_RECORD, b"")),
            unpacked_bytes=_unpacked(kind, header, pax, size_bytes),
            is_sparse=kind == b"S" or any(key.startswith(b"GNU.sparse.") for key in pax),
        )
        long_name = long_link = None
        pax = {}
        content = stream.pieces(size_bytes)
        yield entry, content
        for _ in content:
            pass
        stream.skip(-size_bytes % BLOCK_BYTES)


def _capped(stream: ByteStream, size_bytes: int) -> bytes:
    kept = bytearray()
    for piece in stream.pieces(size_bytes):
        kept += piece[: max(0, NAME_CAP_BYTES - len(kept))]
    stream.skip(-size_bytes % BLOCK_BYTES)
    return bytes(kept)


def _pax(data: bytes) -> dict[bytes, bytes]:
    """The records "LENGTH KEY=VALUE" of a pax header; a damaged one ends the list."""
    found: dict[bytes, bytes] = {}
    while data:
        length, _, _ = data.partition(b" ")
        if not length.isdigit() or len(length) > 9 or int(length) <= len(length):
            break
        record = data[len(length) + 1 : int(length)]
        key, equals, value = record.partition(b"=")
        if not equals:
            break
        found[key] = value.removesuffix(b"\n")
        data = data[int(length) :]
    return found


def _unpacked(kind: bytes, header: bytes, pax: dict[bytes, bytes], size_bytes: int) -> int:
    """A sparse file says its whole size in its header (old GNU) or in a pax record."""
    told = [pax[key][:20] for key in (b"GNU.sparse.realsize", b"GNU.sparse.size") if key in pax]
    sizes = [int(text) for text in told if text.isdigit()]
    if kind == b"S":
        sizes.append(_number(header[483:495]))
    return max([size_bytes, *sizes])


def _capabilities(attribute: bytes) -> int:
    """The permitted set of `struct vfs_cap_data` (linux/capability.h): 32 bits in version 1, else 64."""
    low, high = attribute[4:8], attribute[12:16]
    return int.from_bytes(low, "little") | int.from_bytes(high, "little") << 32


def _skip_sparse_maps(stream: ByteStream, header: bytes) -> None:
    """An old GNU sparse header may go on in further blocks, each of which says whether one more follows."""
    is_extended = header[482:483] not in {b"\0", b""}
    while is_extended:
        is_extended = stream.read(BLOCK_BYTES)[504:505] != b"\0"


def _ustar_name(header: bytes) -> bytes:
    name = header[:100].split(b"\0", 1)[0]
    prefix = header[345:500].split(b"\0", 1)[0] if header[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _number(field: bytes) -> int:
    """A number in octal, or in base 256 when its first bit is set; -1 for anything else."""
    if field[:1] and field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    digits = field.split(b"\0", 1)[0].strip()
    try:
        return int(digits or b"0", 8)
    except ValueError:
        return -1


def _has_checksum(header: bytes) -> bool:
    return _number(header[148:156]) == sum(header[:148]) + 8 * 32 + sum(header[156:])


def _text(name: bytes) -> str:
    return name[:NAME_CAP_BYTES].decode("utf-8", errors="replace")
