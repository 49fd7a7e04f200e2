"""Looking through saved images, honest and hostile ones."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Iterator

from graders.context import TokenHit
from graders.engine.base import ImageInfo, LayerInfo
from graders.layers.scan import scan
from tests.rows import rows

TOKEN = "dockyard-canary-0123456789abcdef"
OTHER = "dockyard-canary-fedcba9876543210"


def tar(*members: tuple[str, bytes], end: bool = True, **fields: object) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for key, value in fields.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(data) if info.isreg() else None)
    return stream.getvalue() if end else stream.getvalue()[:-10240]


def saved(*layers: bytes, manifest_last: bool = True, config: bytes = b"{}", oci: bool = False) -> bytes:
    names = [f"blobs/sha256/{at}" if oci else f"{at}/layer.tar" for at in range(len(layers))]
    manifest = ("manifest.json", json.dumps([{"Config": "c.json", "Layers": names}]).encode())
    members = [("c.json", config), *zip(names, layers, strict=True)]
    return tar(*([*members, manifest] if manifest_last else [manifest, *members]))


def image(count: int) -> ImageInfo:
    layers = tuple(LayerInfo(f"sha256:{at}", 1, "RUN") for at in range(count))
    return ImageInfo(id="sha256:i", size_bytes=count, layers=layers)


def chunks(data: bytes, size: int = 4096) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@rows("oci", [False, True])
@rows("manifest_last", [False, True])
@rows("size", [1, 37, 100_000])
def test_token_is_found_in_both_layouts_at_any_chunk_size(*, oci: bool, manifest_last: bool, size: int) -> None:
    """A token across the border of two chunks is found, with its layer and path."""
    data = saved(tar(("base", b"x")), tar(("app/.env", b"A=" + TOKEN.encode())), manifest_last=manifest_last, oci=oci)
    found = scan(chunks(data, size), image(2), image(1), (TOKEN, OTHER))

    assert (TokenHit(TOKEN, 1, "app/.env"),) == found.hits
    assert [(1, "app/.env")] == [(file.layer, file.path) for file in found.files]
    assert "" == found.problem


def test_base_layers_are_left_out_but_their_passwd_is_read() -> None:
    """A token in the base is not the learner's; the topmost passwd counts."""
    base = tar(("etc/passwd", b"root:x:0:0\n"), ("a", TOKEN.encode()))
    found = scan(chunks(saved(base, tar(("b", b"")))), image(2), image(1), (TOKEN,))

    assert () == found.hits
    assert b"root:x:0:0\n" == found.passwd


def test_deleted_file_is_found_in_the_layer_below() -> None:
    """A whiteout hides nothing from the scan, and is reported as one."""
    found = scan(chunks(saved(tar((".env", TOKEN.encode())), tar((".wh..env", b"")))), image(2), None, (TOKEN,))

    assert (TokenHit(TOKEN, 0, ".env"),) == found.hits
    assert [False, True] == [file.whiteout for file in found.files]
    assert ".env" == found.files[1].path


def test_token_is_found_in_names_links_attributes_archives_and_configuration() -> None:
    """Wherever a token can stand, it is seen."""
    layers = (
        tar((f"x/{TOKEN}", b"")),
        tar(("link", b""), type=tarfile.SYMTYPE, linkname=TOKEN),
        tar(("attribute", b""), pax_headers={"SCHILY.xattr.user.note": TOKEN}),
        tar(("code.gz", gzip.compress(TOKEN.encode() * 3))),
        gzip.compress(tar(("packed", TOKEN.encode()))),
    )
    found = scan(chunks(saved(*layers, config=TOKEN.encode())), image(5), None, (TOKEN,))

    assert [-1, 0, 1, 2, 3, 4] == sorted(hit.layer for hit in found.hits)


def test_hostile_entries_are_listed_and_do_no_harm() -> None:
    """Devices, paths out of the root and endless names are data like any other."""
    layers = (
        tar(("dev", b""), type=tarfile.CHRTYPE),
        tar(("../../etc/shadow", b"x"), ("/abs", b"y")),
        tar(("n" * 200_000, b"")),
        tar(("etc/passwd", b""), type=tarfile.SYMTYPE, linkname="/proc/self/environ"),
    )
    found = scan(chunks(saved(*layers)), image(4), None, (TOKEN,))

    assert ["other", "file", "file"] == [file.kind for file in found.files[:3]]
    assert ["dev", "etc/shadow", "abs"] == [file.path for file in found.files[:3]]
    assert len(found.files[3].path) < 100_000
    assert found.passwd is None


@rows("cut", [0, 100, 600, 1500, 3000])
def test_truncated_export_is_said_and_never_raises(cut: int) -> None:
    """An export that breaks off anywhere is a problem, not a crash."""
    data = saved(tar(("a", b"x" * 2000)))

    assert scan(chunks(data[:cut]), image(1), None, (TOKEN,)).problem


def test_garbage_layer_is_said_and_still_searched() -> None:
    """A layer that is no tar is searched to its end."""
    data = saved(b"\0" * 100 + b"garbage" * 500 + TOKEN.encode())
    found = scan(chunks(data), image(1), None, (TOKEN,))

    assert found.problem or found.hits


def test_missing_layer_is_said() -> None:
    """An image with more layers than the export has can't be called clean."""
    assert scan(chunks(saved(tar(("a", b"")))), image(2), None, (TOKEN,)).problem
