"""Owns the check that WORKDIR names a full path; must never ask where a base image starts.

A relative WORKDIR below a full one is plain enough (Docker's own build check says so too); without one it hangs on the
base. Looked at is every stage that the final image is made of: in a builder the files would lie elsewhere as well, and
the COPY --from that fetches them names a full path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graders.check import Check, NoParams
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable
from graders.outcome import Level

_FULL = re.compile(r"[/\\]|[A-Za-z]:")


def find(context: DockerfileContext, params: NoParams) -> Iterator[Finding | Undecidable]:  # noqa: ARG001 - one shape
    """One finding for each WORKDIR that is relative to a folder which this file doesn't name."""
    anchored: dict[int, bool] = {}
    for stage in context.dockerfile.reached():
        known = stage.parent is not None and anchored[stage.parent]
        for instruction in stage.instructions:
            if instruction.keyword != "WORKDIR" or instruction.onbuild:
                continue
            value = instruction.expanded.strip()
            if instruction.missing and instruction.value.lstrip("\"'").startswith("$"):
                if not known:
                    yield Undecidable(f"Line {instruction.line}: ${instruction.missing[0]} has no value here")
                known = True
            elif _FULL.match(value):
                known = True
            elif not known:
                tilde = ", and WORKDIR makes a folder named ~ of it" if value.startswith("~") else ""
                yield Finding(
                    f'"{instruction.text[:120]}" is relative to whatever folder the base image works in{tilde}',
                    observed=value[:200],
                    expected=f"a path that begins with /, such as /{value.lstrip('~./')[:60] or 'app'}",
                    line=instruction.line,
                    end_line=instruction.end_line,
                )
        anchored[stage.index] = known


_BASE = "FROM python:3.11-slim\n"

CHECK = Check(
    id="relative-workdir",
    claim="WORKDIR names a full path",
    why="A relative WORKDIR goes on from the base image's folder: with another base, every file lies elsewhere.",
    hint="Relative to which folder? Where would you look that up?",
    sources=(
        "https://docs.docker.com/reference/build-checks/workdir-relative-path/",
        "https://docs.docker.com/build/building/best-practices/#workdir",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=NoParams,
    bad=(
        _BASE + "WORKDIR app\n",
        _BASE + "# WORKDIR /app\nworkdir ./app\nRUN echo WORKDIR /app\n",
        _BASE + "ARG WHERE=app\nWORKDIR ${WHERE}\n",
        _BASE + "WORKDIR ~/app\n",
        _BASE + "WORKDIR app\nWORKDIR /app\n",
        _BASE + "RUN cd /app\nWORKDIR src\n",
        "FROM python:3.11-slim AS b\nWORKDIR build\nFROM python:3.11-slim\nWORKDIR /app\nCOPY --from=b /build /app\n",
        _BASE + "ONBUILD WORKDIR /app\nWORKDIR 'app'\n",
    ),
    good=(
        _BASE + "WORKDIR /app\n",
        _BASE + "ENV APP_HOME=/srv/app\nWORKDIR $APP_HOME\n",
        _BASE + "WORKDIR /srv\nWORKDIR app\n",
        "FROM python:3.11-slim AS base\nWORKDIR /srv\nFROM base\nWORKDIR app\n",
        "FROM python:3.11-slim AS no\nWORKDIR app\nFROM python:3.11-slim\n# WORKDIR app\nRUN <<EOF\nWORKDIR app\nEOF\n",
        _BASE + "ARG WHERE=app\nWORKDIR /srv/${WHERE}\n",
        'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nWORKDIR "C:/app"\n',
        _BASE,
    ),
)
