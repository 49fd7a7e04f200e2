"""Owns the check that tools for developing stay out of the image; must never look into an installed image.

Looked at are the stages whose packages reach the final image: its own chain, and a builder whose virtual environment
is copied. A test stage may install what it likes, for nothing of it is shipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graders.check import Check, Sample
from graders.dockerfile.dependency import (
    Source,
    dependency_installs,
    handed_packages,
    hidden_packages,
    named_packages,
    option_values,
    requirement_sources,
    requirements_in,
)
from graders.dockerfile.install import Install, python_installs
from graders.dockerfile.model import Instruction
from graders.dockerfile.origin import Origins
from graders.dockerfile.pattern import is_like
from graders.dockerfile.requirement import included_files, normalized
from graders.dockerfile.shipped import stages_that_ship_packages
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable, listed
from graders.outcome import Level

_GROUP_OPTIONS = ("--with", "--group", "--only-group", "--extra", "--extras", "-E", "--only")
_PICKERS = "grep|sort|uniq|head|tail|cat"
"""Programs that take lines from a file and make none of their own."""
_WORD = re.compile(r"[a-z]+")
_EXTRAS = re.compile(r"\[([^\]\[]*)\]")


@dataclass(frozen=True, slots=True)
class Params:
    """What is for developing only."""

    packages: tuple[str, ...] = (
        "jupyter", "jupyterlab", "jupyter-*", "jupyterlab-*", "notebook", "ipykernel", "ipython", "ipdb", "nbdime",
        "pytest", "pytest-*", "coverage", "hypothesis", "tox", "nox", "black", "ruff", "flake8", "flake8-*", "pylint",
        "pylint-*", "isort", "autopep8", "yapf", "mypy", "pyright", "pytype", "types-*", "bandit", "pre-commit",
        "debugpy", "pudb", "memory-profiler", "line-profiler", "sphinx", "sphinx-*", "mkdocs", "mkdocs-*", "twine",
    )  # fmt: skip
    """Patterns for the name of a package, in lower case with hyphens."""
    file_words: tuple[str, ...] = (
        "dev", "develop", "development", "test", "tests", "testing", "lint", "docs", "notebook", "notebooks",
    )  # fmt: skip
    """Words that mark a requirement file, a group or an extra as one for developing."""
    shown: int = 6
    """Names in one message; the others are counted."""


def find(context: DockerfileContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding for each install that brings tools for developing."""
    origins = context.origins()
    unread = ""
    found = False
    for stage in stages_that_ship_packages(context.dockerfile):
        for instruction in stage.instructions:
            if instruction.onbuild:
                continue
            for install in python_installs(instruction):
                names = _tools(install, instruction, origins, context, params)
                if names and not _removed(install, instruction):
                    found = True
                    yield _finding(install, instruction, names, params)
            unread = unread or _unread(instruction, origins, context, params)
    if unread and not found:
        yield Undecidable(unread)


def _finding(install: Install, instruction: Instruction, names: list[str], params: Params) -> Finding:
    named = listed(names, params.shown)
    return Finding(
        f'"{install.command.text[:120]}" installs what only developing needs: {named}',
        observed=named,
        expected="only what the program imports when it runs",
        line=install.command.line,
        end_line=instruction.end_line,
    )


def _tools(
    install: Install, instruction: Instruction, origins: Origins, context: DockerfileContext, params: Params
) -> list[str]:
    """What of the install is for developing: packages, and names of files, groups and extras."""
    named = (*named_packages(install), *handed_packages(install, instruction))
    names = [item.text for item in named if _is_tool(item.name, params)]
    for source in requirement_sources(install, instruction, origins):
        path = source.origin.path if source.origin is not None else ""
        files = included_files(context.files, path) if path else (source.name,)
        names += [name for name in dict.fromkeys((source.name, *files)) if _is_marked(name.rpartition("/")[2], params)]
        for item in requirements_in(source, context.files):
            if _is_tool(item.name, params):
                names.append(f"{item.text} ({item.file}, line {item.line})" if item.file else item.text)
    return [*names, *_groups(install, context.files, params)]


