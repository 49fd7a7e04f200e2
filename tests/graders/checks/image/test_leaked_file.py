"""Ways to hide a planted file in an image, read from real archives; and copies that are not shipped."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest

from graders.canary import make_canaries
from graders.checks.image.leaked_file import CHECK, Params
from graders.context import LayerScan
from graders.engine.base import ImageInfo, LayerInfo
from graders.finding import Finding, Undecidable
from graders.layers.scan import scan
from graders.recorded import image_context
from tests.rows import rows

(CANARY,) = make_canaries("tiny", [".env"])
DATA = CANARY.data


def tar(*members: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def read(*layers: bytes, config: bytes = b"{}", tokens: tuple[str, ...] = (CANARY.token,)) -> LayerScan:
    names = [f"{at}/layer.tar" for at in range(len(layers))]
    listed = ",".join(f'"{name}"' for name in names)
    manifest = f'[{{"Config":"c.json","Layers":[{listed}]}}]'.encode()
    saved = tar(("c.json", config), *zip(names, layers, strict=True), ("manifest.json", manifest))
    info = ImageInfo("sha256:i", 1, layers=tuple(LayerInfo(f"sha256:{at}", 1, "RUN") for at in range(len(layers))))
    return scan(iter([saved]), info, None, tokens)


def judged(found: LayerScan) -> list[type]:
    return [type(item) for item in CHECK.find(image_context(canaries=(CANARY,), scan=found), Params())]


@rows(
    "layers",
    [
        pytest.param((tar(("app/.env", DATA)),), id="plain"),
        pytest.param((tar(("app/readme.md", DATA)),), id="renamed"),
        pytest.param((tar(("app/all.txt", b"x" * 70_000 + DATA + b"y" * 70_000)),), id="concatenated"),
        pytest.param((tar((".env", DATA)), tar((".wh..env", b""))), id="deleted later"),
        pytest.param((tar((".env", DATA)), tar((".env", b"clean"))), id="written over later"),
        pytest.param((tar(("src.tar.gz", gzip.compress(tar((".env", DATA))))),), id="in an archive"),
        pytest.param((tar(("src.tar", tar((".env", DATA)))),), id="in a plain archive"),
        pytest.param((tar((f"notes/{CANARY.token}", b"")),), id="in a name"),
    ],
)
def test_leak_is_found(layers: tuple[bytes, ...]) -> None:
    """Whatever it is called and wherever it lies."""
    assert [Finding] == judged(read(*layers))


@rows("config", [f'{{"Env":["A={CANARY.token}"]}}', f'{{"Labels":{{"a":"{CANARY.token}"}}}}'])
def test_leak_into_the_configuration_is_found(config: str) -> None:
    """A variable or a label is read as easily as a file."""
    assert [Finding] == judged(read(tar(("a", b"")), config=config.encode()))


def test_copy_that_stays_in_a_builder_stage_is_fine() -> None:
    """What isn't shipped isn't leaked: only the image's own layers are read."""
    assert [] == judged(read(tar(("app/wheel", b"built"))))


def test_learners_own_file_of_that_name_is_no_canary() -> None:
    """The content decides, not the name."""
    assert [] == judged(read(tar((".env", b"made by a RUN"))))


def test_export_that_broke_off_is_left_open() -> None:
    """Half an image can't be called clean."""
    assert [Undecidable] == judged(LayerScan((), (), problem="broke off"))


def test_exercise_that_plants_nothing_is_left_open() -> None:
    """Nothing was looked for, so nothing is clean."""
    assert [Undecidable] == [type(item) for item in CHECK.find(image_context(), Params())]


@rows("data", [b"export T=hub-5f2c9e71d0a84b36\n", b"aHViLTVmMmM5ZTcxZDBhODRiMzY=\n"])
def test_given_secret_in_a_file_is_found(data: bytes) -> None:
    """A start script is no planted file, and holds what the starter gave away all the same."""
    secret = "hub-5f2c9e71d0a84b36"
    found = read(tar(("app/start.sh", data)), tokens=(CANARY.token, secret))
    context = image_context(canaries=(CANARY,), scan=found)
    (finding,) = CHECK.find(context, Params(given=(secret,)))

    assert isinstance(finding, Finding)
    assert "The secret hub-*** is in the image, at /app/start.sh" == finding.message
    assert [] == [*CHECK.find(context, Params())]


def test_given_secret_in_the_configuration_is_left_to_the_check_of_secrets() -> None:
    """One fault, one finding; a planted file's text there is found as ever."""
    secret = "hub-5f2c9e71d0a84b36"
    found = read(tar(("app/a", b"a")), config=f'{{"Env": ["T={secret}"]}}'.encode(), tokens=(CANARY.token, secret))
    context = image_context(canaries=(CANARY,), scan=found)

    assert [-1] == [hit.layer for hit in found.hits]
    assert [] == [*CHECK.find(context, Params(given=(secret,)))]
