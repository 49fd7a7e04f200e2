"""Owns the check that dependencies are installed before the source arrives; must never build anything."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from graders.check import Check, Sample
from graders.dockerfile.ignore import IgnoreFile, paths_like
from graders.dockerfile.install import Install, hides_its_program, is_of_dependencies, python_installs
from graders.dockerfile.model import Instruction, Stage, mounts
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable
from graders.outcome import Level

_PATH_LIMIT = 300
"""Different paths of one file that are compared with the submission's files."""


@dataclass(frozen=True, slots=True)
class Params:
    """Which files tell what to install, and which never are the source."""

    manifests: tuple[str, ...] = (
        "*requirements*.txt", "*requirements*.in", "*constraints*.txt", "requirements", "constraints", "pyproject.toml",
        "setup.py", "setup.cfg", "*.lock", "Pipfile", "environment.yml", "environment.yaml", ".python-version",
        "pip.conf", "uv.toml", "*.whl", "wheels", "README*", "LICENSE*", "Dockerfile", ".dockerignore",
    )  # fmt: skip
    """Patterns as in .dockerignore, for the name of a file or of a folder."""
    sources: tuple[str, ...] = ("**/*.py", "**/*.ipynb", "**/*.pyx", "**/*.sh")
    """Files that count as source when the submission's files are known."""