def _groups(install: Install, files: Mapping[str, bytes], params: Params) -> Iterator[str]:
    """Groups and extras for developing, asked for by name or taken by default."""
    words = install.command.words
    if {"--dev", "--all-groups"} & set(words):
        yield "--dev" if "--dev" in words else "--all-groups"
    for value in option_values(install, *_GROUP_OPTIONS):
        yield from (name for name in re.split(r"[,\s]+", value) if _is_marked(name, params))
    for word in install.packages:
        local = word.startswith((".", "/"))
        extras = _EXTRAS.search(word) if local else None
        if extras:
            yield from (f"{word}" for name in extras[1].split(",") if _is_marked(name.strip(), params))
    if (
        install.tool in ("uv", "poetry")
        and "pip" not in words[1:2]
        and "sync" in words[1:3] + words[:1] + _install_verb(words)
    ):
        silenced = {"--no-dev", "--only-main", "--no-default-groups"} & set(words)
        chosen = option_values(install, "--only", "--without", "--no-group", "--only-group")
        if not silenced and not chosen and "UV_NO_DEV" not in install.command.assignments and _has_dev_group(files):
            yield f'the dev group of pyproject.toml, which "{words[0]} {words[1]}" takes by default'


def _install_verb(words: tuple[str, ...]) -> tuple[str, ...]:
    """`poetry install` takes groups as `poetry sync` does."""
    return ("sync",) if words[0] == "poetry" and "install" in words else ()


