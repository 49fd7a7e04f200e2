"""Owns which line of a Dockerfile made which layer; must never read a layer."""

from __future__ import annotations

import re

from graders.dockerfile.model import Dockerfile
from graders.engine.base import BuildResult, BuildStep, ImageInfo, LayerInfo
from graders.finding import Undecidable
from graders.report import StepSummary

NOP = re.compile(r"/bin/sh -c #\(nop\)\s+")
"""What the classic builder writes before every instruction but RUN."""
CLASSIC_RUN = re.compile(r"(\|\d+ .*?)?(/bin/sh -c|/bin/bash|cmd /S)")
INTERNAL_STEP = re.compile(r"\[internal\]|\[auth\]|exporting |load |resolve |writing |naming ")


def shared_layers(image: ImageInfo, base: ImageInfo | None) -> int:
    """How many of the image's layers are the base's own."""
    shared = 0
    for mine, theirs in zip(image.diff_ids, base.diff_ids if base else (), strict=False):
        if mine != theirs:
            break
        shared += 1
    return shared


def unknown_base(dockerfile: Dockerfile, base: ImageInfo | None) -> Undecidable | None:
    """Why nobody can say which layers are the base image's own; None when that is known, or there is no base."""
    chain = dockerfile.chain()
    if base is not None or (chain and chain[0].base == "scratch"):
        return None
    return Undecidable("The engine does not say which layers are the base image's")


def layer_lines(dockerfile: Dockerfile, image: ImageInfo, base: ImageInfo | None) -> tuple[int | None, ...]:
    """The line of the instruction that made each layer, in the order of `image.diff_ids`.

    Every instruction of the final stage and its parents leaves one entry in the image's history, in order; what
    the base image left comes before. What a parent has in ONBUILD comes first in the stage that starts from it. None
    for the base's layers, and where history and Dockerfile disagree.
    """
    instructions = [
        ("ONBUILD" if each.onbuild else each.keyword, each.line)
        for stage in dockerfile.chain()
        for each in stage.instructions
    ]
    lines: list[int | None] = []
    base_layers = shared_layers(image, base)
    for entry in reversed(image.layers):
        line = _take(instructions, _keyword(entry))
        if entry.diff_id:
            lines.append(line)
    lines.reverse()
    return tuple(None if index < base_layers else line for index, line in enumerate(lines))


def step_summaries(
    build: BuildResult, image: ImageInfo | None, lines: tuple[int | None, ...]
) -> tuple[StepSummary, ...]:
    """The steps of a build in the order of the Dockerfile, with the bytes that each added."""
    sizes: dict[int, int] = {}
    if image is not None:
        with_files = [layer for layer in image.layers if layer.diff_id]
        for layer, line in zip(with_files, lines, strict=False):
            if line is not None:
                sizes[line] = sizes.get(line, 0) + layer.size_bytes
    steps = [step for step in build.steps if step.line is not None or not INTERNAL_STEP.match(step.name)]
    steps.sort(key=lambda step: step.line or 0)
    return tuple(
        StepSummary(
            line=step.line,
            instruction=instruction_of(step),
            cached=step.status == "cached",
            elapsed_s=step.elapsed_s,
            bytes=sizes.get(step.line) if step.line is not None else None,
        )
        for step in steps
    )


def instruction_of(step: BuildStep) -> str:
    """A step's name without the engine's "[builder 2/5]" or "Step 2/5 :"."""
    return re.sub(r"^(\[[^\]]*\d+/\d+\]|Step \d+/\d+ :)\s*", "", step.name)


def _take(instructions: list[tuple[str, int]], keyword: str) -> int | None:
    """Take the last instruction with this keyword and all after it off the list; its line, None if there is none."""
    for index in range(len(instructions) - 1, -1, -1):
        if instructions[index][0] == keyword:
            line = instructions[index][1]
            del instructions[index:]
            return line
    return None


def _keyword(entry: LayerInfo) -> str:
    """The instruction that a history entry comes from."""
    text = entry.created_by.strip()
    without_nop = NOP.sub("", text, count=1)
    if without_nop == text and CLASSIC_RUN.match(text):
        return "RUN"
    return (without_nop.split(maxsplit=1) or [""])[0].upper()