def find(context: DockerfileContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding for each install that comes after the source in a stage that the image needs."""
    reader = _Reader(context, params)
    hidden: Instruction | None = None
    found = False
    for stage in context.dockerfile.reached():
        source = reader.source_of(stage.parent)
        tools: set[str] = set()
        for instruction in stage.instructions:
            if instruction.onbuild:
                continue
            brings = source or (instruction if reader.mounts_source(instruction) else None)
            installs = [install for install in python_installs(instruction) if is_of_dependencies(install)]
            # Once the dependencies are in, the project itself may come with its source.
            if tools and all(install.only_project or _installs_the_rest(install, tools) for install in installs):
                installs = []
            if installs and brings is not None:
                found = True
                command = installs[0].command.text[:100]
                yield Finding(
                    f'"{brings.text[:100]}" brings the source before "{command}" on line {installs[0].command.line}',
                    observed=f"source on line {brings.line}, install on line {installs[0].command.line}",
                    expected="the install first, with nothing but the list of dependencies copied",
                    line=brings.line,
                    end_line=brings.end_line,
                )
            tools.update(install.tool for install in installs)
            if source is not None and hides_its_program(instruction):
                hidden = hidden or instruction
            # A layer that hangs on the source is made anew with it, and so is all that follows.
            source = source or brings or (instruction if reader.copies_source(instruction, stage) else None)
    if hidden is not None and not found:
        yield Undecidable(f'Line {hidden.line}: "{hidden.text[:80]}" runs a program that a variable names')


@lru_cache(maxsize=64)
def _manifests(requirements: str, manifests: tuple[str, ...]) -> IgnoreFile:
    """What tells, by `excludes`, whether a path is a list of what to install. Kept: linting asks for one only."""
    own = (requirements,) if requirements else ()
    patterns = (*own, *(f"**/{pattern}" for pattern in manifests))
    return paths_like(*(pattern for pattern in patterns if not pattern.startswith("!")))


def _installs_the_rest(install: Install, tools: set[str]) -> bool:
    """Whether it is a second `uv sync` or `poetry install`: the first one put the dependencies in."""
    return install.tool in tools - {"pip"} and not install.packages and not install.requirement_files


class _Reader:
    """Tells which instructions bring the application's source."""

    def __init__(self, context: DockerfileContext, params: Params) -> None:
        self._context = context
        ignore = context.ignore
        # A script that a RUN runs is a part of the build, and changes as seldom as the Dockerfile.
        of_build = {script.path for item in context.dockerfile.instructions for script in item.scripts}
        self._files = [
            path for path in context.files if path not in of_build and (ignore is None or not ignore.excludes(path))
        ]
        self._manifests = _manifests(context.requirements, params.manifests)
        self._sources = paths_like(*params.sources)
        self._decided: dict[tuple[str, tuple[str, ...]], bool] = {}
        self._bringer: dict[int, Instruction | None] = {}
        self._targets: dict[int, list[str]] = {}
        for stage in context.dockerfile.stages:
            self._read(stage)

    def source_of(self, stage: int | None) -> Instruction | None:
        """The instruction that brought the source into a stage; None when it has none."""
        return None if stage is None else self._bringer[stage]

    def copies_source(self, instruction: Instruction, stage: Stage) -> bool:
        """Whether a COPY or ADD brings the source, from the context or from a stage that has it."""
        if instruction.keyword not in ("COPY", "ADD") or len(instruction.words) < 2:
            return False
        origins = instruction.flags.get("from", ())
        if not origins:
            excluded = instruction.flags.get("exclude", ())
            return any(self._is_source(path, excluded) for path in instruction.words[:-1])
        origin = self._context.dockerfile.find_stage(origins[-1], stage.index)
        if origin is None or self._bringer[origin.index] is None:
            return False
        paths = [posixpath.normpath(posixpath.join("/", path)) for path in instruction.words[:-1]]
        return any(
            not self._manifests.excludes(path.lstrip("/")) and (_holds(path, target) or _holds(target, path))
            for path in paths
            for target in self._targets[origin.index]
        )

    def mounts_source(self, instruction: Instruction) -> bool:
        """Whether a RUN binds the source: its cache then hangs on every file of the mount."""
        return any(
            mount["type"] == "bind" and not mount.get("from") and self._is_source(mount.get("source") or ".", ())
            for mount in mounts(instruction)
        )

    def _read(self, stage: Stage) -> None:
        bringer = self.source_of(stage.parent)
        targets = list(self._targets[stage.parent]) if stage.parent is not None else []
        folder = "/"
        for instruction in stage.instructions:
            if instruction.onbuild:
                continue
            if instruction.keyword == "WORKDIR":
                folder = posixpath.join(folder, instruction.expanded)
            elif self.copies_source(instruction, stage):
                bringer = bringer or instruction
                targets.append(posixpath.normpath(posixpath.join(folder, instruction.words[-1])))
        self._bringer[stage.index] = bringer
        self._targets[stage.index] = targets

    def _is_source(self, path: str, excluded: tuple[str, ...]) -> bool:
        """Whether this path of the context is, or holds, source."""
        if path.startswith(("<<", "http://", "https://", "git@")):
            return False
        pattern = posixpath.normpath(path).lstrip("/") or "."
        everything = pattern in (".", "*", "**")
        key = (pattern, excluded)
        if key not in self._decided:
            if len(self._decided) >= _PATH_LIMIT:
                return False
            self._decided[key] = self._decide(pattern, excluded, everything=everything)
        return self._decided[key]

    def _decide(self, pattern: str, excluded: tuple[str, ...], *, everything: bool) -> bool:
        if not self._files:
            return everything or not self._manifests.excludes(pattern)
        matches = paths_like(pattern.removeprefix("!")).excludes
        without = paths_like(*excluded).excludes
        taken = [file for file in self._files if (everything or matches(file)) and not without(file)]
        if self._context.source and self._context.source in taken:
            return True
        return any(self._sources.excludes(file) and not self._manifests.excludes(file) for file in taken)


def _holds(folder: str, path: str) -> bool:
    return folder in ("/", path) or path.startswith(f"{folder}/")


_FILES = (("app.py", "print()\n"), ("requirements.txt", "six==1.16.0\n"), ("data/raw.csv", "1\n"), ("src/a.py", "\n"))
_HEAD = "FROM python:3.11-slim\nWORKDIR /app\n"

CHECK = Check(
    id="source-before-dependencies",
    claim="Dependencies are installed before the source is copied",
    why="Each layer after a changed file is built again: with the source first, every edit installs everything again.",
    hint="Which lines have to be built again after you change one line of the program?",
    sources=(
        "https://docs.docker.com/build/cache/optimize/#order-your-layers",
        "https://docs.docker.com/build/cache/invalidation/",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    decided_by=("cache-lost-on-source-change",),
    bad=(
        _HEAD + "COPY . .\nRUN pip install -r requirements.txt\n",
        Sample(_HEAD + "copy . .\nrun pip3 install -r requirements.txt\n", files=_FILES),
        Sample(
            _HEAD + "# COPY requirements.txt .\nCOPY . .\nRUN python -m pip install -r requirements.txt\n", files=_FILES
        ),
        Sample(_HEAD + "COPY requirements.txt .\nCOPY src src\nRUN uv pip install -r requirements.txt\n", files=_FILES),
        Sample(_HEAD + 'ADD ["./", "/app"]\nRUN <<EOF\npip install -r requirements.txt\nEOF\n', files=_FILES),
        Sample(_HEAD + "COPY *.* ./\nRUN pip install -r requirements.txt\n", files=_FILES),
        Sample("FROM python:3.11-slim AS base\nCOPY . /app\nFROM base\nRUN pip install -r /app/requirements.txt\n"),
        Sample("FROM scratch AS src\nCOPY . /\nFROM python:3.11-slim\nCOPY --from=src / /app\nRUN pip install six\n"),
        Sample(_HEAD + "ARG WHAT=.\nCOPY $WHAT /app\nRUN pip install -r requirements.txt\n", files=_FILES),
        Sample(_HEAD + "RUN --mount=type=bind,target=/src pip install -r /src/requirements.txt\n", files=_FILES),
    ),
    good=(
        _HEAD + "COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n",
        Sample(_HEAD + "COPY requirements*.txt ./\nRUN pip install -r requirements.txt\nCOPY src src\n", files=_FILES),
        Sample(_HEAD + "COPY . .\nRUN echo pip install six # pip install six\n", files=_FILES),
        Sample(
            _HEAD + "RUN --mount=type=bind,source=requirements.txt,target=/r.txt pip install -r /r.txt\nCOPY . .\n",
            files=_FILES,
        ),
        Sample(
            "FROM python:3.11-slim AS no\nCOPY . .\nRUN pip install six\nFROM python:3.11-slim\nRUN pip install six\n"
        ),
        Sample(
            _HEAD + "COPY . .\nRUN pip install -r requirements.txt\n",
            files=(*_FILES, (".dockerignore", "*\n!requirements.txt\n")),
        ),
        Sample(_HEAD + "COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\nRUN pip install .\n"),
        Sample(_HEAD + "COPY requirements.txt data ./\nRUN pip install -r requirements.txt\n", files=_FILES),
    ),
)
