"""Owns the check of how many layers a Dockerfile adds; must never count what the base brings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graders.blame import shared_layers, unknown_base
from graders.check import Check
from graders.context import ImageContext
from graders.finding import Finding, Undecidable
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.recorded import image, image_context, layer


@dataclass(frozen=True, slots=True)
class Params:
    """The limit."""

    max_over_base: int = 12
    """Layers with files that the Dockerfile may add to its base image."""

    def __post_init__(self) -> None:
        if self.max_over_base < 1:
            raise ValueError("at least one layer must be allowed")


def find(context: ImageContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding with the number of layers that were added."""
    if unknown := unknown_base(context.source.dockerfile, context.base):
        yield unknown
        return
    added = len(context.image.diff_ids) - shared_layers(context.image, context.base)
    if added > params.max_over_base:
        lines = [line for line in context.layer_lines if line is not None]
        yield Finding(
            f"The Dockerfile adds {added} layers to its base image, at most {params.max_over_base} are allowed",
            observed=f"{added} layers",
            expected=f"at most {params.max_over_base} layers over the base",
            line=lines[-1] if lines else None,
        )


BASE_LAYER = layer("base", 120_000_000)

CHECK = Check(
    id="too-many-layers",
    claim="The image has no more layers than it needs",
    why="Every RUN and COPY is a layer: what belongs together is cached, cleaned and shipped together.",
    hint="Which lines always change together, and could be one?",
    sources=("https://docs.docker.com/build/building/best-practices/",),
    level=Level.IMAGE,
    find=find,
    params=Params,
    needs=AN_IMAGE,
    bad=(
        image_context(image=image(BASE_LAYER, *(layer(f"RUN {at}", 1) for at in range(13)))),
        image_context(
            "FROM scratch\nCOPY . .\n", image=image(*(layer(f"COPY {at}", 1) for at in range(13))), base=None
        ),
    ),
    good=(image_context(), image_context(image=image(BASE_LAYER, *(layer(f"RUN {at}", 1) for at in range(12))))),
)
