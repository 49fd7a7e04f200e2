"""Owns reading a zip from a stream that may be hostile; must never write to disk nor hold more than a header.

Python's zipfile wants to seek to the directory at the end; this reads the members as they come by. Format: PKWARE
APPNOTE 6.3.10, with zip64 sizes and data descriptors.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from graders.tar_stream import ByteStream, TruncatedTarError

IS_ZIP = (b"PK", b"#!")
"""The first two bytes of a zip, and of one that can be started (zipapp)."""
LOCAL = b"PK\x03\x04"
DIRECTORY = (b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06")
METHODS = {8: "deflate", 12: "bzip2", 14: "lzma in zip"}
ENCRYPTED, DESCRIPTOR = 1, 8
_ZIP64 = 0xFFFFFFFF
_DESCRIPTOR_ENDS = (12, 16, 20, 24)
"""Three numbers, of which two may have eight bytes, after a mark that may be missing (APPNOTE 4.3.9)."""


@dataclass(frozen=True, slots=True)
class ClosedMember:
    """A member that can't be read."""

    reason: str


def is_zip(head: bytes) -> bool:
    """Whether the first bytes are those of a zip; an empty one holds nothing and is none."""
    return head.startswith(LOCAL) or (head.startswith(b"#!") and head.partition(b"\n")[2].startswith(LOCAL))


def members(stream: ByteStream) -> Iterator[tuple[str, Iterator[bytes]] | ClosedMember]:
    """The compression of each member (empty for none) with its bytes as they lie there, which may be left unread.

    Damage ends the archive, or is skipped up to the next member.
    """
    try:
        while _at_member(stream):
            yield from _member(stream)
    except TruncatedTarError:
        return


def _at_member(stream: ByteStream) -> bool:
    """Go to the next member, whose mark is then read; False when there is none."""
    mark = stream.read(len(LOCAL))
    while mark != LOCAL:
        if mark in DIRECTORY:
            return False
        piece = mark + stream.some()
        # Where there is none, what is left could be the beginning of one.
        at = min((at for at in map(piece.find, (LOCAL, *DIRECTORY)) if at >= 0), default=len(piece) - len(LOCAL) + 1)
        stream.put_back(piece[at:])
        mark = stream.read(len(LOCAL))
    return True


def _member(stream: ByteStream) -> Iterator[tuple[str, Iterator[bytes]] | ClosedMember]:
    header = stream.read(26)
    flags, method = _number(header[2:4]), _number(header[4:6])
    packed_bytes, plain_bytes = _number(header[14:18]), _number(header[18:22])
    stream.skip(_number(header[22:24]))
    extra = stream.read(_number(header[24:26]))
    if _ZIP64 in (packed_bytes, plain_bytes):
        packed_bytes = _zip64_size(extra, packed_bytes, after_plain=plain_bytes == _ZIP64)
    told_later = bool(flags & DESCRIPTOR) and packed_bytes == 0
    if flags & ENCRYPTED or method not in {0, *METHODS}:
        yield ClosedMember("a member is encrypted" if flags & ENCRYPTED else f"compression {method} can't be read here")
        stream.skip(0 if told_later else packed_bytes)
    elif not told_later:
        content = stream.pieces(packed_bytes)
        yield METHODS.get(method, ""), content
        for _ in content:
            pass
    elif method == 8:
        yield "", _inflated(stream)
    elif method in METHODS:
        yield ClosedMember("the length of a member stands behind it")
    else:
        # Stored: its bytes were searched as those of the archive, and what is in it begins with a mark of its own.
        return
    if flags & DESCRIPTOR:
        _skip_descriptor(stream)


def _inflated(stream: ByteStream) -> Iterator[bytes]:
    """A member that ends where its compression says; what was read too far is put back."""
    unfolder = zlib.decompressobj(wbits=-15)
    while not unfolder.eof:
        piece = unfolder.unconsumed_tail or stream.some()
        try:
            out = unfolder.decompress(piece, 1024 * 1024)
        except zlib.error:
            return
        if out:
            yield out
    stream.put_back(unfolder.unused_data)


def _skip_descriptor(stream: ByteStream) -> None:
    """What stands behind a member whose sizes were not known before it: it ends at the next mark."""
    seen = stream.read(_DESCRIPTOR_ENDS[-1] + 4)
    ends = (end for end in _DESCRIPTOR_ENDS if seen[end : end + 4] in (LOCAL, *DIRECTORY))
    stream.put_back(seen[next(ends, 0) :])


def _zip64_size(extra: bytes, packed_bytes: int, *, after_plain: bool) -> int:
    """The packed size of record 1 of the extra field, behind the plain one where both are there (APPNOTE 4.5.3)."""
    while len(extra) >= 4:
        kind, size_bytes = _number(extra[:2]), _number(extra[2:4])
        if kind == 1 and packed_bytes == _ZIP64:
            return _number(extra[12:20] if after_plain else extra[4:12])
        extra = extra[4 + size_bytes :]
    return packed_bytes


def _number(field: bytes) -> int:
    return int.from_bytes(field, "little")
