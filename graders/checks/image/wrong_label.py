"""Owns the check of the labels that an image carries; must never look at the Dockerfile's text for their values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from graders.check import Check
from graders.context import ImageContext
from graders.finding import Finding, Undecidable
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.recorded import IMAGE, image_context

VERSION = "org.opencontainers.image.version"


@dataclass(frozen=True, slots=True)
class Params:
    """What the image must say about itself."""

    labels: dict[str, str] = field(default_factory=lambda: {VERSION: ""})
    """Label -> exact value; an empty value: any that is not empty."""


def find(context: ImageContext, params: Params) -> Iterator[Finding | Undecidable]:
    """A finding a label that is missing or has another value."""
    if not params.labels:
        yield Undecidable("The exercise names no label")
        return
    lines = [item.line for item in context.source.dockerfile.instructions if item.keyword == "LABEL"]
    line = lines[-1] if lines else None
    for name, wanted in params.labels.items():
        value = context.image.labels.get(name)
        if value is None:
            message = f"The image has no label {name}"
            yield Finding(message, observed="no label", expected=wanted or "a value", line=line)
        elif value != wanted and (wanted or not value.strip()):
            message = f"The label {name} is {value!r}" if value else f"The label {name} is empty"
            yield Finding(message, observed=value or "empty", expected=wanted or "a value", line=line)


CHECK = Check(
    id="wrong-label",
    claim="The image's labels say what they should",
    why="A label is how a running container is traced back to the version that it was built from.",
    hint="docker inspect shows the labels as they ended up. What did each variable hold on that line?",
    sources=("https://docs.docker.com/reference/dockerfile/#label",),
    level=Level.IMAGE,
    find=find,
    params=Params,
    needs=AN_IMAGE,
    bad=(
        image_context(),
        image_context(image=replace(IMAGE, labels={VERSION: " "})),
        image_context(image=replace(IMAGE, labels={"Org.opencontainers.image.version": "1.0.0"})),
    ),
    good=(image_context(image=replace(IMAGE, labels={VERSION: "1.0.0", "other": ""})),),
)
