"""Owns the check of bytes that one layer holds and a later one hides; must never count what the base brings.

The bytes of a hidden file are pulled and kept all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graders.check import Check
from graders.context import ImageContext, LayerFile
from graders.finding import Finding, Undecidable
from graders.layers.hidden import hidden
from graders.limits import MB, in_mb
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.recorded import image_context, scan

LARGEST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Params:
    """The limit, in megabytes of 1,000,000 bytes."""

    max_mb: int = 5
    """Package managers rewrite their own lists at every call: that much is no fault."""

    def __post_init__(self) -> None:
        if self.max_mb < 0:
            raise ValueError("megabytes must be 0 or more")


def find(context: ImageContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding with the largest hidden files, at the line that holds most of them."""
    found = context.layers.scan()
    wasted = hidden(found.files)
    total_bytes = sum(file.size_bytes for file in wasted)
    if total_bytes <= params.max_mb * MB:
        if found.problem:
            yield Undecidable(found.problem)
        return
    by_line: dict[int | None, int] = {}
    for file in wasted:
        line = context.layer_line(file.layer)
        by_line[line] = by_line.get(line, 0) + file.size_bytes
    largest = sorted(wasted, key=lambda file: -file.size_bytes)[:LARGEST_SHOWN]
    named = ", ".join(f"/{file.path} {in_mb(file.size_bytes)}" for file in largest)
    yield Finding(
        f"{in_mb(total_bytes)} lie in layers whose files a later line deletes or writes again; the largest: {named}",
        observed=in_mb(total_bytes),
        expected=f"at most {params.max_mb} MB",
        line=max(by_line, key=lambda line: by_line[line]),
    )


def _file(layer: int, path: str, size_bytes: int = 0, *, kind: str = "file", whiteout: bool = False) -> LayerFile:
    return LayerFile(layer, path, size_bytes, 0o644, 0, 0, kind, whiteout)


CHECK = Check(
    id="wasted-bytes",
    claim="No layer holds what a later line hides",
    why="A file that a later line deletes is still pulled with the layer that holds it, by everybody, each time.",
    hint="Which line makes those files, and which line should clean them up?",
    sources=("https://docs.docker.com/build/building/best-practices/#run",),
    level=Level.IMAGE,
    find=find,
    params=Params,
    needs=AN_IMAGE,
    bad=(
        image_context(scan=scan(files=(_file(1, "a", 6 * MB), _file(2, "a", whiteout=True)))),
        image_context(scan=scan(files=(_file(1, "a/b/c", 6 * MB), _file(2, "a", whiteout=True)))),
        image_context(scan=scan(files=(_file(1, "a", 6 * MB), _file(2, "a", 6 * MB)))),
        image_context(scan=scan(files=(_file(1, "a/b", 6 * MB), _file(2, "a", kind="link")))),
    ),
    good=(
        image_context(),
        image_context(scan=scan(files=(_file(1, "a", 6 * MB), _file(2, "ab", whiteout=True)))),
        image_context(scan=scan(files=(_file(1, "a", 5 * MB), _file(2, "a", whiteout=True)))),
        image_context(scan=scan(files=(_file(1, "a", whiteout=True), _file(2, "a", 6 * MB)))),
        image_context(scan=scan(files=(_file(1, "a", kind="dir"), _file(1, "a/b", 6 * MB), _file(2, "a", kind="dir")))),
    ),
)
