"""Owns what is remembered of layers that were read before; must never trust what it finds on disk.

A layer's digest says what is in it, so what was found in it once stays true. An entry is kept under the digest and
the tokens that were looked for, carries a checksum of its own, and counts as missing when anything about it is odd.
"""

from __future__ import annotations

import json
import os
import zlib
from contextlib import suppress
from dataclasses import astuple, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import msgspec

from graders.context import LayerFile, TokenHit
from graders.limits import MIB

FORMAT = 1
"""Counted up whenever a layer is read in another way."""
CHECKSUM_BYTES = 32
ENTRY_CAP_BYTES = 64 * MIB
"""Largest entry once unfolded."""


@dataclass(frozen=True, slots=True)
class ScannedLayer:
    """One layer, read to its end. Its files and hits bear the number 0."""

    files: tuple[LayerFile, ...] = ()
    hits: tuple[TokenHit, ...] = ()
    has_passwd: bool = False
    """Whether the layer says something about /etc/passwd: holds it, or hides it."""
    passwd: bytes | None = None
    problem: str = ""
    """Why not all was read; such a layer is never kept."""


class LayerStore(Protocol):
    """Remembers layers."""

    def load(self, diff_id: str, tokens: tuple[str, ...]) -> ScannedLayer | None:
        """What was found in this layer with these tokens; None when that isn't known."""
        ...

    def save(self, diff_id: str, tokens: tuple[str, ...], layer: ScannedLayer) -> None:
        """Remember a layer that was read to its end. Never raises for a full or read-only disk."""
        ...


class FolderStore:
    """A `LayerStore` in one folder, a file a layer; the oldest go when it grows beyond its bound."""

    def __init__(self, folder: Path, *, cap_bytes: int = 64 * MIB) -> None:
        self._folder = folder
        self._cap_bytes = cap_bytes

    def load(self, diff_id: str, tokens: tuple[str, ...]) -> ScannedLayer | None:
        """Read an entry; a damaged one is removed."""
        path = self._path(diff_id, tokens)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        layer = _decoded(data)
        with suppress(OSError):
            if layer is None:
                path.unlink()
            else:
                os.utime(path)
        return layer

    def save(self, diff_id: str, tokens: tuple[str, ...], layer: ScannedLayer) -> None:
        """Write an entry whole or not at all; a layer with a problem is left out."""
        if layer.problem:
            return
        data = _encoded(layer)
        if not data or len(data) > self._cap_bytes // 4:
            return
        path = self._path(diff_id, tokens)
        draft = path.with_suffix(f".{os.getpid()}.draft")
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                draft.write_bytes(data)
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
            self._shrink()

    def _path(self, diff_id: str, tokens: tuple[str, ...]) -> Path:
        key = json.dumps([FORMAT, diff_id, sorted(tokens)])
        return self._folder / f"{sha256(key.encode()).hexdigest()}.layer"

    def _shrink(self) -> None:
        entries = sorted(
            ((found.st_mtime, found.st_size, path) for path in self._folder.glob("*.layer") for found in [path.stat()]),
            reverse=True,
        )
        total_bytes = 0
        for _, size_bytes, path in entries:
            total_bytes += size_bytes
            if total_bytes > self._cap_bytes:
                path.unlink(missing_ok=True)


def _encoded(layer: ScannedLayer) -> bytes:
    document = {
        "files": [astuple(file) for file in layer.files],
        "hits": [astuple(hit) for hit in layer.hits],
        "has_passwd": layer.has_passwd,
        "passwd": layer.passwd,
    }
    plain = msgspec.json.encode(document)
    if len(plain) > ENTRY_CAP_BYTES:
        return b""
    body = zlib.compress(plain, 1)
    return sha256(body).digest() + body


def _decoded(data: bytes) -> ScannedLayer | None:
    checksum, body = data[:CHECKSUM_BYTES], data[CHECKSUM_BYTES:]
    if sha256(body).digest() != checksum:
        return None
    try:
        found = msgspec.json.decode(zlib.decompressobj().decompress(body, ENTRY_CAP_BYTES), type=_Document)
    except (msgspec.MsgspecError, zlib.error):
        return None
    return ScannedLayer(
        files=tuple(LayerFile(*row) for row in found.files),
        hits=tuple(TokenHit(*row) for row in found.hits),
        has_passwd=found.has_passwd,
        passwd=found.passwd,
    )


class _Document(msgspec.Struct):
    files: list[tuple[int, str, int, int, int, int, str, bool]]
    hits: list[tuple[str, int, str]]
    has_passwd: bool
    passwd: bytes | None
