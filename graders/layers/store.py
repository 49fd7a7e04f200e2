"""Owns what is remembered of layers that were read before; must never trust what it finds on disk.

A layer's digest says what is in it, so what was found in it once stays true. An entry is kept under the digest and
the tokens that were looked for, and counts as missing when anything about it is odd.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec

from graders.context import LayerFile, TokenHit
from graders.entry_folder import EntryFolder
from graders.limits import MIB

FORMAT = 4
"""Counted up whenever a layer is read in another way."""
ACCOUNT_FILES = ("etc/passwd", "etc/shadow", "etc/group")
ENTRY_CAP_BYTES = 64 * MIB
"""Largest entry once unfolded."""


@dataclass(frozen=True, slots=True)
class ScannedLayer:
    """One layer, read to its end. Its files and hits bear the number 0."""

    files: tuple[LayerFile, ...] = ()
    hits: tuple[TokenHit, ...] = ()
    accounts: Mapping[str, bytes | None] = field(default_factory=dict)
    """The files of `ACCOUNT_FILES` that the layer holds, by path; None: hidden, or no plain file."""
    unopened: str = ""
    """The first packed file that could not be looked through, and why; such a layer is never kept."""
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
        self._entries = EntryFolder(folder, ".layer", cap_bytes=cap_bytes)

    def load(self, diff_id: str, tokens: tuple[str, ...]) -> ScannedLayer | None:
        """Read an entry; a damaged one is removed."""
        key = _key(diff_id, tokens)
        data = self._entries.load(key)
        if data is None:
            return None
        layer = _decoded(data)
        if layer is None:
            self._entries.drop(key)
        return layer

    def save(self, diff_id: str, tokens: tuple[str, ...], layer: ScannedLayer) -> None:
        """Write an entry whole or not at all; a layer with a problem is left out."""
        data = b"" if layer.problem or layer.unopened else _encoded(layer)
        if data:
            self._entries.save(_key(diff_id, tokens), data)


def _key(diff_id: str, tokens: tuple[str, ...]) -> str:
    return json.dumps([FORMAT, diff_id, sorted(tokens)])


def _encoded(layer: ScannedLayer) -> bytes:
    document = {
        "files": [astuple(file) for file in layer.files],
        "hits": [astuple(hit) for hit in layer.hits],
        "accounts": dict(layer.accounts),
    }
    plain = msgspec.json.encode(document)
    if len(plain) > ENTRY_CAP_BYTES:
        return b""
    return zlib.compress(plain, 1)


def _decoded(data: bytes) -> ScannedLayer | None:
    try:
        found = _DECODER.decode(zlib.decompressobj().decompress(data, ENTRY_CAP_BYTES))
    except (msgspec.MsgspecError, zlib.error):
        return None
    return ScannedLayer(
        files=tuple(LayerFile(*row) for row in found.files),
        hits=tuple(TokenHit(*row) for row in found.hits),
        accounts=found.accounts,
    )


class _Document(msgspec.Struct):
    files: list[tuple[int, str, int, int, int, int, str, bool, str, int]]
    hits: list[tuple[str, int, str]]
    accounts: dict[str, bytes | None]


_DECODER = msgspec.json.Decoder(_Document)
"""Made once, at import: lanes that made it for themselves at the same moment could end the whole process."""
