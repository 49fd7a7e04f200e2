"""Ways to hide a compiler in an image, read from real archives; and things that only look like one."""

from __future__ import annotations

import io
import tarfile

import pytest

from graders.checks.image.build_tool_left import CHECK, Params
from graders.context import LayerScan
from graders.engine.base import ImageInfo, LayerInfo
from graders.finding import Finding, Undecidable
from graders.layers.scan import scan
from graders.recorded import image_context
from tests.rows import rows

ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00" + bytes(110)
GCC = ELF + b"COLLECT_GCC_OPTIONS"
LD = ELF + b"supported emulations"
OTHER = ELF + b"GCC: (Debian 12.2.0-14) 12.2.0"
HEADERS = tuple((f"usr/include/linux/part{at}.h", b"") for at in range(30))


def tar(*members: tuple[str, bytes], mode: int = 0o755) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), mode
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def read(*layers: bytes, base: int = 1) -> LayerScan:
    names = [f"{at}/layer.tar" for at in range(len(layers))]
    manifest = f'[{{"Config":"c.json","Layers":[{",".join(f"{chr(34)}{name}{chr(34)}" for name in names)}]}}]'
    saved = tar(("c.json", b"{}"), *zip(names, layers, strict=True), ("manifest.json", manifest.encode()))
    infos = tuple(LayerInfo(f"sha256:{at}", 1, "RUN") for at in range(len(layers)))
    return scan(iter([saved]), ImageInfo("sha256:i", 1, layers=infos), ImageInfo("b", 1, layers=infos[:base]), ())


def judged(found: LayerScan, params: Params | None = None) -> list[Finding | Undecidable]:
    return [*CHECK.find(image_context(scan=found), params or Params())]


BASE = tar(("usr/bin/sh", OTHER))


@rows(
    "layers",
    [
        pytest.param((tar(("usr/bin/x86_64-linux-gnu-gcc-12", GCC)),), id="plain"),
        pytest.param((tar(("opt/models/words.bin", GCC)),), id="renamed and moved"),
        pytest.param((tar(("app/a", GCC), mode=0o600),), id="not executable"),
        pytest.param((tar(("usr/bin/ld", LD)), tar(("usr/bin/.wh.ld", b""))), id="deleted later"),
        pytest.param((tar(("usr/bin/ld", LD)), tar((".wh.usr", b""))), id="deleted with its folder"),
        pytest.param((tar(("usr/bin/ld", LD)), tar(("usr/bin/ld", b"#!/bin/sh\n"))), id="written over later"),
        pytest.param((tar(("usr/bin/sh", GCC)),), id="in place of a program of the base"),
        pytest.param((tar(*HEADERS),), id="headers"),
    ],
)
def test_tool_is_found(layers: tuple[bytes, ...]) -> None:
    """Whatever it is called and wherever it lies."""
    assert [Finding] == [type(item) for item in judged(read(BASE, *layers))]


@rows(
    "layer",
    [
        pytest.param(tar(("usr/local/bin/gcc", b"#!/bin/sh\n# COLLECT_GCC\n")), id="script called gcc"),
        pytest.param(tar(("app/notes.txt", b"COLLECT_GCC supported emulations .NOTPARALLEL")), id="text"),
        pytest.param(tar(("usr/bin/cc", OTHER), ("usr/bin/make", OTHER)), id="other program of that name"),
        pytest.param(tar(("usr/local/include/python3.11/greenlet/greenlet.h", b"")), id="header of a package"),
        pytest.param(tar(*((f"app/include/part{at}.h", b"") for at in range(30))), id="headers elsewhere"),
        pytest.param(tar(("usr/include/zlib.h", b""), ("usr/include/zconf.h", b"")), id="two headers"),
    ],
)
def test_look_alike_is_no_tool(layer: bytes) -> None:
    """A word in a text, a name, a header or two."""
    assert [] == judged(read(BASE, layer))


def test_tool_of_the_base_is_excused_where_it_lies_and_nowhere_else() -> None:
    """A changed owner writes the base's own compiler again; a copy of it is the learner's."""
    base = tar(("usr/bin/gcc", GCC))

    assert [] == judged(read(base, tar(("usr/bin/gcc", GCC))))
    assert [Finding] == [type(item) for item in judged(read(base, tar(("app/gcc", GCC))))]


def test_exercise_may_let_a_kind_through() -> None:
    """A program that compiles at run time needs its compiler."""
    found = read(BASE, tar(("usr/bin/gcc", GCC), *HEADERS))

    assert [] == judged(found, Params(kinds=("linker", "make")))
    assert [Finding] == [type(item) for item in judged(found, Params(kinds=("headers",)))]


def test_finding_names_kind_line_and_size_of_each_layer_and_says_what_was_deleted() -> None:
    """A finding a layer, at its line."""
    one, two = judged(read(BASE, tar(("a", GCC)), tar(("b", LD)), tar((".wh.b", b"")), base=1))

    assert isinstance(one, Finding)
    assert isinstance(two, Finding)
    assert "/a (compiler" in one.message
    assert "deletes" not in one.message
    assert 3 == one.line
    assert "/b (linker" in two.message
    assert "deletes" in two.message


def test_export_that_broke_off_is_left_open() -> None:
    """Half an image can't be called clean, and what was found in it counts."""
    assert [Undecidable] == [type(item) for item in judged(LayerScan((), (), problem="broke off"))]
    assert [Finding] == [type(item) for item in judged(read(BASE, tar(("a", GCC)), b"garbage" * 200))]


def test_unknown_base_is_left_open() -> None:
    """What the base brings can't be told from the rest."""
    context = image_context("ARG BASE\nFROM $BASE\n", base=None, scan=read(BASE, tar(("a", GCC))))

    assert [Undecidable] == [type(item) for item in CHECK.find(context, Params())]


@rows("values", [{"kinds": ("compilers",)}, {"kinds": ()}, {"max_headers": -1}])
def test_params_that_make_no_sense_are_refused(values: dict[str, tuple[str, ...]]) -> None:
    """A misspelt kind would let everything through."""
    with pytest.raises(ValueError, match=r"kinds|headers"):
        Params(**values)  # type: ignore[arg-type]
