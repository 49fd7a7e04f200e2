"""Owns reading a zip that may be hostile; must never believe a size that the zip tells before it is checked.

Format: PKWARE's APPNOTE.TXT 6.3.10. Python's zipfile holds every entry in memory before it can be asked anything.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from graders.cohort.collect.archive import (
    ArchiveError,
    Caps,
    Deadline,
    Listing,
    ListingMaker,
    Node,
    NodeKind,
    Source,
    shown,
)
from graders.limits import MIB

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_END, _END64, _LOCATOR64, _CENTRAL, _LOCAL = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x01\x02", b"PK\x03\x04"
_END_TAIL_BYTES = 22 + 0xFFFF
_CENTRAL_FIELDS = struct.Struct("<4s2B5H3I5H2I")
_CENTRAL_ENTRY_BYTES = 4096
"""More than an entry of the index ever needs."""
_PIECE_BYTES = 64 * 1024
_STORED, _DEFLATED, _AES = 0, 8, 99
_ENCRYPTED, _UTF8 = 0x1, 0x800
_UNIX_SYSTEMS = (3, 19)
_ZIP64_ID, _TIME_ID = 0x0001, 0x5455


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    offset: int
    packed_bytes: int
    size_bytes: int
    crc: int
    method: int


class ZipArchive:
    """A zip; nothing is kept open between calls."""

    def __init__(self, source: Source, caps: Caps, deadline: Deadline) -> None:
        self._source = source
        self._caps = caps
        self._deadline = deadline
        self._entries: list[_Entry] = []
        self._shift = 0

    def within(self, deadline: Deadline) -> ZipArchive:
        """As `Archive.within`."""
        other = ZipArchive(self._source, self._caps, deadline)
        other._entries, other._shift = self._entries, self._shift
        return other

    def listing(self) -> Listing:
        """All names, from the index at the zip's end. Raises ArchiveError."""
        with self._source.open() as file:
            index, index_at, archive_bytes = self._index(file)
        maker = ListingMaker(self._caps)
        self._entries = []
        spans: list[tuple[int, int]] = []
        total = 0
        for raw, name, extra in _central(index):
            maker.count()
            if not len(self._entries) % 1024:
                self._deadline.check()
            entry, node = _described(raw, name, extra, len(self._entries))
            self._entries.append(entry)
            total += entry.size_bytes
            spans.append((entry.offset, entry.offset + 30 + len(name) + entry.packed_bytes))
            maker.add(maker.path_of(entry.name), node)
        _refuse_overlap(spans, index_at - self._shift)
        if total > self._caps.unpacked_bytes:
            raise ArchiveError(f"It unpacks to {total // MIB} MiB; at most {self._caps.unpacked_bytes // MIB} are read")
        if total > self._caps.ratio_from_bytes and total > self._caps.ratio * archive_bytes:
            raise ArchiveError(f"It unpacks to {total // max(archive_bytes, 1)} times its size, as no real work does")
        return maker.finish()

    def read(self, nodes: Collection[Node], limit_bytes: int) -> dict[int, bytes]:
        """The bytes of these nodes by `at`. Raises ArchiveError."""
        if not self._entries:
            self.listing()
        found: dict[int, bytes] = {}
        left = limit_bytes
        with self._source.open() as file:
            for at in sorted({node.at for node in nodes}):
                entry = self._entries[at]
                if entry.size_bytes > left:
                    raise ArchiveError(f"It holds more than {limit_bytes // MIB} MiB, counted up to {entry.name}")
                found[at] = self._content(file, entry)
                left -= len(found[at])
        return found

    def _index(self, file: BinaryIO) -> tuple[bytes, int, int]:
        """The index, where it begins and the zip's size; sets the bytes that something put before the zip."""
        archive_bytes = file.seek(0, 2)
        tail_at = max(0, archive_bytes - _END_TAIL_BYTES)
        file.seek(tail_at)
        tail = file.read(_END_TAIL_BYTES)
        at = tail.rfind(_END)
        while at >= 0 and (
            len(tail) < at + 22 or at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") > len(tail)
        ):
            at = tail.rfind(_END, 0, at)
        if at < 0:
            raise ArchiveError("The zip is cut off: its index is missing")
        count, index_bytes, index_at = _end(tail, at)
        end_at = tail_at + at
        if count == 0xFFFF or 0xFFFFFFFF in (index_bytes, index_at):
            told = self._end64(file, end_at)
            if told is not None:
                count, index_bytes, index_at, end_at = told
        if count > self._caps.entries:
            raise ArchiveError(f"It tells of {count} entries; at most {self._caps.entries} are read")
        self._shift = end_at - index_bytes - index_at
        if self._shift < 0 or index_bytes > min(archive_bytes, self._caps.entries * _CENTRAL_ENTRY_BYTES):
            raise ArchiveError("The zip is damaged: its index is not where it tells")
        file.seek(end_at - index_bytes)
        return file.read(index_bytes), end_at - index_bytes, archive_bytes

    def _end64(self, file: BinaryIO, end_at: int) -> tuple[int, int, int, int] | None:
        """Count, bytes and place of the index, and where the zip64 end record begins; None when there is none."""
        if end_at < 20:
            return None
        file.seek(end_at - 20)
        locator = file.read(20)
        if not locator.startswith(_LOCATOR64):
            return None
        at = int.from_bytes(locator[8:16], "little")
        for place in (at, end_at - 20 - 56):
            if 0 <= place < end_at:
                file.seek(place)
                record = file.read(56)
                if len(record) == 56 and record.startswith(_END64):
                    count, size, offset = struct.unpack("<3Q", record[32:56])
                    return count, size, offset, place
        raise ArchiveError("The zip is damaged: its index is not where it tells")

    def _content(self, file: BinaryIO, entry: _Entry) -> bytes:
        file.seek(entry.offset + self._shift)
        header = file.read(30)
        if len(header) < 30 or not header.startswith(_LOCAL):
            raise ArchiveError(f"The zip is damaged: {entry.name} is not where the index tells")
        name_bytes, extra_bytes = struct.unpack("<2H", header[26:30])
        file.seek(name_bytes + extra_bytes, 1)
        if entry.method == _STORED:
            if entry.packed_bytes != entry.size_bytes:
                raise ArchiveError(f"The zip is damaged: {entry.name} has two sizes")
            data = file.read(entry.size_bytes)
        else:
            data = self._inflated(file, entry)
        if len(data) != entry.size_bytes or zlib.crc32(data) != entry.crc:
            raise ArchiveError(f"The zip is damaged: {entry.name} is not what its index tells")
        return data

    def _inflated(self, file: BinaryIO, entry: _Entry) -> bytes:
        """At most one byte more than the index tells."""
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        kept = bytearray()
        left = entry.packed_bytes
        waiting = b""
        try:
            while not inflater.eof and len(kept) <= entry.size_bytes:
                if not waiting:
                    waiting = file.read(min(left, _PIECE_BYTES))
                    left -= len(waiting)
                    if not waiting:
                        break
                self._deadline.check()
                kept += inflater.decompress(waiting, min(_PIECE_BYTES * 16, entry.size_bytes + 1 - len(kept)))
                waiting = inflater.unconsumed_tail
        except zlib.error as error:
            raise ArchiveError(f"The zip is damaged in {entry.name}") from error
        if not inflater.eof:
            raise ArchiveError(f"The zip is damaged: {entry.name} is not what its index tells")
        return bytes(kept)


