"""Owns which ENV and LABEL values the final image carries, and where each was written; must never run a shell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from graders.dockerfile.expand import expand
from graders.dockerfile.model import Dockerfile, Instruction, Stage
from graders.dockerfile.word import split_env, split_pairs


class Pair(NamedTuple):
    """One name and its value of an ENV, ARG or LABEL."""

    name: str
    raw: str | None
    """As it stands there; None for an ARG without a default."""
    value: str
    """After expansion; what is missing is empty."""
    missing: tuple[str, ...]
    """Variables in it without a value here."""
    instruction: Instruction


def pairs_of(dockerfile: Dockerfile, instruction: Instruction, before: Mapping[str, str]) -> Iterator[Pair]:
    """The pairs of one instruction; `before` are the variables in force in front of it."""
    escape = dockerfile.directives.get("escape", "\\")
    split = split_pairs if instruction.keyword == "ARG" else split_env
    for raw_name, raw in split(instruction.value, escape):
        name = expand(raw_name, before, escape).text
        value = expand(raw or "", before, escape)
        yield Pair(name, raw, value.text, value.missing, instruction)


def _pairs_in_stage(dockerfile: Dockerfile, stage: Stage, *keywords: str) -> Iterator[Pair]:
    """The pairs of the stage's own instructions with these keywords, in order."""
    before: Mapping[str, str] = {}
    if stage.parent is not None and dockerfile.stages[stage.parent].instructions:
        before = dockerfile.stages[stage.parent].instructions[-1].variables
    for instruction in stage.instructions:
        if instruction.keyword in keywords and not instruction.onbuild:
            yield from pairs_of(dockerfile, instruction, before)
        before = instruction.variables


def in_force(dockerfile: Dockerfile, keyword: str) -> dict[str, Pair]:
    """Name -> the pair that the final image carries: the last one of its chain."""
    found: dict[str, Pair] = {}
    for stage in dockerfile.chain():
        for pair in _pairs_in_stage(dockerfile, stage, keyword):
            found[pair.name] = pair
    return found


def line_of_pair(dockerfile: Dockerfile, pair: Pair) -> int:
    """The line of a long instruction on which the pair's name stands."""
    instruction, name = pair.instruction, pair.name
    if instruction.end_line > instruction.line:
        written = re.compile(rf"(?<![\w.-]){re.escape(name)}(?:[=\s]|\Z)")
        for line in range(instruction.line, min(instruction.end_line, len(dockerfile.lines)) + 1):
            if not dockerfile.lines[line - 1].lstrip().startswith("#") and written.search(dockerfile.lines[line - 1]):
                return line
    return instruction.line
