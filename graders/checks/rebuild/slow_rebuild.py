"""Owns the advice on what a one-line change costs; must never fail a submission, for seconds depend on the machine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from graders.check import Change, Check
from graders.context import RebuildContext
from graders.finding import Finding, Undecidable
from graders.limits import MB, in_mb
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.rebuild.counterpart import ran_again
from graders.recorded import BASE, IMAGE, build, image, layer, rebuild_context, step


@dataclass(frozen=True, slots=True)
class Params:
    """Par for one changed line."""

    par_s: float = 10.0
    """Seconds until the image is built again."""
    par_mb: float = 10.0
    """Megabytes of 1,000,000 bytes in new layers: what a push, and each pull, has to carry."""

    def __post_init__(self) -> None:
        for value in (self.par_s, self.par_mb):
            if not (math.isfinite(value) and value > 0):
                raise ValueError("par must be a finite number above 0")


def find(context: RebuildContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding with the seconds and the bytes, at the step that took longest, when either is over par."""
    second, first_image, second_image = context.second, context.image, context.second_image
    if not second.ok or first_image is None or second_image is None:
        yield Undecidable("There is no second image to weigh")
        return
    known = set(first_image.diff_ids)
    new_bytes = sum(entry.size_bytes for entry in second_image.layers if entry.diff_id and entry.diff_id not in known)
    if second.elapsed_s <= params.par_s and new_bytes <= params.par_mb * MB:
        return
    slowest = max(ran_again(second), key=lambda each: each.elapsed_s, default=None)
    cost = f"{second.elapsed_s:.1f} s and {in_mb(new_bytes)}"
    yield Finding(
        f"One changed line of {context.changed} costs {cost} of new layers, par is"
        f" {params.par_s:g} s and {params.par_mb:g} MB"
        + (f"; the slowest step: {slowest.name}, {slowest.elapsed_s:.1f} s" if slowest else ""),
        observed=cost,
        expected=f"at most {params.par_s:g} s and {params.par_mb:g} MB",
        line=slowest.line if slowest else None,
    )


COPY = step("[3/3] COPY . .", line=3)
LIGHT = image(*BASE.layers, layer("COPY . . # again", 1_000))
HEAVY = image(*BASE.layers, layer("COPY . . # with the model", 80 * MB))

CHECK = Check(
    id="slow-rebuild",
    claim="A one-line change costs seconds and kilobytes",
    why="It is paid for at every edit, at every push, and by everybody who pulls.",
    hint="Which line ran again although nothing that it needs had changed, and what lies in the layers that are new?",
    sources=("https://docs.docker.com/build/cache/optimize/",),
    level=Level.REBUILD,
    find=find,
    params=Params,
    needs=AN_IMAGE,
    change=Change.LINE,
    advisory=True,
    bad=(
        rebuild_context(build(COPY), build(COPY), (), image=IMAGE, second_image=HEAVY),
        rebuild_context(build(COPY), replace(build(COPY), elapsed_s=10.1), (), image=IMAGE, second_image=LIGHT),
    ),
    good=(
        rebuild_context(build(COPY), build(COPY), (), image=IMAGE, second_image=LIGHT),
        rebuild_context(build(COPY), replace(build(COPY), elapsed_s=10.0), (), image=HEAVY, second_image=HEAVY),
    ),
)
