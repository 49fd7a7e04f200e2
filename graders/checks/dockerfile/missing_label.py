"""Owns the check that the image carries the labels that are asked for; must never judge what they say.

Which labels are asked for is the exercise's choice (`labels`): without it, nothing is missing from a file that has
none. A label without a value, a well-known key misspelt, and MAINTAINER in place of a label are faults in any case.
Labels count from the final stage and those it starts from, with the last value of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from graders.check import Check
from graders.dockerfile.environment import in_force, line_of_pair
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable
from graders.outcome import Level

_OCI = "org.opencontainers.image."
_KEYS = (
    "created", "authors", "url", "documentation", "source", "version", "revision", "vendor", "licenses", "ref.name",
    "title", "description", "base.digest", "base.name",
)  # fmt: skip
"""Source: annotations.md of the OCI image specification 1.1."""


@dataclass(frozen=True, slots=True)
class Params:
    """What is asked for."""

    labels: tuple[str, ...] = ()
    """Keys that the image must carry, with any value."""


def find(context: DockerfileContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding for each label that is asked for and missing, and for each that is there in vain."""
    dockerfile = context.dockerfile
    if dockerfile.final is None:
        return
    labels = in_force(dockerfile, "LABEL")
    for name in params.labels:
        if name not in labels:
            near = get_close_matches(name, labels, n=1, cutoff=0.8)
            close = f"; the nearest is {near[0]!r} on line {line_of_pair(dockerfile, labels[near[0]])}" if near else ""
            yield Finding(
                f"The image carries no label {name}{close}",
                observed=", ".join(labels) or "no labels",
                expected=f"LABEL {name}=...",
                line=line_of_pair(dockerfile, labels[near[0]]) if near else dockerfile.final.line,
            )
    for name, pair in labels.items():
        if name.startswith(_OCI) and name.removeprefix(_OCI) not in _KEYS:
            near = get_close_matches(name.removeprefix(_OCI), _KEYS, n=1, cutoff=0.7)
            if near:
                yield Finding(
                    f'The label "{name[:100]}" is no key that tools look for',
                    observed=name[:200],
                    expected=_OCI + near[0],
                    line=line_of_pair(dockerfile, pair),
                    end_line=pair.instruction.end_line,
                )
        if not pair.value.strip():
            if pair.missing:
                yield Undecidable(f"Line {line_of_pair(dockerfile, pair)}: ${pair.missing[0]} has no value here")
            else:
                yield Finding(
                    f'The label "{name[:100]}" has no value',
                    observed=f"{name}={pair.raw or ''}"[:200],
                    expected="a value",
                    line=line_of_pair(dockerfile, pair),
                    end_line=pair.instruction.end_line,
                )
    for instruction in dockerfile.in_chain("MAINTAINER"):
        yield Finding(
            f'"{instruction.text[:120]}" sets no label, and Docker has given it up',
            observed=instruction.text[:200],
            expected=f"LABEL {_OCI}authors=...",
            line=instruction.line,
            end_line=instruction.end_line,
        )


_BASE = "FROM python:3.11-slim\n"

CHECK = Check(
    id="missing-label",
    claim="The image carries the labels that it should, each with a value",
    why="An image in a registry has lost its folder and its commit: labels say what it is and where it came from.",
    hint="You find this image in a year, without its repository. What would you want to know?",
    sources=(
        "https://docs.docker.com/reference/dockerfile/#label",
        "https://github.com/opencontainers/image-spec/blob/main/annotations.md",
        "https://docs.docker.com/reference/build-checks/maintainer-deprecated/",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    decided_by=("wrong-label",),
    bad=(
        _BASE + 'LABEL version=""\n',
        _BASE + "MAINTAINER somebody@example.org\n",
        _BASE + "label org.opencontainers.image.sourc=https://example.org\n",
        _BASE + "ARG VERSION=\nLABEL a=b \\\n    version=${VERSION}\n",
        "FROM python:3.11-slim AS base\nLABEL version=' '\nFROM base\n# LABEL version=1\nRUN echo LABEL version=1\n",
        _BASE + "LABEL version=1\nLABEL version=\n",
    ),
    good=(
        _BASE,
        _BASE + 'LABEL version="1.0" org.opencontainers.image.source=https://example.org\n',
        _BASE + "LABEL version=\nLABEL version=1.0\n",
        "FROM python:3.11-slim AS no\nLABEL version=\nMAINTAINER me\nFROM python:3.11-slim\nONBUILD LABEL version=\n",
        _BASE + "ARG VERSION=1\nLABEL version=${VERSION:-0} com.example.team='models'\n",
        _BASE + "LABEL description some words without quotes\n",
    ),
)
