"""Owns the one file that carries base images from machine to machine; must never name an image before it is proved.

A tar file: first `dockyard-bundle.json`, padded to one size since it is written last, then `images/0.tar` and so on,
each as `docker save` writes one image without a name. Whoever makes a bundle decides what the images hold: the sums
say that it arrived whole, not that it is well meant.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

import msgspec

from graders.base_images.save_archive import AGAIN, BLOCK, BundleError, SavedImage, entries, read_save
from graders.cancel import Cancel
from graders.engine.base import Engine, ImageInfo
from graders.errors import ImageUnavailable
from graders.event import BasePreparing
from graders.safe_text import clean

FORMAT = 1
MANIFEST = "dockyard-bundle.json"
_MANIFEST_BYTES = 64 * 1024
_CHUNK = 1024 * 1024
_TELL_BYTES = 8 * 1024 * 1024
_PULL = "Make it ready first with: dockyard images pull"


@dataclass(frozen=True, slots=True)
class BundledImage:
    """One image of a bundle."""

    references: tuple[str, ...]
    id: str
    stand_in: bool
    file: str
    bytes: int
    sha256: str
    """Of the file."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says that it holds."""

    format: int
    images: tuple[BundledImage, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of one reference of a bundle."""

    reference: str
    outcome: str
    """ "loaded", "here already", "kept" (another image has that name and stays)."""
    stand_in: bool


def save_bundle(
    engine: Engine, references: tuple[str, ...], file: Path, cancel: Cancel
) -> Generator[BasePreparing, None, Manifest]:
    """Write the images into `file`, as a whole or not at all. Raises ImageUnavailable, EngineError, OSError."""
    by_id: dict[str, tuple[ImageInfo, list[str]]] = {}
    for reference in references:
        image = engine.image(reference)
        if image is None:
            raise ImageUnavailable(reference, hint=_PULL)
        by_id.setdefault(image.id, (image, []))[1].append(reference)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with part.open("x+b") as out:
            out.write(bytes(BLOCK + _MANIFEST_BYTES))
            made: list[BundledImage] = []
            for number, (image, names) in enumerate(by_id.values()):
                made.append(
                    (
                        yield from _save_image(
                            engine, image, out, cancel, names=tuple(names), member=f"images/{number}.tar"
                        )
                    )
                )
            out.write(bytes(2 * BLOCK))
            manifest = Manifest(FORMAT, tuple(made))
            data = msgspec.json.encode(manifest)
            if len(data) > _MANIFEST_BYTES:
                raise BundleError("There are too many images for one bundle")
            out.seek(0)
            out.write(_header(MANIFEST, _MANIFEST_BYTES) + data.ljust(_MANIFEST_BYTES))
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _save_image(
    engine: Engine, image: ImageInfo, out: IO[bytes], cancel: Cancel, *, names: tuple[str, ...], member: str
) -> Generator[BasePreparing, None, BundledImage]:
    at, digest, size, told = out.tell(), sha256(), 0, 0
    out.write(bytes(BLOCK))
    yield BasePreparing(names[0], "Saving", 0.0)
    with engine.export(image.id, cancel) as chunks:
        for chunk in chunks:
            cancel.raise_if_set()
            digest.update(chunk)
            out.write(chunk)
            size += len(chunk)
            if size - told >= _TELL_BYTES:
                told = size
                yield BasePreparing(names[0], "Saving", min(1.0, size / max(image.size_bytes, 1)))
    out.write(bytes(-size % BLOCK))
    end = out.tell()
    out.seek(at)
    out.write(_header(member, size))
    out.seek(end)
    saved = read_save(out, at + BLOCK, size)
    out.seek(end)
    return BundledImage(names, saved.id, image.stand_in, member, size, digest.hexdigest())


def load_bundle(
    engine: Engine, file: Path, known: frozenset[str], cancel: Cancel, *, replace: bool = False
) -> Generator[BasePreparing, None, tuple[Loaded, ...]]:
    """Prove the whole bundle, then load it and name its images.

    `known` are the references that a bundle may name. An image that has such a name already stays, unless it is a
    stand-in and the bundle's is not, or `replace` says so. Raises BundleError, EngineError, Cancelled, OSError.
    """
    with _opened(file) as source:
        manifest, offsets = _read_manifest(source, known)
        saved: list[SavedImage] = []
        for image in manifest.images:
            saved.append((yield from _prove(source, image, offsets[image.file], cancel)))
        done: list[Loaded] = []
        for image, content in zip(manifest.images, saved, strict=True):
            yield BasePreparing(image.references[0], "Loading", 0.0)
            outcomes = {
                name: _outcome(engine.image(name), image, content, replace=replace) for name in image.references
            }
            if "loaded" in outcomes.values():
                _load_image(engine, source, image, cancel, at=offsets[image.file], content=content, outcomes=outcomes)
            done += [Loaded(name, outcome, image.stand_in) for name, outcome in outcomes.items()]
            yield BasePreparing(image.references[0], "Loaded", 1.0)
    return tuple(done)


def _outcome(present: ImageInfo | None, image: BundledImage, content: SavedImage, *, replace: bool) -> str:
    if present is None:
        return "loaded"
    # Another kind of image store has other ids for the same image.
    same_files = present.diff_ids == content.diff_ids and present.stand_in == image.stand_in
    if present.id == image.id or same_files:
        return "here already"
    return "loaded" if replace or (present.stand_in and not image.stand_in) else "kept"


def _load_image(
    engine: Engine,
    source: IO[bytes],
    image: BundledImage,
    cancel: Cancel,
    *,
    at: int,
    content: SavedImage,
    outcomes: dict[str, str],
) -> None:
    before = engine.image(image.id)
    digest = sha256()
    loaded = engine.load_image(_pieces(source, at, image.bytes, digest.update, cancel), cancel)
    found = engine.image(loaded)
    if digest.hexdigest() != image.sha256 or found is None or found.diff_ids != content.diff_ids:
        if before is None:
            engine.remove_image(loaded)
        raise BundleError(f"{clean(image.references[0])} arrived on the engine as another image than the bundle shows")
    for name, outcome in outcomes.items():
        if outcome == "loaded":
            replaced = engine.image(name)
            engine.tag(loaded, name)
            if replaced is not None and replaced.stand_in and replaced.id != loaded:
                engine.remove_image(replaced.id)


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    """Open a regular file, without waiting for a FIFO's writer."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise BundleError(f"{file} can't be read: {error.strerror}", hint="Name a file that was saved.") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise BundleError(f"{file} is not a regular file", hint="Name a file that was saved.")
    with os.fdopen(handle, "rb") as source:
        yield source


def _read_manifest(source: IO[bytes], known: frozenset[str]) -> tuple[Manifest, dict[str, int]]:
    """The manifest, and where each image's archive begins."""
    end = os.fstat(source.fileno()).st_size
    head = source.read(BLOCK)
    if not head.startswith(MANIFEST.encode() + b"\0"):
        raise BundleError("This is no bundle of Dockyard's", hint="dockyard images save FILE makes one.")
    members = entries(source, 0, end)
    first = next(members, None)
    if first is None:
        raise BundleError("The bundle is cut short", hint=AGAIN)
    source.seek(first.at)
    data = source.read(min(first.size, _MANIFEST_BYTES))
    try:
        version = msgspec.json.decode(data, type=dict[str, msgspec.Raw]).get("format", msgspec.Raw(b"0"))
        if bytes(version) != str(FORMAT).encode():
            theirs = clean(bytes(version).decode("utf-8", "replace"), max_len=20)
            raise BundleError(
                f"The bundle has format {theirs}, and this Dockyard reads {FORMAT}",
                hint="Update Dockyard, or save it with this version.",
            )
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.DecodeError as error:
        raise BundleError(f"The bundle's manifest can't be read: {clean(str(error))}", hint=AGAIN) from error
    _check_references(manifest, known)
    found: dict[str, int] = {}
    for entry in members:
        expected = manifest.images[len(found)] if len(found) < len(manifest.images) else None
        if expected is None or entry.name != expected.file or entry.kind != tarfile.REGTYPE:
            raise BundleError(f"The bundle holds {clean(entry.name)!r}, which its manifest does not name there")
        if entry.size != expected.bytes:
            raise BundleError(f"{expected.file} in the bundle has another size than its manifest says", hint=AGAIN)
        found[entry.name] = entry.at
    if len(found) != len(manifest.images):
        raise BundleError(f"The bundle is cut short: it holds {len(found)} of {len(manifest.images)}", hint=AGAIN)
    return manifest, found


def _check_references(manifest: Manifest, known: frozenset[str]) -> None:
    names = [name for image in manifest.images for name in image.references]
    for name in names:
        if name not in known:
            raise BundleError(
                f"The bundle wants to name an image {clean(name, max_len=100)}, which this course does not use",
                hint="dockyard images list shows what it uses.",
            )
    if not names or len(set(names)) != len(names) or not all(image.references for image in manifest.images):
        raise BundleError("The bundle's manifest names no image, or one twice")
    if [image.file for image in manifest.images] != [f"images/{at}.tar" for at in range(len(manifest.images))]:
        raise BundleError("The bundle's manifest names files that no bundle holds")


def _prove(
    source: IO[bytes], image: BundledImage, at: int, cancel: Cancel
) -> Generator[BasePreparing, None, SavedImage]:
    digest, done, told = sha256(), 0, 0
    yield BasePreparing(image.references[0], "Checking the bundle", 0.0)
    for piece in _pieces(source, at, image.bytes, digest.update, cancel):
        done += len(piece)
        if done - told >= _TELL_BYTES:
            told = done
            yield BasePreparing(image.references[0], "Checking the bundle", done / image.bytes)
    if digest.hexdigest() != image.sha256:
        raise BundleError(f"{image.file} in the bundle is damaged: its sum is not that of the manifest", hint=AGAIN)
    saved = read_save(source, at, image.bytes)
    if saved.id != image.id or saved.stand_in != image.stand_in:
        raise BundleError(f"{clean(image.references[0])} in the bundle is another image than its manifest says")
    return saved


def _pieces(source: IO[bytes], at: int, size: int, update: Callable[[bytes], None], cancel: Cancel) -> Iterator[bytes]:
    left = size
    source.seek(at)
    while left > 0:
        cancel.raise_if_set()
        piece = source.read(min(left, _CHUNK))
        if not piece:
            raise BundleError("The bundle is cut short", hint=AGAIN)
        left -= len(piece)
        update(piece)
        yield piece


def _header(name: str, size: int) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o644, 0
    # GNU's form, since the plain one ends at 8 GiB.
    return entry.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")
