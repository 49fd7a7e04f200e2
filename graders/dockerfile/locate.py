"""Owns the way from an engine's name of a build step back to a line; must never guess when two lines fit."""

from __future__ import annotations

import re

from graders.dockerfile.model import Dockerfile, Instruction, Stage

_BUILDKIT = re.compile(
    r"\[(?:[a-z0-9]+/[a-z0-9/]+ )?(?:(?P<stage>[^\s\]]+) )?\s*(?P<number>\d+)/\d+\] (?P<text>.*)", re.DOTALL
)
_CLASSIC = re.compile(r"Step (?P<number>\d+)/\d+ : (?P<text>.*)", re.DOTALL)
_COUNTED = frozenset(("ADD", "COPY", "RUN", "WORKDIR"))


def line_of(dockerfile: Dockerfile, step_name: str) -> int | None:
    """The line of the instruction that an engine's step runs: "[builder 2/5] RUN ..." or "Step 3/7 : RUN ..."."""
    instruction = find_instruction(dockerfile, step_name)
    return None if instruction is None else instruction.line


def find_instruction(dockerfile: Dockerfile, step_name: str) -> Instruction | None:
    """The instruction that an engine's step runs; None for the engine's own steps."""
    match = _BUILDKIT.match(step_name.strip())
    if match is not None:
        stage = _stage(dockerfile, match["stage"])
        counted = [] if stage is None else _counted(dockerfile, stage)
    else:
        match = _CLASSIC.match(step_name.strip())
        if match is None:
            return None
        counted = list(dockerfile.instructions)
    number = int(match["number"]) - 1
    keyword, _, text = match["text"].strip().partition(" ")
    if number < len(counted) and counted[number].keyword == keyword.upper():
        return counted[number]
    # ONBUILD lines of a base image shift the count: fall back on the words, when they fit one line only.
    same = [
        item for item in dockerfile.instructions if item.keyword == keyword.upper() and _squeeze(item) == _bare(text)
    ]
    return same[0] if len(same) == 1 else None


def _stage(dockerfile: Dockerfile, name: str | None) -> Stage | None:
    if name is None:
        return dockerfile.final
    for stage in reversed(dockerfile.stages):
        if stage.name == name.lower() or (not stage.name and name == f"stage-{stage.index}"):
            return stage
    return None


def _counted(dockerfile: Dockerfile, stage: Stage) -> list[Instruction]:
    """The instructions that BuildKit counts: FROM of an image, and those that make a layer."""
    return [
        item
        for item in dockerfile.instructions
        if item.stage == stage.index
        and not item.onbuild
        and (item.keyword in _COUNTED or (item.keyword == "FROM" and stage.parent is None and stage.base != "scratch"))
    ]


def _squeeze(instruction: Instruction) -> str:
    return _bare(instruction.text.partition(" ")[2])


def _bare(text: str) -> str:
    return "".join(text.split())
