"""Owns the way from an engine's name of a build step back to a line; must never guess when two lines fit."""

from __future__ import annotations

import re

from graders.dockerfile.model import Dockerfile, Instruction, Stage
from graders.dockerfile.secret_mount import dispensable, without_mounts

_BUILDKIT = re.compile(
    r"\[(?:[a-z0-9]+/[a-z0-9/]+ )?(?:(?P<stage>[^\s\]]+) )?\s*(?P<number>\d+)/\d+\] (?P<text>.*)", re.DOTALL
)
_CLASSIC = re.compile(r"Step (?P<number>\d+)/\d+ : (?P<text>.*)", re.DOTALL)
_UNCOUNTED = re.compile(r"(?P<text>(?:ADD|COPY|RUN|WORKDIR) .*)", re.DOTALL)
"""A step of an ONBUILD, in a stage that has no step of its own to count it with."""
_WRITTEN = re.compile(r"[\s'\"\\,\[\]]+")
_VARIABLE = re.compile(r"\$(?:\{[^}]*\}|\w+)")
_CUT = 1000
"""A step's name of this length may have lost its end."""
_NAME_LENGTH = 60
_COUNTED = frozenset(("ADD", "COPY", "RUN", "WORKDIR"))


def line_of(dockerfile: Dockerfile, step_name: str) -> int | None:
    """The line of the instruction that an engine's step runs: "[builder 2/5] RUN ..." or "Step 3/7 : RUN ..."."""
    instruction = _instruction_of(dockerfile, step_name)
    return None if instruction is None else instruction.line


def _instruction_of(dockerfile: Dockerfile, step_name: str) -> Instruction | None:
    """The instruction that an engine's step runs; None for the engine's own steps, and for a base image's ONBUILD."""
    name = step_name.strip()
    groups: list[list[Instruction]] = []
    if match := _BUILDKIT.match(name):
        groups = [_counted(dockerfile, stage) for stage in _stages(dockerfile, match["stage"])]
    elif match := _CLASSIC.match(name):
        groups = [list(dockerfile.instructions)]
    elif not (match := _UNCOUNTED.match(name)):
        return None
    number = int(match["number"]) - 1 if groups else 0
    fits = _Text(match["text"]).fits
    in_place = [group[number] for group in groups if number < len(group) and fits(group[number])]
    if len(in_place) == 1:
        return in_place[0]
    # ONBUILD lines of a base image shift the count: the words decide, when they fit one line only.
    same = [item for group in groups for item in group if fits(item)]
    if not same and match.re is _BUILDKIT:
        # A step that is shared with another build at work has the name, and the stage, that it has there.
        same = [item for stage in dockerfile.reached() for item in _counted(dockerfile, stage) if fits(item)]
    same = same or [item for item in _triggered(dockerfile) if fits(item)]
    return same[0] if len(same) == 1 and not in_place else None


class _Text:
    """What a step's name says after its number: the instruction with its variables filled in, perhaps cut short."""

    def __init__(self, text: str) -> None:
        keyword, _, rest = text.strip().partition(" ")
        self._keyword = keyword.upper()
        self._rest = _bare(rest)

    def fits(self, instruction: Instruction) -> bool:
        """Whether the step may be this instruction's."""
        if instruction.keyword != self._keyword or instruction.onbuild:
            return False
        if instruction.keyword == "FROM":
            image = _bare(instruction.expanded).rpartition("/")[2]
            return bool(instruction.missing) or image.partition("@")[0] in self._rest
        written = instruction.text.partition(" ")[2]
        sent, _ = without_mounts(written, dispensable(instruction))
        return any(self._may_be(_bare(text), instruction) for text in dict.fromkeys((sent, written)))

    def _may_be(self, own: str, instruction: Instruction) -> bool:
        """Whether the step may have this text of the instruction."""
        at = 0
        # Variables are filled in by the engine: what stands between them must come in this order.
        for index, piece in enumerate(_VARIABLE.split(own)):
            if len(self._rest) >= _CUT and at + len(piece) > len(self._rest):
                return True
            found = self._rest.startswith(piece) * 1 - 1 if index == 0 else self._rest.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        return at == len(self._rest) or own.endswith("}") or "$" in own[-_NAME_LENGTH:] or bool(instruction.heredocs)


def _stages(dockerfile: Dockerfile, name: str | None) -> list[Stage]:
    if name is None:
        return [] if dockerfile.final is None else [dockerfile.final]
    named = [
        stage
        for stage in dockerfile.stages
        if stage.name == name.lower() or (not stage.name and name == f"stage-{stage.index}")
    ]
    if len(named) > 1:
        named = [stage for stage in dockerfile.reached() if stage in named]
    return named


def _counted(dockerfile: Dockerfile, stage: Stage) -> list[Instruction]:
    """The instructions that BuildKit counts: FROM of an image, and those that make a layer."""
    return [
        item
        for item in dockerfile.instructions
        if item.stage == stage.index
        and not item.onbuild
        and (item.keyword in _COUNTED or (item.keyword == "FROM" and stage.parent is None and stage.base != "scratch"))
    ]


def _triggered(dockerfile: Dockerfile) -> list[Instruction]:
    """What stages of this Dockerfile have in ONBUILD, where another one starts from them; each line once."""
    return list({item.line: item for stage in dockerfile.reached() for item in stage.triggered}.values())


def _bare(text: str) -> str:
    """Without what the engine may write in another way: space, quotes, brackets, commas and backslashes."""
    return _WRITTEN.sub("", text)
