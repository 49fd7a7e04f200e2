"""Owns the tar that carries a build context, and what is changed in transit; must never read a file.

Measured on docker.io 20.10: the first header must be plain USTAR, or the engine takes the extension header for the
Dockerfile; times don't matter to the cache but must be whole numbers.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterable

from graders.engine.base import ContextFile

MTIME = 1_577_836_800
"""Time of every file sent, 2020-01-01: zip files, and so wheels, can't hold times before 1980."""

_DIRECTIVE = re.compile(rb"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$")
_BOM = b"\xef\xbb\xbf"


def pack(files: Iterable[ContextFile], dockerfile: str) -> tuple[bytes, str]:
    """The context as a tar, the Dockerfile first, and the `# syntax=` value that was left out of it (or "")."""
    syntax = ""
    entries: list[ContextFile] = []
    for file in files:
        entry = file
        if file.path == dockerfile and not file.link:
            data, syntax = without_syntax(file.data)
            entry = ContextFile(file.path, data, file.mode)
        entries.append(entry)
    entries.sort(key=lambda entry: (not _is_plain(entry), entry.path != dockerfile, entry.path))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8") as tar:
        if entries and not _is_plain(entries[0]):
            tar.addfile(_header("./", tarfile.DIRTYPE, 0o755))
        for entry in entries:
            if entry.link:
                header = _header(entry.path, tarfile.SYMTYPE, 0o777)
                header.linkname = entry.link
                tar.addfile(header)
            else:
                header = _header(entry.path, tarfile.REGTYPE, entry.mode & 0o7777)
                header.size = len(entry.data)
                tar.addfile(header, io.BytesIO(entry.data))
    return buffer.getvalue(), syntax


def without_syntax(dockerfile: bytes) -> tuple[bytes, str]:
    """Neutralise `# syntax=` lines, which make the engine fetch a frontend; no line moves but other directives.

    An unknown comment ends the block of directives, so those that follow (`escape`, `check`) move up and the
    comment lines that take the place of `syntax` end the block. Source: the Dockerfile reference, "Parser
    directives", read 2026-11.
    """
    bom = _BOM if dockerfile.startswith(_BOM) else b""
    lines = dockerfile[len(bom) :].split(b"\n")
    first = 1 if lines[0].startswith(b"#!") else 0
    end = first
    while end < len(lines) and _DIRECTIVE.match(lines[end].rstrip(b"\r")):
        end += 1
    kept: list[bytes] = []
    dropped: list[str] = []
    for line in lines[first:end]:
        found = _DIRECTIVE.match(line.rstrip(b"\r"))
        if found and found[1].lower() == b"syntax":
            dropped.append(found[2].decode("utf-8", "replace"))
        else:
            kept.append(line)
    if not dropped:
        return dockerfile, ""
    block = kept + [b"# left out in transit: syntax"] * len(dropped)
    return bom + b"\n".join([*lines[:first], *block, *lines[end:]]), dropped[0]


def _header(path: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(path)
    header.type = kind
    header.mode = mode
    header.mtime = MTIME
    return header


def _is_plain(entry: ContextFile) -> bool:
    """Whether its header needs no extension."""
    return entry.path.isascii() and len(entry.path) <= 100 and entry.link.isascii() and len(entry.link) <= 100
