"""Owns the check that what only builds stays in a stage of its own; must never look into an image.

By default a finding needs a reason: a compiler, headers or a build tool installed in the final stage or in one that it
starts from, and not taken away in the same RUN. An exercise may ask for a second stage in any case (`always`). Stages
that are only copied from may install what they like.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from graders.check import Check
from graders.dockerfile.apt import apt_commands
from graders.dockerfile.model import Instruction
from graders.dockerfile.pattern import is_like
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding
from graders.outcome import Level


@dataclass(frozen=True, slots=True)
class Params:
    """What is needed to build and not to run."""

    packages: tuple[str, ...] = (
        "build-essential", "gcc", "gcc-[0-9]*", "g++", "g++-[0-9]*", "gfortran", "clang", "clang-[0-9]*", "make",
        "cmake", "ninja-build", "meson", "cargo", "rustc", "golang", "golang-go", "*-dev", "*-devel", "musl-dev",
        "pkg-config", "swig", "bazel", "autoconf", "automake", "build-base",
    )  # fmt: skip
    """Patterns for the names of system packages."""
    always: bool = False
    """Whether a file whose final image takes nothing from another stage is a fault in any case."""


def find(context: DockerfileContext, params: Params) -> Iterator[Finding]:
    """One finding for each RUN that leaves build tools in the final image."""
    dockerfile = context.dockerfile
    found = False
    for instruction in dockerfile.in_chain("RUN"):
        tools = _left_behind(instruction, params)
        if tools:
            found = True
            line, names = tools
            yield Finding(
                f"Line {line} installs {', '.join(names[:6])} in the final image, which only a build needs",
                observed=", ".join(names),
                expected="a builder stage for it, and COPY --from for what it made",
                line=line,
                end_line=instruction.end_line,
            )
    final = dockerfile.final
    if params.always and not found and final is not None and len(dockerfile.reached()) == len(dockerfile.chain()):
        yield Finding(
            "The final image takes nothing from another stage",
            observed=f"{len(dockerfile.stages)} stages, no COPY --from in use",
            expected="a builder stage, and COPY --from for what it made",
            line=final.line,
        )


def _left_behind(instruction: Instruction, params: Params) -> tuple[int, list[str]] | None:
    """The line of the install and the build tools that stay after the RUN."""
    installed: dict[str, int] = {}
    apt_of = {id(apt.command): apt for apt in apt_commands(instruction)}
    bundles: dict[str, set[str]] = {}
    for command in instruction.commands:
        words = command.words
        apt = apt_of.get(id(command))
        if apt is not None:
            names = {name.partition("=")[0].partition(":")[0] for name in apt.packages}
            if apt.installs:
                installed.update({name: command.line for name in names if _is_tool(name, params)})
            elif apt.action in ("purge", "remove", "autoremove", "autopurge"):
                installed = {name: line for name, line in installed.items() if not _is_gone(name, names)}
        elif words[0] in ("apk", "microdnf", "dnf", "yum") and len(words) > 1:
            names = {word.partition("=")[0] for word in words[1:] if not word.startswith("-")}
            if {"add", "install"} & names:
                installed.update({name: command.line for name in names if _is_tool(name, params)})
                for index, word in enumerate(words[:-1]):
                    if word in ("--virtual", "-t"):
                        bundles[words[index + 1]] = names
            elif {"del", "remove", "erase"} & names:
                gone = names.union(*(bundles.get(name, set()) for name in names))
                installed = {name: line for name, line in installed.items() if name not in gone}
    return (min(installed.values()), sorted(installed)) if installed else None


def _is_gone(name: str, removed: set[str]) -> bool:
    """Whether a removal takes the package: by name, by pattern, or with "$buildDeps", which holds a list."""
    return any(fnmatchcase(name, pattern) or pattern.startswith("$") for pattern in removed)


def _is_tool(name: str, params: Params) -> bool:
    return is_like(name, params.packages)


_BASE = "FROM python:3.11-slim\n"
_GET = "RUN apt-get update && apt-get install -y "

CHECK = Check(
    id="single-stage",
    claim="What is only needed to build stays in a stage of its own",
    why="A compiler in the final image is weight that every pull moves, and a gift to whoever breaks in.",
    hint="Which of the installed packages does the program call when it answers?",
    sources=(
        "https://docs.docker.com/build/building/multi-stage/",
        "https://docs.docker.com/build/building/best-practices/#use-multi-stage-builds",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        _BASE + _GET + "gcc\n",
        _BASE + "run apt update && apt -y install libpq-dev curl\n",
        "FROM python:3.11-slim AS builder\n" + _GET + "g++=4:12.2\nFROM builder\nCOPY . .\n",
        _BASE + _GET + "build-essential\nRUN apt-get purge -y build-essential\n",
        "FROM alpine:3.20\nRUN apk add --no-cache musl-dev python3\n",
        _BASE + "ARG TOOLS='cmake make'\n" + _GET + "$TOOLS\n",
        _BASE + "RUN <<EOF\napt-get update\napt-get install -y --no-install-recommends gcc\nEOF\n",
        _BASE + _GET + "gcc && echo apt-get purge gcc # apt-get purge gcc\n",
    ),
    good=(
        "FROM python:3.11 AS b\n" + _GET + "gcc\nFROM python:3.11-slim\nCOPY --from=b /venv /venv\n",
        _BASE + _GET + "libgomp1 curl devscripts\n",
        _BASE + _GET + "gcc && pip install six && apt-get purge -y --auto-remove gcc\n",
        "FROM alpine:3.20\nRUN apk add --virtual .deps gcc musl-dev && pip install six && apk del .deps\n",
        _BASE + "# RUN apt-get install gcc\nRUN echo apt-get install gcc\nONBUILD RUN apt-get install -y gcc\n",
        _BASE + "RUN deps='gcc make' && apt-get update && apt-get install -y $deps && make && apt-get purge -y $deps\n",
        _BASE,
    ),
)
