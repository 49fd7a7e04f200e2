"""Reading a zip forward only."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from graders.layers.zip_stream import ClosedMember, is_zip, members
from graders.tar_stream import ByteStream, TruncatedTarError
from tests.rows import rows


def test_members_come_in_order_with_their_compression() -> None:
    """Stored bytes as they are, others as they lie there; one may be left unread."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("a", b"plain")
        archive.writestr("left", b"unread" * 1000)
        archive.writestr("b", b"x" * 100, zipfile.ZIP_BZIP2)
    seen = []
    for at, member in enumerate(members(ByteStream(iter([sink.getvalue()])))):
        assert not isinstance(member, ClosedMember)
        kind, content = member
        seen.append((kind, b"" if at == 1 else b"".join(content)[:5]))

    assert [("", b"plain"), ("", b""), ("bzip2", b"BZh91")] == seen


def test_zip64_size_is_read_from_the_extra_field() -> None:
    """Sizes beyond four bytes stand in record 1, behind records of other kinds."""
    extra = struct.pack("<HHH", 9, 2, 0) + struct.pack("<HHQQ", 1, 16, 5, 5)
    header = struct.pack("<4s5H3I2H", b"PK\x03\x04", 45, 0, 0, 0, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF, 1, len(extra))
    (member,) = members(ByteStream(iter([header + b"a" + extra + b"hello" + b"PK\x05\x06"])))

    assert not isinstance(member, ClosedMember)
    assert "" == member[0]


@rows("method", [9, 93, 99])
def test_compression_without_a_reader_closes_the_member_only(method: int) -> None:
    """What comes behind it is still read."""
    closed = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, method, 0, 0, 0, 3, 9, 1, 0) + b"axyz"
    opened = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 2, 2, 1, 0) + b"bok"
    first, second = members(ByteStream(iter([closed + opened + b"PK\x05\x06"])))

    assert isinstance(first, ClosedMember)
    assert str(method) in first.reason
    assert not isinstance(second, ClosedMember)


def test_zip_is_known_by_its_first_bytes() -> None:
    """An archive that can be started has a line above; a text about zips is none."""
    assert is_zip(b"PK\x03\x04...")
    assert is_zip(b"#!/usr/bin/python\nPK\x03\x04...")
    assert not is_zip(b"#!/bin/sh\necho PK\x03\x04\n")
    assert not is_zip(b"PK\x05\x06" + bytes(18))


def test_bytes_that_are_put_back_come_again_in_order() -> None:
    """What was put back last comes first; the end of the stream is still the end."""
    stream = ByteStream(iter([b"cd", b"ef"]))
    stream.put_back(b"b")
    stream.put_back(b"a")

    assert b"abcdef" == stream.read(6)
    with pytest.raises(TruncatedTarError):
        stream.some()
