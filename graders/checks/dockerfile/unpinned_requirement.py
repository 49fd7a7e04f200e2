"""Owns the check that what pip installs has one version; must never ask an index which versions there are.

Read are the requirement files that are installed, with what they include, and the packages named on the command line.
A constraints file with the version counts. Only stages whose packages reach the final image are looked at: what a test
stage installs may move. Installers themselves, local projects and package files are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graders.check import Check, Sample
from graders.dockerfile.dependency import (
    dependency_installs,
    hidden_packages,
    named_packages,
    option_values,
    requirement_sources,
    requirements_in,
)
from graders.dockerfile.install import INSTALLERS, Install
from graders.dockerfile.model import Instruction
from graders.dockerfile.origin import Origins
from graders.dockerfile.requirement import Requirement, constraints_of, read_requirement_files
from graders.dockerfile.shipped import stages_that_ship_packages
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable, listed
from graders.outcome import Level

_EXACT = re.compile(r"={2,3}[^*,]+\Z|[^,]*,?={2,3}[^*,]+(?:,.*)?\Z")
_MOVING = ("main", "master", "develop", "dev", "trunk", "head", "latest")


@dataclass(frozen=True, slots=True)
class Params:
    """What counts as pinned."""

    compatible: bool = False
    """Whether "~=1.4.2", which takes later patches, is enough."""
    tools: tuple[str, ...] = INSTALLERS
    shown: int = 5
    """Requirements in one message; the others are counted."""


def find(context: DockerfileContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding for each install that names a package without a fixed version, and for each file that does."""
    origins = context.origins()
    unknown = ""
    found = False
    for stage in stages_that_ship_packages(context.dockerfile):
        for instruction in stage.instructions:
            for install in dependency_installs(instruction):
                if not install.is_like_pip:
                    continue
                loose = _loose(install, instruction, origins, context, params)
                for file in dict.fromkeys(item.file for item in loose):
                    found = True
                    yield _finding(install, instruction, [item for item in loose if item.file == file], params)
                unknown = unknown or _unknown(install, instruction, origins)
    if unknown and not found:
        yield Undecidable(unknown)


def _finding(install: Install, instruction: Instruction, loose: list[Requirement], params: Params) -> Finding:
    """What one file, or the command line, leaves open; to blame is the first of its lines that does."""
    first = loose[0]
    texts = [f'"{item.text}" ({item.file}, line {item.line})' if item.file else f'"{item.text}"' for item in loose]
    named = listed(texts, params.shown)
    return Finding(
        f'"{install.command.text[:120]}" installs what has no fixed version: {named}',
        observed=named,
        expected='one version each, such as "six==1.16.0"',
        file=first.file or "Dockerfile",
        line=first.line if first.file else install.command.line,
        end_line=None if first.file else instruction.end_line,
    )


def _loose(
    install: Install, instruction: Instruction, origins: Origins, context: DockerfileContext, params: Params
) -> list[Requirement]:
    """The requirements without a fixed version."""
    sources = requirement_sources(install, instruction, origins)
    wanted = list(named_packages(install))
    paths: list[str] = []
    for source in sources:
        wanted += requirements_in(source, context.files)
        if source.origin is not None and source.origin.path:
            paths += constraints_of(context.files, source.origin.path)
    names = option_values(install, "-c", "--constraint", "--constraints")
    origin_of = (origins.of(instruction, name, install.command) for name in names)
    paths += [origin.path for origin in origin_of if origin is not None]
    held = {
        item.name for path in paths for item in read_requirement_files(context.files, path) if _is_fixed(item, params)
    }
    return [
        item
        for item in wanted
        if item.name and item.name not in params.tools and item.name not in held and not _is_fixed(item, params)
    ]


def _is_fixed(item: Requirement, params: Params) -> bool:
    if item.url:
        return _is_fixed_address(item.url)
    if params.compatible and item.specifier.startswith("~="):
        return True
    return _EXACT.match(item.specifier) is not None


def _is_fixed_address(url: str) -> bool:
    """A package file is what it is; a repository needs a tag or a commit."""
    if not url.startswith(("git+", "hg+", "svn+", "bzr+")) and not url.partition("#")[0].endswith(".git"):
        return True
    path = url.partition("#")[0].partition("://")[2].rpartition("/")[2]
    revision = path.partition("@")[2]
    return bool(revision) and revision.lower() not in _MOVING


def _unknown(install: Install, instruction: Instruction, origins: Origins) -> str:
    hidden = hidden_packages(install)
    if hidden:
        return f"Line {install.command.line}: what {hidden[0]} holds isn't known here"
    for source in requirement_sources(install, instruction, origins):
        if source.origin is None:
            return f"Line {install.command.line}: where {source.name} comes from isn't known here"
    return ""


_BASE = "FROM python:3.11-slim\nWORKDIR /app\nCOPY *.txt ./\n"
_R = "RUN pip install -r requirements.txt\n"


def _sample(text: str, rest: str = _R, **more: str) -> Sample:
    files = (("requirements.txt", text), *((f"{name}.txt", content) for name, content in more.items()))
    return Sample(_BASE + rest, files=files)


CHECK = Check(
    id="unpinned-requirement",
    claim="Every installed package has a fixed version",
    why="Without versions the same commit installs something else next month: a library that the model never met.",
    hint="Which version of each package did you test? Could somebody install the same ones in a year?",
    sources=(
        "https://pip.pypa.io/en/stable/topics/repeatable-installs/",
        "https://packaging.python.org/en/latest/specifications/version-specifiers/",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        _sample("six\n"),
        _sample("six==1.16.0\njoblib>=1.4,<2\n"),
        _sample("six==1.*\n"),
        _sample("six ~= 1.16.0 # ==1.16.0\n"),
        _sample("-r base.txt\n", base="six==1.16.0\nscikit-learn\n"),
        _sample("six==1.16.0\n", "run python -m pip install -r requirements.txt flask\n"),
        _sample("lib @ git+https://example.org/lib.git@main\n"),
        "FROM python:3.11-slim\nARG WHAT=six\nRUN <<EOF\nset -e\nuv pip install $WHAT\nEOF\n",
        "FROM python:3.11-slim AS b\nRUN /venv/bin/pip install six\nFROM scratch\nCOPY --from=b /venv /venv\n",
        _sample("six\n", "COPY requirements.txt /tmp/all.lock\nRUN cd /tmp && pip install -r all.lock\n"),
    ),
    good=(
        _sample("six==1.16.0\nscikit-learn[x] == 1.5.0 ; python_version > '3.8'\n"),
        _sample("# six\n--index-url https://example.org/simple\nsix==1.16.0 \\\n    --hash=sha256:aa\n"),
        _sample("six\n", "RUN pip install -c pins.txt -r requirements.txt\n", pins="six===1.16.0\n"),
        _sample("-c pins.txt\nsix>=1\n", pins="six==1.16.0\n"),
        _sample("lib @ git+https://example.org/lib.git@v1.2\nhttps://example.org/a-1.0-py3-none-any.whl\n-e .\n"),
        _sample("six==1.16.0\n", "RUN pip install -U pip && pip install -r requirements.txt && pip install .\n"),
        _sample(
            "six\n", "# RUN pip install -r requirements.txt\nRUN echo pip install -r requirements.txt\nONBUILD " + _R
        ),
        "FROM python:3.11-slim AS test\nRUN pip install pytest\nFROM python:3.11-slim\nRUN pip install 'six==1.16.0'\n",
        _sample("six\n", "COPY pyproject.toml uv.lock ./\nRUN uv sync --locked\n"),
    ),
)
