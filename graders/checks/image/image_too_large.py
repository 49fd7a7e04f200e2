"""Owns the check of an image's size; must never compare numbers from two engines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graders.check import Check
from graders.context import ImageContext
from graders.finding import Finding, Undecidable
from graders.limits import MB, in_mb
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.recorded import image, image_context, layer

LARGEST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Params:
    """Limits in megabytes of 1,000,000 bytes; 0 switches one off."""

    max_mb_over_base: int = 500
    """What the Dockerfile may add to its base image."""
    max_mb: int = 0
    """What the whole image may have."""

    def __post_init__(self) -> None:
        if self.max_mb_over_base < 0 or self.max_mb < 0:
            raise ValueError("megabytes must be 0 or more")


def find(context: ImageContext, params: Params) -> Iterator[Finding | Undecidable]:
    """A finding a limit that is passed; it names the largest layers with their lines."""
    size_bytes = context.image.size_bytes
    if params.max_mb and size_bytes > params.max_mb * MB:
        yield _finding(context, f"The image has {in_mb(size_bytes)}", f"at most {params.max_mb} MB", size_bytes)
    if not params.max_mb_over_base:
        return
    chain = context.source.dockerfile.chain()
    if context.base is None and (not chain or chain[0].base != "scratch"):
        yield Undecidable("The engine does not say how large the base image is")
        return
    added_bytes = size_bytes - (context.base.size_bytes if context.base else 0)
    if added_bytes > params.max_mb_over_base * MB:
        expected = f"at most {params.max_mb_over_base} MB over the base"
        yield _finding(context, f"The Dockerfile adds {in_mb(added_bytes)} to its base image", expected, added_bytes)


def _finding(context: ImageContext, message: str, expected: str, observed_bytes: int) -> Finding:
    layers = [entry for entry in context.image.layers if entry.diff_id]
    lines = (*context.layer_lines, *([None] * len(layers)))
    blamed = sorted(
        ((entry.size_bytes, line) for entry, line in zip(layers, lines, strict=False) if line is not None),
        key=lambda pair: -pair[0],
    )[:LARGEST_SHOWN]
    largest = ", ".join(f"line {line} {in_mb(added)}" for added, line in blamed)
    return Finding(
        f"{message}, {expected} is allowed" + (f"; the largest layers: {largest}" if largest else ""),
        observed=in_mb(observed_bytes),
        expected=expected,
        line=blamed[0][1] if blamed else None,
    )


CHECK = Check(
    id="image-too-large",
    claim="The image is as small as the exercise asks",
    why="Every megabyte is pulled on every machine that runs the image, and is there to be attacked.",
    hint="Which layer is the largest, and what in it does the program never read?",
    sources=("https://docs.docker.com/build/building/best-practices/",),
    level=Level.IMAGE,
    find=find,
    params=Params,
    needs=AN_IMAGE,
    bad=(
        image_context(image=image(layer("base", 120 * MB), layer("RUN pip install all", 700 * MB))),
        image_context("FROM scratch\nCOPY . .\n", image=image(layer("COPY . .", 501 * MB)), base=None),
    ),
    good=(
        image_context(),
        image_context(image=image(layer("base", 120 * MB), layer("RUN pip install some", 500 * MB))),
    ),
)