def _end(tail: bytes, at: int) -> tuple[int, int, int]:
    """Count, bytes and place of the index, as the end record tells."""
    count, index_bytes, index_at = struct.unpack("<H2I", tail[at + 10 : at + 20])
    return count, index_bytes, index_at


def _central(index: bytes) -> Iterator[tuple[tuple[int, ...], bytes, bytes]]:
    """Fields, name and extra fields of each entry; ArchiveError where the index breaks off."""
    at = 0
    while at < len(index):
        if not index.startswith(_CENTRAL, at) or at + _CENTRAL_FIELDS.size > len(index):
            raise ArchiveError("The zip is damaged in its index")
        fields = _CENTRAL_FIELDS.unpack_from(index, at)
        name_bytes, extra_bytes, comment_bytes = fields[11:14]
        start = at + _CENTRAL_FIELDS.size
        at = start + name_bytes + extra_bytes + comment_bytes
        if at > len(index):
            raise ArchiveError("The zip is damaged in its index")
        yield (
            fields[1:],
            index[start : start + name_bytes],
            index[start + name_bytes : start + name_bytes + extra_bytes],
        )


def _described(fields: tuple[int, ...], raw_name: bytes, extra: bytes, at: int) -> tuple[_Entry, Node]:
    _, system, _, flags, method, time, date, crc, packed, size = fields[:10]
    attributes, offset = fields[15:17]
    records = dict(_extra(extra)) if extra else {}
    packed, size, offset = _long_sizes(records.get(_ZIP64_ID, b""), packed, size, offset)
    name = _name(raw_name, flags).replace("\\", "/")
    mode = attributes >> 16 if system in _UNIX_SYSTEMS else 0
    if stat.S_IFMT(mode) in (0, stat.S_IFREG, stat.S_IFDIR):
        kind = NodeKind.FOLDER if name.endswith("/") or stat.S_ISDIR(mode) else NodeKind.FILE
    else:
        kind = NodeKind.LINK if stat.S_ISLNK(mode) else NodeKind.OTHER
    fault = "" if method in (_STORED, _DEFLATED, _AES) else f"is packed by a method (number {method}) that is not read"
    node = Node(
        kind=kind,
        size_bytes=size,
        mode=mode & 0o777 or 0o644,
        at=at,
        time=_time(records.get(_TIME_ID, b""), date, time),
        is_sealed=bool(flags & _ENCRYPTED) or method == _AES,
        fault=fault,
        has_mode=mode != 0,
    )
    return _Entry(shown(name) if not name.isprintable() else name, offset, packed, size, crc, method), node


