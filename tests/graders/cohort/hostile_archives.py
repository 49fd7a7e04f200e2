"""Owns the making of archives that no honest program makes; must never unpack one."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to pack. `link` set: a symbolic link."""

    data: bytes = b""
    mode: int = 0o644
    link: str = ""


Entries = Mapping[str, Entry]


def zip_of(files: Entries) -> bytes:
    """A zip as Info-ZIP makes it: modes kept, links as links."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, entry in files.items():
            info = zipfile.ZipInfo(path, (2026, 11, 2, 9, 30, 0))
            info.create_system = 3
            info.compress_type = zipfile.ZIP_DEFLATED
            kind = 0o120000 if entry.link else 0o040000 if path.endswith("/") else 0o100000
            info.external_attr = (kind | entry.mode) << 16
            archive.writestr(info, entry.link or entry.data)
    return buffer.getvalue()


def tar_of(files: Entries, compression: str = "gz") -> bytes:
    """A tar; `compression` is "", "gz", "bz2" or "xz"."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:" + compression) as archive:  # type: ignore[call-overload]
        for path, entry in files.items():
            info = tarfile.TarInfo(path)
            info.mode, info.mtime = entry.mode, 1_762_000_000
            if entry.link:
                info.type, info.linkname = tarfile.SYMTYPE, entry.link
            elif path.endswith("/"):
                info.type = tarfile.DIRTYPE
            info.size = len(entry.data) if info.type == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(entry.data))
    return buffer.getvalue()


def encrypted_zip(files: Entries) -> bytes:
    """A zip whose entries say that they are encrypted."""
    data = bytearray(zip_of(files))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(mark, at + 4)
    return bytes(data)


def flat_bomb(size_bytes: int = 512 * MIB) -> bytes:
    """A small zip with a Dockerfile and one file of very many zeros."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("Dockerfile", "FROM python:3.11-slim\n")
        with archive.open("zeros", "w", force_zip64=True) as file:
            for _ in range(size_bytes // MIB):
                file.write(bytes(MIB))
    return buffer.getvalue()


def nested_bomb(depth: int = 12) -> bytes:
    """A zip in a zip in a zip, with a Dockerfile at the bottom."""
    data = zip_of({"Dockerfile": Entry(b"FROM python:3.11-slim\n")})
    for _ in range(depth):
        data = zip_of({"inner.zip": Entry(data)})
    return data


def overlapping_bomb(copies: int = 1000) -> bytes:
    """Many names for the same compressed bytes, as in David Fifield's "A better zip bomb" (2019)."""
    content = b"FROM python:3.11-slim\n" + b"#" * 100_000
    return raw_zip([(b"Dockerfile", content)] + [(b"f%d" % index, content) for index in range(copies)], overlap=True)


def raw_zip(
    files: Iterable[tuple[bytes, bytes]],
    *,
    overlap: bool = False,
    flags: int = 0,
    method: int = 8,
    claimed_size: int | None = None,
    crc: int | None = None,
    system: int = 0,
) -> bytes:
    """A zip written byte by byte: names as they come, sizes as told. `overlap`: all share the first one's data."""
    body, central, count, first, packed = bytearray(), bytearray(), 0, 0, b""
    for index, (name, content) in enumerate(files):
        if not (overlap and index):
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            packed = content if method == 0 else packer.compress(content) + packer.flush()
        size = len(content) if claimed_size is None else claimed_size
        check = zlib.crc32(content) if crc is None else crc
        offset = len(body)
        fields = (20, flags, method, 0, 0x5B62, check, len(packed), size, len(name), 0)
        if overlap and index:
            offset = first
        else:
            first = offset
            body += b"PK\x03\x04" + struct.pack("<5H3I2H", *fields) + name + packed
        central += b"PK\x01\x02" + struct.pack("<2B", 20, system) + struct.pack("<5H3I2H", *fields)
        central += struct.pack("<3H2I", 0, 0, 0, 0, offset) + name
        count += 1
    end = struct.pack("<4H2IH", 0, 0, min(count, 0xFFFF), min(count, 0xFFFF), len(central), len(body), 0)
    return bytes(body + central) + b"PK\x05\x06" + end


def raw_tar(*headers: tuple[tarfile.TarInfo, bytes], form: Literal[0, 1, 2] = tarfile.PAX_FORMAT) -> bytes:
    """A plain tar of these headers with these contents, whatever size the headers tell."""
    data = bytearray()
    for info, content in headers:
        data += info.tobuf(form) + content + bytes(-len(content) % 512)
    return bytes(data) + bytes(1024)
