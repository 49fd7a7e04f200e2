"""Looking for tokens in packed files, honest and hostile ones."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator

import pytest

from graders.layers.packed import HEAD_BYTES, MAX_DEPTH, Budget, PackedSearch, gunzipped, peeked
from graders.limits import MIB
from tests.rows import rows

TOKEN = b"dockyard-canary-0123456789abcdef0123456789abcdef"
OTHER = b"dockyard-canary-fedcba9876543210fedcba9876543210"
DATA = b"API_KEY=" + TOKEN + b"\n"
NOISE = random.Random(7).randbytes(40_000)


class Unseekable(io.RawIOBase):
    """A sink that can't go back, as a pipe: a zip then tells sizes behind its members."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.data += bytes(data)  # type: ignore[call-overload]
        return len(bytes(data))  # type: ignore[call-overload]


def tarred(data: bytes, name: str = ".env") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def zipped(data: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("noise.bin", NOISE)
        archive.writestr("app/.env", data)
    return stream.getvalue()


def piped(data: bytes, method: int) -> bytes:
    sink = Unseekable()
    with zipfile.ZipFile(sink, "w", method) as archive:
        archive.writestr("noise.bin", NOISE)
        with archive.open("big", "w", force_zip64=True) as member:
            member.write(NOISE)
        archive.writestr("app/.env", data)
    return bytes(sink.data)


def looked(data: bytes, *, size: int = 1000, budget: Budget | None = None) -> tuple[tuple[bytes, ...], str]:
    search = PackedSearch((TOKEN, OTHER), budget or Budget(512 * MIB))
    head, content = peeked(pieces(data, size), HEAD_BYTES)
    return search.look(head, content)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "gzip members": lambda data: gzip.compress(NOISE) + gzip.compress(data),
    "zlib": zlib.compress,
    "bzip2": lambda data: bz2.compress(NOISE) + bz2.compress(data),
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "tar.gz": lambda data: gzip.compress(tarred(data)),
    "tar.xz": lambda data: lzma.compress(tarred(data)),
    "zip deflated": zipped,
    "zip with bzip2": lambda data: zipped(data, zipfile.ZIP_BZIP2),
    "zip with lzma": lambda data: zipped(data, zipfile.ZIP_LZMA),
    "zip from a pipe": lambda data: piped(data, zipfile.ZIP_DEFLATED),
    "zipapp": lambda data: b"#!/usr/bin/env python3\n" + zipped(data),
    "gzip in a tar": lambda data: tarred(gzip.compress(data)),
    "gzip in a stored zip": lambda data: zipped(gzip.compress(data), zipfile.ZIP_STORED),
    "wheel in a tar.gz": lambda data: gzip.compress(tarred(zipped(data), "app.whl")),
    "zip in a piped stored zip": lambda data: piped(zipped(data), zipfile.ZIP_STORED),
}


@rows("size", [1000, 1_000_000])
@rows("kind", PACKERS)
def test_token_is_found_in_every_packing(kind: str, size: int) -> None:
    """Whatever packs it, at any size of the pieces; and nothing is found where nothing is."""
    assert ((TOKEN,), "") == looked(PACKERS[kind](DATA), size=size)
    assert ((), "") == looked(PACKERS[kind](b"API_KEY=none\n"), size=size)


@pytest.mark.parametrize("kind", ["gzip", "zip deflated", "zip from a pipe", "tar.xz"])
def test_token_is_found_in_pieces_of_one_byte(kind: str) -> None:
    """No border of a piece hides anything."""
    assert (TOKEN,) == looked(PACKERS[kind](DATA), size=1)[0]


@rows("kind", PACKERS)
def test_damaged_file_is_read_as_far_as_it_goes(kind: str) -> None:
    """A cut or a changed byte anywhere never raises."""
    whole = PACKERS[kind](DATA)
    for at in range(0, len(whole), max(1, len(whole) // 20)):
        looked(whole[:at], size=64 * 1024)
        looked(whole[:at] + b"\xff" + whole[at + 1 :], size=64 * 1024)


def test_members_behind_a_damaged_one_are_still_read() -> None:
    """A wrong length costs that member only."""
    whole = bytearray(zipped(DATA))
    whole[18:22] = (7).to_bytes(4, "little")

    assert (TOKEN,) == looked(bytes(whole))[0]


def test_what_stays_closed_is_said() -> None:
    """An encrypted member and a format without a reader can't be called clean."""
    encrypted = bytearray(zipped(DATA))
    encrypted[6] |= 1
    found, closed = looked(bytes(encrypted))

    assert (TOKEN,) == found
    assert "encrypted" in closed
    assert "Zstandard" in looked(b"(\xb5/\xfd" + NOISE)[1]
    assert "7z" in looked(tarred(b"7z\xbc\xaf'\x1c" + NOISE))[1]


def test_bounds_end_a_bomb_and_are_said() -> None:
    """Bytes, their ratio, members and depth: each bound is a word, never silence."""
    deep = DATA
    for _ in range(MAX_DEPTH + 1):
        deep = gzip.compress(deep)
    members = tarred(b"")[:512] * 300 + bytes(1024)

    assert "more than is looked" in looked(gzip.compress(bytes(2 * MIB)), budget=Budget(MIB))[1]
    assert "more than is looked" in looked(members, budget=Budget(MIB))[1]
    assert "more than is looked" in looked(gzip.compress(bytes(2 * MIB)), budget=Budget(9 * MIB, Budget(MIB)))[1]
    assert "in one another" in looked(deep)[1]
    assert "times its size" in looked(bz2.compress(bytes(MIB)) * 66, budget=Budget(4096 * MIB))[1]


def test_cheap_bytes_cost_less_than_dear_ones() -> None:
    """The bound stands for time: bzip2 is eight times as dear as gzip."""
    assert "" == looked(gzip.compress(NOISE), budget=Budget(50_000))[1]
    assert "more than" in looked(bz2.compress(NOISE), budget=Budget(50_000))[1]


def test_file_that_wants_too_much_memory_is_said() -> None:
    """A file says how much memory it needs to be unpacked; a gigabyte is not given."""
    modest = lzma.compress(DATA, lzma.FORMAT_ALONE)
    greedy = modest[:1] + (1 << 30).to_bytes(4, "little") + modest[5:]

    assert ((TOKEN,), "") == looked(modest)
    assert "memory" in looked(greedy)[1]


def test_gunzip_stops_at_its_cap() -> None:
    """A layer that unfolds without end is cut."""
    made = sum(len(piece) for piece in gunzipped(pieces(gzip.compress(bytes(5 * MIB)), 4096), 2 * MIB))

    assert made <= 2 * MIB
