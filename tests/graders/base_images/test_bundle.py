"""A bundle arrives whole or not at all, and names nothing that it may not name."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from pathlib import Path

import pytest

from graders.base_images.bundle import MANIFEST, load_bundle, save_bundle
from graders.base_images.save_archive import BundleError
from graders.cancel import Cancel
from graders.engine.base import ImageInfo, LayerInfo
from graders.engine.fake.engine import FakeEngine
from graders.errors import Cancelled, ImageUnavailable
from tests.rows import rows

SLIM = "python:3.11-slim"
OTHER = "busybox:1.35"
KNOWN = frozenset({SLIM, OTHER})


def archive(text: str, *, stand_in: bool = False, **changes: object) -> bytes:
    """What `docker save` writes of an image with one layer; `changes` spoil its manifest."""
    layer = text.encode() * 2000
    diff_id = f"sha256:{sha256(layer).hexdigest()}"
    labels = {"dev.dockyard.stand-in": SLIM} if stand_in else {}
    config = json.dumps({"config": {"Labels": labels}, "rootfs": {"type": "layers", "diff_ids": [diff_id]}}).encode()
    name = f"{sha256(config).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": None, "Layers": ["one/layer.tar"], **changes}]
    return packed({"one/layer.tar": layer, name: config, "manifest.json": json.dumps(manifest).encode()})


def packed(files: dict[str, bytes], *more: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        for entry in more:
            tar.addfile(entry)
    return buffer.getvalue()


class Store(FakeEngine):
    """An engine whose images are archives in memory."""

    def __init__(self, **archives: bytes) -> None:
        super().__init__(bases=())
        self.archives: dict[str, bytes] = {}
        self.names: dict[str, str] = {}
        for data in archives.values():
            self.keep(data)

    def keep(self, data: bytes, *names: str) -> str:
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            config_name = next(name for name in tar.getnames() if name.endswith(".json") and name != "manifest.json")
        image_id = f"sha256:{config_name.removesuffix('.json')}"
        self.archives[image_id] = data
        self.names |= dict.fromkeys(names, image_id)
        return image_id

    def image(self, reference: str) -> ImageInfo | None:
        data = self.archives.get(self.names.get(reference, reference))
        if data is None:
            return None
        image_id = self.names.get(reference, reference)
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            member = tar.extractfile(f"{image_id.removeprefix('sha256:')}.json")
            assert member is not None
            config = json.load(member)
        layers = tuple(LayerInfo(digest, 1, "") for digest in config["rootfs"]["diff_ids"])
        labels = config["config"]["Labels"]
        return ImageInfo(image_id, len(data), labels=labels, layers=layers, stand_in=bool(labels))

    def export(self, image_id: str, cancel: Cancel) -> AbstractContextManager[Iterator[bytes]]:
        data = self.archives[image_id]
        return nullcontext(iter([data[at : at + 700] for at in range(0, len(data), 700)]))

    def load_image(self, chunks: Iterator[bytes], cancel: Cancel) -> str:
        return self.keep(b"".join(chunks))

    def tag(self, image_id: str, reference: str) -> None:
        self.names[reference] = image_id

    def remove_image(self, reference: str) -> None:
        if self.names.pop(reference, None) is None:
            self.archives.pop(reference, None)


def saved(folder: Path, *, stand_in: bool = True) -> Path:
    """A bundle of two images, one with the mark of a stand-in."""
    store = Store()
    store.keep(archive("python", stand_in=stand_in), SLIM)
    store.keep(archive("busybox"), OTHER)
    file = folder / "bases.tar"
    list(save_bundle(store, (SLIM, OTHER), file, Cancel()))
    return file


def made(folder: Path, images: list[tuple[str, bytes]], **changes: object) -> Path:
    """A bundle made by hand, its sums right; `changes` go into the row of the first image."""
    rows, files = [], {}
    for at, (reference, data) in enumerate(images):
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            names = [name for name in tar.getnames() if name.endswith(".json") and len(name) == 69]
        row = {
            "references": [reference],
            "id": f"sha256:{names[0][:64]}" if names else "",
            "stand_in": False,
            "file": f"images/{at}.tar",
            "bytes": len(data),
            "sha256": sha256(data).hexdigest(),
        }
        rows.append(row | (changes if at == 0 else {}))
        files[f"images/{at}.tar"] = data
    manifest = json.dumps({"format": 1, "images": rows}).encode()
    file = folder / "made.tar"
    file.write_bytes(packed({MANIFEST: manifest, **files}))
    return file


def outcomes(store: Store, file: Path, *, replace: bool = False) -> dict[str, str]:
    work = load_bundle(store, file, KNOWN, Cancel(), replace=replace)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return {loaded.reference: loaded.outcome for loaded in end.value}


def test_bundle_travels_to_an_empty_engine(tmp_path: Path) -> None:
    """Both images arrive under their names, and the mark of a stand-in with them."""
    store = Store()

    assert outcomes(store, saved(tmp_path)) == {SLIM: "loaded", OTHER: "loaded"}

    image = store.image(SLIM)

    assert image is not None
    assert image.stand_in
    assert outcomes(store, saved(tmp_path)) == {SLIM: "here already", OTHER: "here already"}
    assert [path.name for path in tmp_path.glob("*bases*")] == ["bases.tar"]


def test_real_image_is_not_replaced_by_a_stand_in(tmp_path: Path) -> None:
    """It stays, unless the user says otherwise; a stand-in gives way to a real one by itself."""
    store = Store()
    real = store.keep(archive("the real one"), SLIM)

    assert outcomes(store, saved(tmp_path))[SLIM] == "kept"
    assert store.names[SLIM] == real
    assert outcomes(store, saved(tmp_path), replace=True)[SLIM] == "loaded"
    assert store.names[SLIM] != real

    stand_in = store.names[SLIM]

    assert outcomes(store, saved(tmp_path, stand_in=False))[SLIM] == "loaded"
    assert stand_in not in store.archives


def test_missing_image_is_not_saved(tmp_path: Path) -> None:
    """The hint says how to get it, and no file is left."""
    with pytest.raises(ImageUnavailable) as caught:
        list(save_bundle(Store(), (SLIM,), tmp_path / "bases.tar", Cancel()))

    assert "dockyard images pull" in caught.value.hint
    assert not list(tmp_path.glob("*bases*"))


def test_cancelled_save_leaves_no_file(tmp_path: Path) -> None:
    """Neither the bundle nor a part of it."""
    store = Store()
    store.keep(archive("python"), SLIM)
    cancel = Cancel()
    work = save_bundle(store, (SLIM,), tmp_path / "bases.tar", cancel)
    next(work)
    cancel.set()
    with pytest.raises(Cancelled):
        list(work)

    assert not list(tmp_path.glob("*bases*"))


@rows("left", [100, 3000, 66_100, 70_000, -5000])
def test_truncated_bundle_changes_nothing(tmp_path: Path, left: int) -> None:
    """Wherever it was cut, the error says so and the engine stays empty."""
    file = saved(tmp_path)
    file.write_bytes(file.read_bytes()[:left])
    store = Store()
    with pytest.raises(BundleError):
        outcomes(store, file)

    assert not store.archives


def test_every_flipped_byte_is_noticed(tmp_path: Path) -> None:
    """Bytes of headers, manifest and images, at many places; padding alone is free."""
    file = saved(tmp_path)
    whole = file.read_bytes()
    used = [at for at in range(0, len(whole), 509) if whole[at] not in {0, 32}]
    for at in used:
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        store = Store()
        with pytest.raises(BundleError):
            outcomes(store, file)

        assert not store.names

    assert len(used) > 40


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def with_more(*entries: tarfile.TarInfo, **files: bytes) -> bytes:
    """A good archive and something more."""
    with tarfile.open(fileobj=io.BytesIO(archive("python"))) as tar:
        found = {}
        for member in tar:
            data = tar.extractfile(member)
            assert data is not None
            found[member.name] = data.read()
    return packed(found | files, *entries)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "tag of its own": lambda: archive("python", RepoTags=["debian:12"]),
    "tag by the old file": lambda: with_more(repositories=b'{"debian": {"12": "x"}}'),
    "tag by an index": lambda: with_more(
        **{"index.json": b'{"manifests": [{"annotations": {"io.containerd.image.name": "library/debian:12"}}]}'}
    ),
    "index that can't be read": lambda: with_more(**{"index.json": b'{"manifests": 3}'}),
    "way up": lambda: with_more(**{"../../etc/cron.d/x": b"x"}),
    "absolute path": lambda: with_more(**{"/etc/passwd": b"x"}),
    "link out": lambda: with_more(link("one/x", "../../../etc/passwd")),
    "absolute link": lambda: with_more(link("x", "/etc/passwd")),
    "hard link": lambda: with_more(link("x", "manifest.json", tarfile.LNKTYPE)),
    "device": lambda: with_more(link("x", "", tarfile.CHRTYPE)),
    "long name": lambda: with_more(**{"a/" * 80 + "x": b"x"}),
    "no layer": lambda: archive("python", Layers=["two/layer.tar"]),
    "no configuration": lambda: archive("python", Config="nothing.json"),
    "configuration that is a number": lambda: archive("python", Config=3),
    "two images": lambda: with_more(**{"manifest.json": b"[{}, {}]"}),
    "manifest that nests without end": lambda: with_more(**{"manifest.json": b"[" * 100_000}),
}


@rows("name", HOSTILE)
def test_hostile_image_is_refused_before_the_engine_sees_it(tmp_path: Path, name: str) -> None:
    """Its sums are right, and still nothing of it is handed over."""
    store = Store()
    with pytest.raises(BundleError):
        outcomes(store, made(tmp_path, [(SLIM, HOSTILE[name]())]))

    assert "load_image" not in store.calls
    assert not store.archives


@rows(
    "changes",
    [
        {"references": ["debian:12"]},
        {"references": []},
        {"references": [SLIM, SLIM]},
        {"references": ["\x1b]52;c;eA==\x07"]},
        {"file": "../images/0.tar"},
        {"bytes": 5},
        {"bytes": -1},
        {"sha256": "0" * 64},
        {"id": "sha256:" + "0" * 64},
        {"stand_in": True},
        {"stand_in": "yes"},
    ],
    ids=str,
)
def test_lying_manifest_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    """Other names, other places, other sums, or a real image passed off as a stand-in."""
    store = Store()
    with pytest.raises(BundleError) as caught:
        outcomes(store, made(tmp_path, [(SLIM, archive("python"))], **changes))

    assert not store.archives
    assert "\x1b" not in caught.value.message


def test_stand_in_is_not_passed_off_as_real(tmp_path: Path) -> None:
    """The image's own label counts, not what the manifest says."""
    with pytest.raises(BundleError, match="another image"):
        outcomes(Store(), made(tmp_path, [(SLIM, archive("python", stand_in=True))]))


def test_foreign_files_are_no_bundles(tmp_path: Path) -> None:
    """A plain archive of an image, a text, an empty file, a folder, a FIFO, nothing at all."""
    (tmp_path / "image.tar").write_bytes(archive("python"))
    (tmp_path / "text").write_text("hello\n" * 1000)
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "fifo")
    for name in ("image.tar", "text", "empty", ".", "fifo", "missing"):
        with pytest.raises(BundleError):
            outcomes(Store(), tmp_path / name)


def test_format_of_another_version_is_named(tmp_path: Path) -> None:
    """The message names both."""
    file = tmp_path / "new.tar"
    file.write_bytes(packed({MANIFEST: b'{"format": 2, "pictures": []}'}))
    with pytest.raises(BundleError, match=r"format 2, and this Dockyard reads 1"):
        outcomes(Store(), file)
