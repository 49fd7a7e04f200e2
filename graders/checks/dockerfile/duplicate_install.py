"""Owns the check that dependencies are installed once; must never compare versions.

A fault is: the same requirement file twice, a package that the stage was given before, and packages named in one RUN
after another. A list that we can't read counts as the one before it when pip is told to install what is there once
more. No fault are different requirement files (split by how often they change), a package with an index of its
own before the rest, installers, wheels built before they are installed, and `uv sync` once without and once with the
project. Each stage is looked at together with those it starts from; a stage that nothing is taken from is not.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from graders.check import Check, Sample
from graders.dockerfile.dependency import (
    dependency_installs,
    named_packages,
    option_values,
    requirement_sources,
    requirements_in,
)
from graders.dockerfile.install import INSTALLERS, Install
from graders.dockerfile.model import Instruction
from graders.dockerfile.origin import Origins
from graders.dockerfile.requirement import Requirement
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding
from graders.outcome import Level

_PLACES = ("-t", "--target", "--prefix", "--root", "--python", "-p", "--platform", "-n", "--name")
_INDEX = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--index", "--default-index", "--pypi-url")
_INDEX_VARIABLES = frozenset(("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_INDEX", "UV_DEFAULT_INDEX"))
_BETWEEN = re.compile(r"&&|\|\||[;\n]")
_WORDS = re.compile(r"[\w./-]+")
_FORCED = frozenset(("--force-reinstall", "--ignore-installed", "-I"))
_PROGRAM = re.compile(r"(/[\w./${}-]{0,200}?)/bin/(?:pip|python)")


@dataclass(frozen=True, slots=True)
class Params:
    """What may be installed more than once."""

    tools: tuple[str, ...] = INSTALLERS


@dataclass(slots=True)
class _Done:
    """What a stage has installed so far: place and thing -> line of the Dockerfile."""

    commands: dict[tuple[str, ...], int] = field(default_factory=dict)
    files: dict[tuple[str, ...], int] = field(default_factory=dict)
    named: dict[tuple[str, ...], int] = field(default_factory=dict)
    """Packages that a command named."""
    listed: dict[tuple[str, ...], int] = field(default_factory=dict)
    """Packages that a requirement file listed."""
    naming: dict[tuple[str, ...], int] = field(default_factory=dict)
    """Place -> line of the RUN that named packages there."""

    def copy(self) -> _Done:
        """What a stage that starts from this one has from the beginning."""
        return _Done(dict(self.commands), dict(self.files), dict(self.named), dict(self.listed), dict(self.naming))


def find(context: DockerfileContext, params: Params) -> Iterator[Finding]:
    """One finding for each install that repeats or continues an earlier one of its stage."""
    origins = context.origins()
    states: dict[int, _Done] = {}
    for stage in context.dockerfile.reached():
        done = _Done() if stage.parent is None else states[stage.parent].copy()
        states[stage.index] = done
        for instruction in stage.instructions:
            for install in dependency_installs(instruction):
                fault = _note(install, instruction, done, origins, context=context, params=params)
                if fault:
                    yield Finding(
                        f'"{install.command.text[:120]}" {fault}',
                        observed=install.command.text[:200],
                        expected="one install that takes everything from the requirements file",
                        line=install.command.line,
                        end_line=instruction.end_line,
                    )


def _note(
    install: Install,
    instruction: Instruction,
    done: _Done,
    origins: Origins,
    *,
    context: DockerfileContext,
    params: Params,
) -> str:
    """Take the install into account; what is wrong with it, empty when nothing is."""
    line, words = install.command.line, install.command.words
    if {"wheel", "download"} & set(words[1:3]) or "--no-index" in install.options:
        return ""
    place = _place(install, instruction)
    if not install.is_like_pip:
        earlier = done.commands.setdefault((*place, *words), line)
        return f"repeats line {earlier}" if earlier != line else ""
    faults = []
    sources = requirement_sources(install, instruction, origins)
    for source in sources:
        key = (*place, source.origin.path if source.origin is not None and source.origin.path else source.name)
        if key in done.files and not (done.files[key] >= instruction.line and _is_second_try(install, instruction)):
            faults.append(f"installs {source.name} again, after line {done.files[key]}")
        elif source.origin is None and (model := _made_from(source.name, place, instruction, done, context)):
            faults.append(f"installs {source.name}, which is made of {model[0]}, after line {model[1]} installed that")
        elif source.origin is None and _FORCED & set(install.options) and (first := _list_before(place, done)):
            faults.append(f"installs {source.name} over what line {first} installed, and leaves nothing that is there")
        done.files.setdefault(key, line)
    named = {item.name: item.text for item in _named(install, params)}
    listed = {item.name: item.text for source in sources for item in requirements_in(source, context.files)}
    if not faults:
        faults += [f"asks twice for {named[name]}" for name in named if name in listed]
        before = {**done.listed, **done.named}
        again = [(text, before.get((*place, name))) for name, text in named.items()]
        again += [(text, done.named.get((*place, name))) for name, text in listed.items()]
        faults += [f"asks for {text} again, after line {earlier}" for text, earlier in again if earlier]
    if named and not sources:
        earlier = done.naming.setdefault(place, instruction.line)
        if earlier < instruction.line:
            faults.append(f"names more packages, after line {earlier} named some: each RUN adds a layer")
    for name in named:
        done.named.setdefault((*place, name), line)
    for name in listed:
        done.listed.setdefault((*place, name), line)
    return faults[0] if faults else ""


def _is_second_try(install: Install, instruction: Instruction) -> bool:
    """Whether it runs only where the same command in front of it failed."""
    words = r"\s+".join(map(re.escape, install.command.words))
    twice = rf"{words}\s*\|\|[\s({{]*(?:sleep\s+\d+\s*(?:&&|;)\s*)?(?:\S+\s+-m\s+)?{words}"
    return any("||" in text and re.search(twice, text) is not None for text in instruction.shell_texts)


def _list_before(place: tuple[str, ...], done: _Done) -> int:
    """The line of the first list that was installed there; 0 when none was."""
    return next((line for key, line in done.files.items() if key[:-1] == place), 0)


def _made_from(
    name: str, place: tuple[str, ...], instruction: Instruction, done: _Done, context: DockerfileContext
) -> tuple[str, int] | None:
    """The installed list, and its line, that a RUN up to this one names beside this file, in one command."""
    stages = {stage.index: stage for stage in context.dockerfile.stages}
    texts: list[str] = []
    index: int | None = instruction.stage
    while index is not None:
        runs = [each for each in stages[index].instructions if each.keyword == "RUN" and each.line <= instruction.line]
        texts += [text for run in runs for text in run.written_texts]
        index = stages[index].parent
    installed = {posixpath.basename(key[-1]): (key[-1], line) for key, line in done.files.items() if key[:-1] == place}
    for text in texts:
        for command in _BETWEEN.split(text):
            named = {posixpath.basename(word) for word in _WORDS.findall(command)}
            if posixpath.basename(name) in named and "install" not in named:
                found = next((installed[each] for each in sorted(named & set(installed))), None)
                if found is not None:
                    return found
    return None


def _named(install: Install, params: Params) -> tuple[Requirement, ...]:
    """The packages that the command names, but for installers, and for what comes from an index of its own."""
    own_index = option_values(install, *_INDEX) or _INDEX_VARIABLES & set(install.command.assignments)
    return () if own_index else tuple(item for item in named_packages(install) if item.name not in params.tools)


def _place(install: Install, instruction: Instruction) -> tuple[str, ...]:
    """Where the packages go: two environments in one image are no duplicates."""
    programs = _PROGRAM.findall(instruction.value)
    own = programs[0] if len(programs) == 1 else ""
    return (own, "--user" if "--user" in install.options else "", *option_values(install, *_PLACES))


_FILES = (("requirements.txt", "six==1.16.0\njoblib==1.4.2\n"), ("extra.txt", "flask==3.0.3\n"))
_BASE = "FROM python:3.11-slim\nWORKDIR /app\nCOPY requirements.txt extra.txt ./\n"

CHECK = Check(
    id="duplicate-install",
    claim="Dependencies are installed once",
    why="What is installed twice takes time twice, and the second may quietly change what the first one brought.",
    hint="Which packages does each install bring? Look for one that another line has brought already.",
    sources=(
        "https://docs.docker.com/build/building/best-practices/#run",
        "https://pip.pypa.io/en/stable/topics/dependency-resolution/",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        Sample(_BASE + "RUN pip install -r requirements.txt\nRUN pip install -r requirements.txt\n", files=_FILES),
        Sample(_BASE + "RUN pip install -r requirements.txt\nrun python -m pip install six\n", files=_FILES),
        Sample(_BASE + "RUN pip install Six\nRUN pip3 install -r ./requirements.txt\n", files=_FILES),
        Sample(_BASE + "RUN pip install -r requirements.txt && pip install -r /app/requirements.txt\n", files=_FILES),
        Sample(
            _BASE + "RUN pip install -r requirements.txt || pip install -r requirements.txt\nRUN pip install six\n",
            files=_FILES,
        ),
        "FROM python:3.11-slim\nRUN pip install flask\nRUN pip install gunicorn\n",
        "FROM python:3.11-slim AS base\nRUN pip install flask\nFROM base\nRUN uv pip install flask==3.0\n",
        "FROM python:3.11-slim\nRUN <<EOF\npip install flask\npip install flask\nEOF\n",
        "FROM python:3.11-slim AS t\nONBUILD RUN pip install flask\nFROM t\nRUN pip install flask\n",
        Sample(_BASE + "RUN uv sync --frozen\nCOPY . .\nRUN uv sync --frozen\n"),
        Sample(_BASE + "RUN pip install -r requirements.txt joblib\n", files=_FILES),
        Sample(
            _BASE + "RUN pip install -r requirements.txt\nRUN cp requirements.txt b.txt && pip install -r b.txt\n",
            files=_FILES,
        ),
        Sample(_BASE + "RUN pip install -r requirements.txt\nRUN xargs pip install < requirements.txt\n", files=_FILES),
        Sample(
            _BASE + "RUN pip install -r requirements.txt\n"
            "RUN pip freeze > /tmp/all && pip install --force-reinstall -r /tmp/all\n",
            files=_FILES,
        ),
    ),
    good=(
        Sample(_BASE + "RUN pip install -r requirements.txt\n", files=_FILES),
        Sample(
            _BASE + "RUN pip install -r requirements.txt || (sleep 5; pip install -r requirements.txt)\n", files=_FILES
        ),
        Sample(_BASE + "RUN pip install -r requirements.txt -r extra.txt\nRUN echo pip install six\n", files=_FILES),
        Sample(
            _BASE + "RUN pip install -U pip\nRUN pip install -r extra.txt\nRUN pip install --no-deps .\n", files=_FILES
        ),
        Sample(
            _BASE + "RUN pip install torch -i https://example.org/cpu\nRUN pip install -r extra.txt\n", files=_FILES
        ),
        Sample(
            _BASE + "RUN pip install -r extra.txt && grep six requirements.txt > b.txt && pip install -r b.txt\n",
            files=_FILES,
        ),
        Sample(
            _BASE + "RUN pip freeze > /tmp/all && pip install --force-reinstall -r /tmp/all\n"
            "RUN pip install -r extra.txt && pip install --force-reinstall -r requirements.txt\n",
            files=_FILES,
        ),
        Sample(_BASE + "RUN uv sync --no-install-project\nCOPY . .\nRUN uv sync\n"),
        Sample(_BASE + "RUN pip wheel -w /w -r extra.txt && pip install --no-index -f /w -r extra.txt\n", files=_FILES),
        "FROM python:3.11-slim AS a\nRUN pip install flask\nFROM python:3.11-slim\nRUN pip install flask\n",
        "FROM python:3.11-slim\n# RUN pip install flask\nRUN pip install flask\nONBUILD RUN pip install flask\n",
        "FROM python:3.11-slim\nRUN /a/bin/pip install flask\nRUN /b/bin/pip install flask\n",
    ),
)