def _has_dev_group(files: Mapping[str, bytes]) -> bool:
    if "pyproject.toml" not in files:
        return False
    import tomllib

    try:
        project = tomllib.loads(files["pyproject.toml"].decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError:
        return False
    tool = project.get("tool")
    tool = tool if isinstance(tool, dict) else {}
    uv, poetry, groups = tool.get("uv"), tool.get("poetry"), project.get("dependency-groups")
    if isinstance(groups, dict) and groups.get("dev"):
        return True
    if isinstance(uv, dict) and uv.get("dev-dependencies"):
        return True
    group = poetry.get("group") if isinstance(poetry, dict) else None
    return isinstance(group, dict) and "dev" in group


def _is_tool(name: str, params: Params) -> bool:
    return is_like(name, params.packages)


def _is_marked(name: str, params: Params) -> bool:
    """Whether a word of the name says that it is for developing: "requirements-dev.txt", not "devices.txt"."""
    return bool(set(_WORD.findall(name.lower())) & set(params.file_words))


def _removed(install: Install, instruction: Instruction) -> bool:
    """Whether the same RUN takes the packages away again."""
    after = False
    for command in instruction.commands:
        after = after or command is install.command
        if after and command.words[:2] in (("pip", "uninstall"), ("uv", "pip")) and "uninstall" in command.words:
            gone = {normalized(word) for word in command.words[2:]} | set(command.words)
            named = {item.name for item in named_packages(install)}
            if named <= gone and set(install.requirement_files) <= gone:
                return True
    return False


def _unread(instruction: Instruction, origins: Origins, context: DockerfileContext, params: Params) -> str:
    """Why not all that the RUN installs is known; empty when it is."""
    for install in dependency_installs(instruction):
        hidden = hidden_packages(install)
        if hidden:
            return f"Line {install.command.line}: what {hidden[0]} holds isn't known here"
        for source in requirement_sources(install, instruction, origins):
            if source.origin is None and not _is_harmless_part(source.name, instruction, origins, context, params):
                return f"Line {install.command.line}: where {source.name} comes from isn't known here"
    return ""


def _is_harmless_part(
    name: str, instruction: Instruction, origins: Origins, context: DockerfileContext, params: Params
) -> bool:
    """Whether the RUN takes the lines of a file from lists that have no tools in them."""
    target = rf">\s{{0,9}}{re.escape(name)}(?![\w./-])"
    written = re.search(rf"\b(?:{_PICKERS})\s([^;&|\n<>]{{1,300}}){target}", instruction.value)
    words = [word for word in written[1].split() if "/" in word or "." in word] if written else []
    found = [origins.of(instruction, word) for word in words]
    lists = [Source(origin.path, origin) for origin in found if origin is not None]
    return bool(lists) and not any(
        _is_tool(item.name, params) for each in lists for item in requirements_in(each, context.files)
    )


_BASE = "FROM python:3.11-slim\n"
_DEV = (("requirements-dev.txt", "-r requirements.txt\npytest==8.3.2\n"), ("requirements.txt", "six==1.16.0\n"))
_COPY = _BASE + "WORKDIR /app\nCOPY requirements*.txt ./\n"

CHECK = Check(
    id="dev-dependency-installed",
    claim="No tool for developing is installed",
    why="Notebooks, test runners and linters are never called in production: they cost space and widen the target.",
    hint="Which of the installed packages does the program import when it answers?",
    sources=(
        "https://docs.docker.com/build/building/best-practices/#dont-install-unnecessary-packages",
        "https://packaging.python.org/en/latest/specifications/dependency-groups/",
        "https://docs.astral.sh/uv/concepts/projects/dependencies/#development-dependencies",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        _BASE + "RUN pip install six pytest\n",
        Sample(_COPY + "RUN pip install -r requirements-dev.txt\n", files=_DEV),
        Sample(_COPY + "RUN mv requirements-dev.txt all.txt && pip install -r all.txt\n", files=_DEV),
        Sample(
            "FROM python:3.11-slim\nCOPY requirements.txt /tmp/r.txt\nrun python3 -m pip install -r /tmp/r.txt\n",
            files=(("requirements.txt", "six==1.16.0\n-r more.in\n"), ("more.in", "Black [d] == 24.8.0  # nice\n")),
        ),
        Sample(_BASE + "COPY requirements-dev.txt r.txt\nRUN pip install -r r.txt\n", files=_DEV),
        _BASE + 'ARG WHAT="six jupyterlab"\nRUN pip install $WHAT\n',
        _BASE + "RUN <<EOF\nset -e\npip3 install 'ipykernel>=6'\nEOF\n",
        _BASE + "RUN pip install -e '.[dev]'\n",
        _BASE + "RUN echo six pytest | xargs pip install\n",
        _BASE + "RUN printf 'pytest\\n' | pip install -r /dev/stdin\n",
        Sample(_COPY + "RUN echo 'pytest>=8' >> requirements.txt\nRUN pip install -r requirements.txt\n", files=_DEV),
        _BASE + "RUN { echo six; echo pytest; } > /tmp/r.txt && pip install -r /tmp/r.txt\n",
        _BASE + "RUN uv tool install pytest && pipx install ruff\n",
        "FROM python:3.11-slim AS builder\nRUN python -m venv /venv && /venv/bin/pip install ruff six\n"
        "FROM python:3.11-slim\nCOPY --from=builder /venv /venv\n",
        Sample(
            _BASE + "COPY pyproject.toml .\nRUN uv sync\n",
            files=(("pyproject.toml", "[dependency-groups]\ndev=['x']"),),
        ),
        _BASE + "RUN pip install pytest && pytest\nRUN pip uninstall -y pytest\n",
        "FROM python:3.11-slim AS t\nONBUILD RUN pip install pytest\nFROM t\n",
    ),
    good=(
        Sample(_COPY + "RUN pip install -r requirements.txt\n", files=_DEV),
        Sample(_COPY + "RUN grep -v '^#' requirements.txt > /tmp/r.txt && pip install -r /tmp/r.txt\n", files=_DEV),
        Sample(_COPY + "# RUN pip install -r requirements-dev.txt\nRUN echo pytest ruff\n", files=_DEV),
        "FROM python:3.11-slim AS test\nRUN pip install pytest && pytest\nFROM python:3.11-slim\nRUN pip install six\n",
        "FROM python:3.11-slim AS build\nRUN pip install build pytest && pytest && python -m build\n"
        "FROM python:3.11-slim\nCOPY --from=build /app/dist /dist\nRUN pip install /dist/app.whl\n",
        _BASE + "RUN pip install device-detector testresources blackboard\n",
        _BASE + "RUN pip install pytest && pytest && pip uninstall -y pytest\n",
        Sample(_COPY + "RUN echo pytest > r.txt\nCOPY requirements.txt r.txt\nRUN pip install -r r.txt\n", files=_DEV),
        Sample(_COPY + "RUN echo pytest > /notes.txt; pip install -r requirements.txt && echo pytest\n", files=_DEV),
        Sample(
            _BASE + "COPY pyproject.toml r.txt ./\nRUN uv pip sync r.txt\n",
            files=(("pyproject.toml", "[dependency-groups]\ndev=['x']"), ("r.txt", "six==1.16.0\n")),
        ),
        Sample(
            _BASE + "COPY pyproject.toml .\nRUN uv sync --frozen --no-dev\n",
            files=(("pyproject.toml", "[dependency-groups]\ndev=['x']"),),
        ),
        Sample(
            _COPY + "RUN pip install -r requirements.txt\n",
            files=(
                ("requirements.txt", "six==1.16.0\n# pytest==8.3.2\n-c constraints.txt\n"),
                ("constraints.txt", "black==24.1\n"),
            ),
        ),
        _BASE + "ONBUILD RUN pip install pytest\n",
    ),
)
