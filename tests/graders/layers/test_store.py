"""What is remembered of layers: true, whole, bounded, and never trusted when damaged."""

from __future__ import annotations

from pathlib import Path

from graders.context import LayerFile, LayerScan, TokenHit
from graders.engine.base import ImageInfo, LayerInfo
from graders.layers.scan import recall
from graders.layers.store import FolderStore, ScannedLayer
from tests.rows import rows

TOKEN = "dockyard-canary-0123456789abcdef"
FILE = LayerFile(0, "app/naïve .env", 7, 0o644, 1000, 1000, "file")
LAYER = ScannedLayer(
    (FILE,), (TokenHit(TOKEN, 0, FILE.path),), accounts={"etc/passwd": b"\xffroot:x:0:0\n", "etc/shadow": None}
)


def entries(store: Path) -> list[Path]:
    return sorted(store.glob("*.layer"))


def test_layer_comes_back_as_it_was(tmp_path: Path) -> None:
    """Files, hits and passwd survive; another process reads them too."""
    FolderStore(tmp_path / "new").save("sha256:a", (TOKEN,), LAYER)

    assert LAYER == FolderStore(tmp_path / "new").load("sha256:a", (TOKEN,))


def test_other_tokens_and_other_layers_are_not_known(tmp_path: Path) -> None:
    """What was looked for is part of the key."""
    store = FolderStore(tmp_path)
    store.save("sha256:a", (TOKEN,), LAYER)

    assert store.load("sha256:a", (TOKEN, "other")) is None
    assert store.load("sha256:b", (TOKEN,)) is None


@rows("damage", [b"", b"garbage", b"\0" * 200])
def test_damaged_entry_counts_as_missing_and_goes(tmp_path: Path, damage: bytes) -> None:
    """A wrong checksum is never read further."""
    store = FolderStore(tmp_path)
    store.save("sha256:a", (TOKEN,), LAYER)
    entries(tmp_path)[0].write_bytes(damage)

    assert store.load("sha256:a", (TOKEN,)) is None
    assert [] == entries(tmp_path)


def test_cut_entry_counts_as_missing(tmp_path: Path) -> None:
    """A half-written entry is no entry."""
    store = FolderStore(tmp_path)
    store.save("sha256:a", (TOKEN,), LAYER)
    path = entries(tmp_path)[0]
    path.write_bytes(path.read_bytes()[:-3])

    assert store.load("sha256:a", (TOKEN,)) is None


def test_partial_layer_is_not_kept(tmp_path: Path) -> None:
    """A layer that could not be read to its end is read again next time."""
    FolderStore(tmp_path).save("sha256:a", (), ScannedLayer(problem="broke off"))

    assert [] == entries(tmp_path)


def test_store_stays_within_its_bound(tmp_path: Path) -> None:
    """The oldest entries go first."""
    store = FolderStore(tmp_path, cap_bytes=2000)
    for number in range(50):
        store.save(f"sha256:{number}", (TOKEN,), LAYER)

    assert sum(path.stat().st_size for path in entries(tmp_path)) <= 2000
    assert store.load("sha256:49", (TOKEN,)) is not None
    assert store.load("sha256:0", (TOKEN,)) is None


def test_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """Remembering is a convenience."""
    (tmp_path / "file").write_text("")
    store = FolderStore(tmp_path / "file" / "below")
    store.save("sha256:a", (), LAYER)

    assert store.load("sha256:a", ()) is None


def test_recall_needs_every_layer_and_reads_the_configuration_anew(tmp_path: Path) -> None:
    """The base's files are left out, its passwd counts, and a token in a label is found without an export."""
    store = FolderStore(tmp_path)
    layers = tuple(LayerInfo(f"sha256:{at}", 1, "RUN") for at in range(2))
    image = ImageInfo("sha256:i", 2, layers=layers, about=f'{{"Labels": {{"x": "{TOKEN}"}}}}')
    base = ImageInfo("sha256:b", 1, layers=layers[:1])
    store.save("sha256:0", (TOKEN,), LAYER)

    assert recall(image, base, (TOKEN,), store) is None
    store.save("sha256:1", (TOKEN,), ScannedLayer((FILE,)))
    expected = LayerScan(
        (LayerFile(1, FILE.path, 7, 0o644, 1000, 1000, "file"),),
        (TokenHit(TOKEN, -1, ""),),
        passwd=LAYER.accounts["etc/passwd"],
    )
    assert expected == recall(image, base, (TOKEN,), store)
    assert recall(image, base, (TOKEN,), None) is None
