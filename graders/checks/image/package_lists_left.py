"""Owns the check that no layer holds apt's package lists; must never read the Dockerfile's commands.

The text says what a line means to delete; the layers say what it left. A list is known by the name that apt gives it,
so a moved folder counts too, and so does a list that a later line deletes. What the base brings is nobody's fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graders.blame import unknown_base
from graders.check import Check, NoParams
from graders.context import ImageContext, LayerFile
from graders.finding import Finding, Undecidable
from graders.layers.hidden import told_by_layer
from graders.limits import in_mb
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.recorded import image_context, scan

_LIST = re.compile(r"_(?:binary-[a-z0-9-]+_Packages|source_Sources|i18n_Translation-\w+|InRelease)(?:\.\w+)?")
"""The end of a list's name: the archive's address with "_" for "/". Source: URItoFileName of apt 2.6."""


def find(context: ImageContext, params: NoParams) -> Iterator[Finding | Undecidable]:  # noqa: ARG001 - one shape
    """A finding a layer that holds lists, with the largest of them."""
    if unknown := unknown_base(context.source.dockerfile, context.base):
        yield unknown
        return
    found = context.layers.scan()
    lists = [file for file in found.files if _is_list(file)]
    for layer, of_layer, later in told_by_layer(lists, found.files):
        yield _finding(of_layer, context.layer_line(layer), later)
    if found.problem and not lists:
        yield Undecidable(found.problem)


def _is_list(file: LayerFile) -> bool:
    if file.kind != "file" or file.whiteout or not file.size_bytes:
        return False
    match = _LIST.search(file.path.rpartition("/")[2])
    return match is not None and match.end() == len(match.string)


def _finding(lists: list[LayerFile], line: int | None, later: str) -> Finding:
    largest = max(lists, key=lambda file: file.size_bytes)
    total = in_mb(sum(file.size_bytes for file in lists))
    return Finding(
        f"The layer holds {total} of package lists, the largest: /{largest.path} {in_mb(largest.size_bytes)}{later}",
        observed=f"{total} of package lists",
        expected="no package list in any layer above the base image",
        line=line,
    )


def _file(path: str, size_bytes: int = 9_000_000, *, layer: int = 1, kind: str = "file") -> LayerFile:
    return LayerFile(layer, path, size_bytes, 0o644, 0, 0, kind)


_NAME = "deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages"
_PACKAGES = _file(f"var/lib/apt/lists/{_NAME}.lz4")

CHECK = Check(
    id="package-lists-left",
    claim="No layer of the built image holds package lists",
    why="A line that was meant to delete them may never have done it, and what a later line deletes is pulled as well.",
    hint="Look into the image: docker run --rm IMAGE ls /var/lib/apt/lists",
    sources=("https://docs.docker.com/build/building/best-practices/#apt-get",),
    level=Level.IMAGE,
    find=find,
    params=NoParams,
    needs=AN_IMAGE,
    bad=(
        image_context(scan=scan(files=(_PACKAGES,))),
        image_context(scan=scan(files=(_file(f"l/{_NAME}"),))),
        image_context(scan=scan(files=(_file("opt/lists/deb.debian.org_debian_dists_bookworm_InRelease", 150_000),))),
        image_context(scan=scan(files=(_PACKAGES, LayerFile(2, _PACKAGES.path, 0, 0, 0, 0, "other", whiteout=True)))),
        image_context("FROM scratch\nCOPY . .\n", base=None, scan=scan(files=(_PACKAGES,))),
    ),
    good=(
        image_context(),
        image_context(scan=scan(files=(_file("var/lib/apt/lists/lock", 0), _file(_PACKAGES.path, 0)))),
        image_context(scan=scan(files=(_file("var/lib/apt/lists/partial", 0, kind="folder"),))),
        image_context(scan=scan(files=(_file("app/data/word_Packages.csv"), _file("usr/share/doc/apt/README")))),
    ),
)
