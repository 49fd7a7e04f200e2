"""Owns the check that a label takes its value from a build argument; must never ask for the label itself.

The text is read a second time with the argument given, as `docker build --build-arg` gives it: every ARG of that name
then has the given value, whatever its default, and an ENV of that name still outranks it. A label that is missing or
empty is left to the checks of labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graders.check import Check
from graders.dockerfile.environment import in_force, line_of_pair
from graders.dockerfile.model import Dockerfile
from graders.dockerfile.parse import parse
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable
from graders.outcome import Level

_GIVEN = "9.8.7"


@dataclass(frozen=True, slots=True)
class Params:
    """Which label, and which argument."""

    label: str = "org.opencontainers.image.version"
    argument: str = "VERSION"


def find(context: DockerfileContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding when the label is another than the argument that is given."""
    pair = in_force(context.dockerfile, "LABEL").get(params.label)
    if pair is None or not pair.value:
        return
    told = in_force(_given(context.dockerfile, params.argument), "LABEL").get(params.label)
    if told is not None and told.value == _GIVEN:
        return
    typed = f"--build-arg {params.argument}={_GIVEN}"
    became = told.value[:80] if told is not None else ""
    yield Finding(
        f"With {typed} the label {params.label} would be {became!r}",
        observed=became or "no value",
        expected=f'LABEL {params.label}="${{{params.argument}}}", with ARG {params.argument} above it in the stage',
        line=line_of_pair(context.dockerfile, pair),
    )


def _given(dockerfile: Dockerfile, argument: str) -> Dockerfile:
    """The Dockerfile in which every ARG of this name has the given value as its default."""
    declared = re.compile(rf"(?<!\S){re.escape(argument)}(?:=(?:\"[^\"]*\"|'[^']*'|\S*))?(?!\S)")
    lines = list(dockerfile.lines)
    for each in dockerfile.instructions:
        if each.keyword == "ARG":
            lines[each.line - 1 : each.end_line] = [
                f"{'ONBUILD ' if each.onbuild else ''}ARG {declared.sub(f'{argument}={_GIVEN}', each.value)}",
                *("#" for _ in range(each.line, each.end_line)),
            ]
    return parse("\n".join(lines).encode())


_STAGE = "ARG VERSION=0.0.0\nFROM python:3.11-slim\nARG VERSION\n"
_KEY = "org.opencontainers.image.version"

CHECK = Check(
    id="label-ignores-argument",
    claim="The label takes its value from the build argument",
    why="A version that is written by hand is forgotten at the next release: the label then names another image.",
    hint="Build with --build-arg and look at the label with docker inspect. Which line decides what it says?",
    sources=(
        "https://docs.docker.com/reference/dockerfile/#arg",
        "https://docs.docker.com/reference/dockerfile/#using-arg-variables",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        _STAGE + f'LABEL {_KEY}="0.0.0"\n',
        _STAGE + f"ENV VERSION=0.0.0\nLABEL {_KEY}=$VERSION\n",
        _STAGE + f'LABEL {_KEY}="v${{VERSION}}"\n',
        f"ARG VERSION=0.0.0\nFROM python:3.11-slim\nARG RELEASE=0.0.0\nLABEL {_KEY}=$RELEASE\n",
        f"FROM python:3.11-slim\nARG VERSION=0.0.0\nLABEL {_KEY}=$VERSION\nLABEL {_KEY}=0.0.0\n",
    ),
    good=(
        _STAGE + f'LABEL {_KEY}="${{VERSION}}"\n',
        f"FROM python:3.11-slim\nARG A=1 \\\n    VERSION='0.0.0'\nLABEL a=b {_KEY}=${{VERSION:-0.0.0}}\n",
        f"FROM python:3.11-slim AS base\nARG VERSION=0.0.0\nENV RELEASE=$VERSION\nFROM base\nLABEL {_KEY}=$RELEASE\n",
        "FROM python:3.11-slim\nARG VERSION=0.0.0\nLABEL version=0.0.0\n",
        f"ARG VERSION=0.0.0\nFROM python:3.11-slim\nLABEL {_KEY}=$VERSION\n",
        f"FROM python:3.11-slim AS t\nONBUILD ARG VERSION=0.0.0\nONBUILD LABEL {_KEY}=$VERSION\nFROM t\n",
    ),
)