def _name(raw: bytes, flags: int) -> str:
    """Programs that write UTF-8 without saying so are many; what is none is in the code page of old DOS."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace") if flags & _UTF8 else raw.decode("cp437")


def _extra(extra: bytes) -> Iterator[tuple[int, bytes]]:
    while len(extra) >= 4:
        key, size = struct.unpack("<2H", extra[:4])
        yield key, extra[4 : 4 + size]
        extra = extra[4 + size :]


def _long_sizes(record: bytes, packed: int, size: int, offset: int) -> tuple[int, int, int]:
    """The sizes with those that stand in the zip64 record: only the ones that are too long for their own place."""
    values = [size, packed, offset]
    for index, value in enumerate(values):
        if value == 0xFFFFFFFF and len(record) >= 8:
            values[index] = int.from_bytes(record[:8], "little")
            record = record[8:]
    return values[1], values[0], values[2]


def _time(record: bytes, date: int, time: int) -> datetime | None:
    """In UTC where the zip tells it, else its local time taken as this machine's."""
    try:
        if len(record) >= 5 and record[0] & 1:
            return datetime.fromtimestamp(int.from_bytes(record[1:5], "little", signed=True), UTC)
        return datetime(
            1980 + (date >> 9), date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, min(time % 32 * 2, 59)
        ).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _refuse_overlap(spans: list[tuple[int, int]], index_at: int) -> None:
    """Two entries that share bytes are a bomb's trick: each of them unpacks the same bytes once more."""
    end = 0
    for start, stop in sorted(spans):
        if start < end:
            raise ArchiveError("Its entries overlap, as no honest program packs them")
        end = stop
    if end > index_at:
        raise ArchiveError("The zip is damaged: an entry runs into its index")
