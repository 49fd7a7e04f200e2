"""Owns looking into what `docker save` wrote of one image, before an engine sees it; must never unpack anything.

The archive may be hostile: headers are read one at a time and by hand, since a tar library reads extended headers of
any size into memory.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath
from typing import IO

from graders.engine.docker.image import STAND_IN
from graders.errors import GraderError
from graders.safe_text import clean

BLOCK = 512
AGAIN = "Copy the file again, or make a new one with: dockyard images save FILE"
_ENTRIES = 4096
_JSON_BYTES = 4 * 1024 * 1024
_EXTRA_BYTES = 64 * 1024
_FORGING = (b" path=", b" linkpath=", b" size=")
_NAMING = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
"""Annotations of an OCI index by which an engine names what it loads."""


class BundleError(GraderError):
    """A bundle is damaged, foreign or hostile; nothing of it was used."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """A member of a tar file."""

    name: str
    kind: bytes
    link: str
    at: int
    """Where its data begins."""
    size: int


@dataclass(frozen=True, slots=True)
class SavedImage:
    """What an archive says of its image."""

    id: str
    """Digest of the image's configuration."""
    diff_ids: tuple[str, ...]
    stand_in: bool


def entries(file: IO[bytes], start: int, end: int) -> Iterator[Entry]:
    """The members between two offsets; leaves the file anywhere. Raises BundleError."""
    at, count = start, 0
    while at + BLOCK <= end:
        file.seek(at)
        block = file.read(BLOCK)
        if not block.strip(b"\0"):
            return
        count += 1
        try:
            header = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        except (tarfile.HeaderError, UnicodeDecodeError, ValueError) as error:
            raise BundleError(f"The bundle is damaged at byte {at}", hint=AGAIN) from error
        after = at + BLOCK + -(-header.size // BLOCK) * BLOCK
        if count > _ENTRIES or header.size < 0 or after > end:
            raise BundleError(f"The bundle is cut short or damaged at byte {at}", hint=AGAIN)
        yield Entry(header.name, header.type, header.linkname, at + BLOCK, header.size)
        at = after


def read_save(file: IO[bytes], start: int, size: int) -> SavedImage:
    """Read the archive of one image without a name. Raises BundleError."""
    found: dict[str, Entry] = {}
    for entry in entries(file, start, start + size):
        if entry.kind == tarfile.XHDTYPE:
            _check_extra(file, entry)
            continue
        _check_place(entry)
        if entry.kind != tarfile.DIRTYPE and entry.name in found:
            raise BundleError(f"An image in the bundle holds {clean(entry.name)} twice")
        found[entry.name] = entry
    if "repositories" in found:
        raise BundleError("An image in the bundle brings names of its own")
    _check_index(file, found)
    rows = _load(file, found, "manifest.json")
    row = rows[0] if isinstance(rows, list) and len(rows) == 1 and isinstance(rows[0], dict) else None
    if row is None:
        raise BundleError("An archive in the bundle does not hold exactly one image")
    if row.get("RepoTags"):
        raise BundleError(f"An image in the bundle brings names of its own: {clean(str(row['RepoTags']), max_len=200)}")
    layers = row.get("Layers")
    if not isinstance(layers, list) or not all(isinstance(name, str) and name in found for name in layers):
        raise BundleError("An image in the bundle lacks a layer")
    return _read_config(file, found, row.get("Config"))


def _read_config(file: IO[bytes], found: dict[str, Entry], name: object) -> SavedImage:
    if not isinstance(name, str) or name not in found:
        raise BundleError("An image in the bundle lacks its configuration")
    data = _read(file, found[name])
    config = _parsed(data, name)
    about = config.get("config") if isinstance(config, dict) else None
    labels = about.get("Labels") if isinstance(about, dict) else None
    rootfs = config.get("rootfs") if isinstance(config, dict) else None
    diff_ids = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if not isinstance(diff_ids, list) or not all(isinstance(digest, str) for digest in diff_ids):
        raise BundleError("An image in the bundle does not say what its layers are")
    stand_in = isinstance(labels, dict) and STAND_IN in labels
    return SavedImage(f"sha256:{sha256(data).hexdigest()}", tuple(diff_ids), stand_in)


def _check_place(entry: Entry) -> None:
    path = PurePosixPath(entry.name)
    inside = not path.is_absolute() and ".." not in path.parts and "\\" not in entry.name and bool(path.parts)
    if entry.kind == tarfile.SYMTYPE:
        # One layer that an image has twice is saved as a link to the other one's file.
        depth = len(path.parts) - 1
        target = PurePosixPath(entry.link)
        climbs = sum(part == ".." for part in target.parts)
        inside = inside and not target.is_absolute() and climbs <= depth
    elif entry.kind not in {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE}:
        inside = False
    if not inside:
        raise BundleError(f"An image in the bundle holds {clean(entry.name)!r}, which no engine saves")


def _check_extra(file: IO[bytes], entry: Entry) -> None:
    """Extended headers may tell times, not other names or sizes: we would look at something else than the engine."""
    data = _read(file, entry, _EXTRA_BYTES)
    if any(word in data for word in _FORGING):
        raise BundleError("An image in the bundle gives its files other names than it shows")


def _check_index(file: IO[bytes], found: dict[str, Entry]) -> None:
    if "index.json" not in found:
        return
    index = _load(file, found, "index.json")
    rows = index.get("manifests") if isinstance(index, dict) else None
    for row in rows if isinstance(rows, list) else [{"annotations": dict.fromkeys(_NAMING)}]:
        notes = row.get("annotations") if isinstance(row, dict) else None
        if isinstance(notes, dict) and any(name in notes for name in _NAMING):
            raise BundleError("An image in the bundle brings names of its own")


def _load(file: IO[bytes], found: dict[str, Entry], name: str) -> object:
    if name not in found:
        raise BundleError(f"An image in the bundle lacks {name}")
    return _parsed(_read(file, found[name]), name)


def _parsed(data: bytes, name: str) -> object:
    with suppress(ValueError, RecursionError):
        parsed: object = json.loads(data)
        return parsed
    raise BundleError(f"{clean(name)} in the bundle can't be read")


def _read(file: IO[bytes], entry: Entry, most_bytes: int = _JSON_BYTES) -> bytes:
    if entry.kind not in {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.XHDTYPE} or entry.size > most_bytes:
        raise BundleError(f"{clean(entry.name)} in the bundle can't be read")
    file.seek(entry.at)
    return file.read(entry.size)
