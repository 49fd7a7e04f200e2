"""Owns looking for files and tokens in a saved image; must never write to disk nor hold a layer in memory.

The stream is what `docker save` writes: either `<id>/layer.tar` a layer (older engines), or `blobs/sha256/<digest>`
(OCI layout), with `manifest.json`, which says which is which, often last. So every layer is read as it comes by,
and what belongs to the base is dropped at the end. The image is hostile: names, links and contents may be anything.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from graders.blame import shared_layers
from graders.context import LayerFile, LayerScan, TokenHit
from graders.engine.base import ImageInfo
from graders.layers.leak_search import LeakSearch
from graders.layers.packed import IMAGE_BUDGET, LAYER_BUDGET, Budget, PackedSearch, gunzipped, is_gzip, peeked
from graders.layers.program import HEAD_BYTES, PROGRAM, is_program, program_kind
from graders.layers.store import ACCOUNT_FILES, LayerStore, ScannedLayer
from graders.limits import MIB
from graders.tar_stream import BLOCK_BYTES, ByteStream, TarEntry, TruncatedTarError, entries

MANIFEST = "manifest.json"
MANIFEST_CAP_BYTES = 4 * MIB
ACCOUNT_CAP_BYTES = MIB
SETUID = 0o4000
ENTER_BY_ALL = 0o001
MAX_FILES = 300_000
"""Files that are kept of one image; tokens are looked for in all."""
WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
INFLATED_CAP_BYTES = 4096 * MIB
"""How much a compressed layer may unfold to."""


@dataclass(slots=True)
class _Layer:
    files: list[LayerFile] = field(default_factory=list)
    hits: list[TokenHit] = field(default_factory=list)
    accounts: dict[str, bytes | None] = field(default_factory=dict)
    unopened: str = ""
    problem: str = ""


def scan(
    chunks: Iterator[bytes],
    image: ImageInfo,
    base: ImageInfo | None,
    tokens: tuple[str, ...],
    store: LayerStore | None = None,
) -> LayerScan:
    """Read a saved image: the files of the layers above the base, and where the tokens turned up.

    Never raises for what the image holds; `problem` says what could not be read. What was read goes to the `store`.
    """
    scanner = _Scanner(tokens)
    order, hits, problem = scanner.scan(chunks, image)
    if store is not None and not problem:
        for diff_id, layer in zip(image.diff_ids, order, strict=False):
            if layer is not None:
                store.save(diff_id, tokens, layer)
    return _assembled(order, hits, image, base, problem)


def recall(
    image: ImageInfo, base: ImageInfo | None, tokens: tuple[str, ...], store: LayerStore | None
) -> LayerScan | None:
    """The same as `scan` without an export, when every layer was read before; else None."""
    if store is None or not image.about or not image.diff_ids:
        return None
    order: list[ScannedLayer | None] = []
    for diff_id in image.diff_ids:
        layer = store.load(diff_id, tokens)
        if layer is None:
            return None
        order.append(layer)
    hits = [TokenHit(token, -1, "") for token in tokens if token in image.about]
    return _assembled(order, hits, image, base, "")


def _assembled(
    order: list[ScannedLayer | None],
    config_hits: list[TokenHit],
    image: ImageInfo,
    base: ImageInfo | None,
    problem: str,
) -> LayerScan:
    skip = shared_layers(image, base)
    files: list[LayerFile] = []
    hits = list(config_hits)
    accounts: dict[str, bytes | None] = {}
    base_files: list[LayerFile] = []
    closed: dict[str, LayerFile] = {}
    unopened = ""
    for index, layer in enumerate(order):
        if layer is None:
            continue
        accounts |= layer.accounts
        for file in layer.files:
            if file.whiteout:
                continue
            if file.kind == "dir" and not file.mode & ENTER_BY_ALL:
                closed[file.path] = file
            elif file.path in closed:
                del closed[file.path]
        if index >= skip:
            problem = problem or layer.problem
            unopened = unopened or layer.unopened
            files += [replace(file, layer=index) for file in layer.files]
            hits += [replace(hit, layer=index) for hit in layer.hits]
        else:
            base_files += [file for file in layer.files if _is_telling(file)]
    passwd, shadow, group = (accounts.get(path) for path in ACCOUNT_FILES)
    return LayerScan(
        tuple(files),
        tuple(hits),
        passwd=passwd,
        shadow=shadow,
        group=group,
        base_files=tuple(base_files),
        closed=tuple(closed.values()),
        unopened=unopened,
        problem=problem,
    )


def _is_telling(file: LayerFile) -> bool:
    """Whether a check may have to know that the base brought it."""
    return bool(file.mode & SETUID or file.capabilities or file.program not in {"", PROGRAM})


class _Scanner:
    def __init__(self, tokens: tuple[str, ...]) -> None:
        self._tokens = tuple(token.encode() for token in tokens)
        self._layers: dict[str, ScannedLayer] = {}
        self._aliases: dict[str, str] = {}
        self._manifest = b""
        self._config_hits: list[TokenHit] = []
        self._files_left = MAX_FILES
        self._budget = Budget(IMAGE_BUDGET)

    def scan(self, chunks: Iterator[bytes], image: ImageInfo) -> tuple[list[ScannedLayer | None], list[TokenHit], str]:
        """The layers in the image's order, hits in its configuration, and what could not be read."""
        problem = ""
        try:
            for entry, content in entries(ByteStream(chunks)):
                self._outer(entry, content)
        except TruncatedTarError:
            problem = "The engine's export of the image broke off"
        order = self._order(image)
        if not problem and any(layer is None for layer in order):
            problem = "The engine's export lacks a layer of the image"
        return order, self._config_hits, problem

    def _outer(self, entry: TarEntry, content: Iterator[bytes]) -> None:
        name = _clean_path(entry.name)
        if entry.kind == "link":
            self._aliases[name] = _clean_path(posixpath.join(posixpath.dirname(name), entry.link))
        if entry.kind != "file":
            return
        first, whole = peeked(content, BLOCK_BYTES)
        if name == MANIFEST:
            self._manifest = self._config(whole, MANIFEST_CAP_BYTES)
        elif is_gzip(first):
            self._layers[name] = self._layer(gunzipped(whole, INFLATED_CAP_BYTES))
        elif name.endswith("/layer.tar") or first[257:262] == b"ustar" or not first[:BLOCK_BYTES].strip(b"\0"):
            self._layers[name] = self._layer(whole)
        else:
            self._config(whole, 0)

    def _config(self, content: Iterator[bytes], cap_bytes: int) -> bytes:
        search = LeakSearch(self._tokens)
        kept = bytearray()
        for piece in content:
            search.feed(piece)
            kept += piece[: max(0, cap_bytes - len(kept))]
        for token in search.take():
            hit = TokenHit(token=token.decode(), layer=-1, path="")
            if hit not in self._config_hits:
                self._config_hits.append(hit)
        return bytes(kept)

    def _layer(self, content: Iterator[bytes]) -> ScannedLayer:
        """Read one layer. Headers, names, link targets and extended attributes are searched like contents."""
        layer = _Layer()
        search = LeakSearch(self._tokens)
        packed = PackedSearch(self._tokens, Budget(LAYER_BUDGET, self._budget))
        stream = ByteStream(content, search.feed)
        try:
            for entry, data in entries(stream):
                path = _clean_path(entry.name)
                head, whole = peeked(data, HEAD_BYTES)
                search.may_be_text = b"\0" not in head
                rest = self._entry(layer, entry, path, head, whole)
                inner, closed = packed.look(head, rest) if entry.kind == "file" else ((), "")
                if closed and not layer.unopened:
                    layer.unopened = f"/{path} could not be looked through: {closed}"
                for _ in data:
                    pass
                layer.hits += [TokenHit(token.decode(), 0, path) for token in {*search.take(), *inner}]
            stream.drain()
        except TruncatedTarError:
            layer.problem = "A layer of the image could not be read to its end"
            stream.drain()
        layer.hits += [TokenHit(token.decode(), 0, "") for token in search.take()]
        return ScannedLayer(
            tuple(layer.files),
            tuple(layer.hits),
            accounts=layer.accounts,
            unopened=layer.unopened,
            problem=layer.problem,
        )

    def _entry(
        self, layer: _Layer, entry: TarEntry, path: str, head: bytes, content: Iterator[bytes]
    ) -> Iterator[bytes]:
        """Note one file; its content, unless that had to be read."""
        program = ""
        if entry.kind == "file" and is_program(head, path):
            program = program_kind(content)
        folder, name = posixpath.split(path)
        is_whiteout = name.startswith(WHITEOUT)
        shown = folder if name == OPAQUE else posixpath.join(folder, name.removeprefix(WHITEOUT))
        if self._files_left > 0:
            self._files_left -= 1
            layer.files.append(
                LayerFile(
                    layer=0,
                    path=shown if is_whiteout else path,
                    size_bytes=entry.size_bytes,
                    mode=entry.mode,
                    uid=entry.uid,
                    gid=entry.gid,
                    kind=entry.kind,
                    whiteout=is_whiteout,
                    program=program,
                    capabilities=entry.capabilities,
                )
            )
        elif not layer.problem:
            layer.problem = f"The image has more than {MAX_FILES} files, not all were listed"
        for account in ACCOUNT_FILES:
            if is_whiteout and shown in {account, posixpath.dirname(account)}:
                layer.accounts.setdefault(account, None)
        if path in ACCOUNT_FILES:
            is_plain = entry.kind == "file" and entry.size_bytes <= ACCOUNT_CAP_BYTES
            layer.accounts[path] = b"".join(content) if is_plain else None
        return content

    def _order(self, image: ImageInfo) -> list[ScannedLayer | None]:
        """The layers in the order of `image.diff_ids`, by the manifest, else by their digests; None: not seen."""
        names: list[str] = []
        try:
            manifest = json.loads(self._manifest or b"[]")
        except (ValueError, RecursionError):
            manifest = []
        first = manifest[0] if isinstance(manifest, list) and manifest else {}
        listed = first.get("Layers") if isinstance(first, dict) else None
        if isinstance(listed, list) and len(listed) == len(image.diff_ids):
            names = [_clean_path(str(name)) for name in listed]
        else:
            names = [f"blobs/{diff_id.replace(':', '/')}" for diff_id in image.diff_ids]
        return [self._layers.get(name) or self._layers.get(self._aliases.get(name, "")) for name in names]


def _clean_path(name: str) -> str:
    """A path relative to the root: "./a", "/a" and "../a" are all "a"."""
    return posixpath.normpath(f"/{name}").lstrip("/")
