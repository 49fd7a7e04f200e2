"""Owns which commands install Python packages, and from what; must never judge whether they should."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from graders.dockerfile.kept import KEPT_WORDS, kept
from graders.dockerfile.model import Command, Instruction

_PIP_VERBS = frozenset(("install", "wheel", "download", "sync"))
_VERBS: dict[str, frozenset[str]] = {
    "pip": _PIP_VERBS,
    "poetry": frozenset(("install", "sync", "add")),
    "pipenv": frozenset(("install", "sync")),
    "pipx": frozenset(("install",)),
    "pdm": frozenset(("install", "sync", "add")),
    "conda": frozenset(("install", "create", "update")),
    "mamba": frozenset(("install", "create", "update")),
    "micromamba": frozenset(("install", "create", "update")),
}
_ALONE = frozenset(("pip-sync", "easy_install"))
_INSTALLERS = _ALONE | {"uv", *_VERBS}
_WITH_VALUE = frozenset(
    (
        "-c", "--constraint", "-i", "--index-url", "--pypi-url", "--extra-index-url", "-f", "--find-links",
        "-t", "--target", "--prefix", "--root", "--src", "--cache-dir", "--proxy", "--retries", "--timeout",
        "--trusted-host", "--cert", "--client-cert", "--log", "--python", "--platform", "--python-version",
        "--implementation", "--abi", "--no-binary", "--only-binary", "--progress-bar", "--upgrade-strategy",
        "-C", "--config-settings", "--global-option", "--report", "--use-feature", "--root-user-action",
        "-w", "--wheel-dir", "-d", "--dest", "-p", "--index-strategy", "--exclude-newer", "--link-mode",
    )
)  # fmt: skip
_FILES = frozenset(("-r", "--requirement", "--requirements"))
_COMPILERS = frozenset(("uv", "poetry", "pipenv", "pdm"))
_COMPILES = frozenset(("compile", "lock", "export", "requirements"))
INSTALLERS = ("pip", "setuptools", "wheel", "uv", "poetry", "pipenv", "pdm", "pip-tools", "virtualenv")
"""Packages that install others, or make a place for them."""
_TOOLS = frozenset((*INSTALLERS, "build"))

_Asked = tuple[str, frozenset[str], tuple[str, ...], tuple[str, ...]]
"""Tool, options, requirement files and packages of an `Install`."""


class Install(NamedTuple):
    """One command that installs Python packages."""

    command: Command
    tool: str
    """"pip", "uv", "poetry", "conda" ..."""
    options: frozenset[str]
    """Its options by name, without their values."""
    requirement_files: tuple[str, ...]
    packages: tuple[str, ...]
    """What it names itself; paths of local projects among them."""

    @property
    def is_like_pip(self) -> bool:
        """Whether it takes packages and requirement files as pip does: no other tool does, nor uv for a project."""
        return self.tool in ("pip", "uv") and not {"sync", "add"} & set(self.command.words[1:2])

    @property
    def only_tools(self) -> bool:
        """Whether it installs nothing but installers."""
        names = {package.partition("=")[0].rstrip("<>~! ").partition("[")[0].lower() for package in self.packages}
        return bool(names) and not self.requirement_files and all(name.partition("<")[0] in _TOOLS for name in names)

    @property
    def only_project(self) -> bool:
        """Whether it installs nothing but local folders."""
        return bool(self.packages) and not self.requirement_files and all(map(_is_local, self.packages))


def python_installs(instruction: Instruction) -> Iterator[Install]:
    """The commands of a RUN that install Python packages, in order."""
    if instruction.keyword != "RUN":
        return
    for command in instruction.commands:
        install = _read(command)
        if install is not None:
            yield install


def installs_dependencies(instruction: Instruction) -> bool:
    """Whether the instruction installs what the application depends on, not only an installer or the project itself."""
    return any(is_of_dependencies(install) for install in python_installs(instruction))


def is_of_dependencies(install: Install) -> bool:
    """Whether the packages of others are installed: not only an installer, nor the project without its dependencies."""
    return not install.only_tools and not (install.only_project and "--no-deps" in install.options)


def hides_its_program(instruction: Instruction) -> bool:
    """Whether a RUN starts a program whose name stands in a variable that nobody here sets."""
    return instruction.keyword == "RUN" and any(command.words[0].startswith("$") for command in instruction.commands)


def compiles_a_list(instruction: Instruction) -> bool:
    """Whether a RUN makes one list of packages out of another, as pip-compile does."""
    return instruction.keyword == "RUN" and any(
        command.words[0] == "pip-compile"
        or (command.words[0] in _COMPILERS and bool(_COMPILES & set(command.words[1:4])))
        or "piptools" in command.words[1:3]
        for command in instruction.commands
    )


def _read(command: Command) -> Install | None:
    tool = command.words[0]
    if tool not in _INSTALLERS and not tool.startswith("python"):
        return None
    asked = _asked(command.words)
    return None if asked is None else Install(command, *asked)


@kept(at_most=KEPT_WORDS, answers=256)
def _asked(words: tuple[str, ...]) -> _Asked | None:
    """What these words ask to install; None when nothing."""
    tool, rest = words[0], list(words[1:])
    if tool.startswith("python") and rest[:1] == ["setup.py"]:
        return _install(tool, rest[1:]) if {"install", "develop"} & set(rest) else None
    if tool in _ALONE:
        return (
            _with_files(_install("pip", rest), or_else="requirements.txt")
            if tool == "pip-sync"
            else _install("pip", rest)
        )
    before: list[str] = []
    verb, rest = _verb(rest, before)
    if tool == "uv":
        if verb == "pip":
            verb, rest = _verb(rest, before)
            asked = _install(tool, [*before, *rest]) if verb in _PIP_VERBS else None
            return _with_files(asked) if verb == "sync" else asked
        if verb == "tool":
            verb, rest = _verb(rest, before)
            return _install(tool, [*before, *rest]) if verb == "install" else None
        return _install(tool, [*before, *rest]) if verb in ("sync", "add") else None
    if tool in ("conda", "mamba", "micromamba") and verb == "env":
        verb, rest = _verb(rest, before)
    if verb not in _VERBS.get(tool, ()):
        return None
    return _install(tool, [*before, *rest])


def _verb(words: list[str], before: list[str]) -> tuple[str, list[str]]:
    """The first word that is no option, and what follows; options in front go to `before`."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        count = 2 if words[at] in _WITH_VALUE else 1
        before.extend(words[at : at + count])
        at += count
    return (words[at], words[at + 1 :]) if at < len(words) else ("", [])


def _install(tool: str, words: list[str]) -> _Asked | None:
    options: set[str] = set()
    files: list[str] = []
    packages: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        name, equals, value = word.partition("=")
        at += 1
        if not word.startswith("-") or word == "-":
            packages.append(word)
        elif name in _FILES and (equals or at < len(words)):
            files.append(value if equals else words[at])
            at += 0 if equals else 1
        elif word.startswith("-r") and len(word) > 2 and not word.startswith("--"):
            files.append(word[2:])
        elif word in ("-e", "--editable") and at < len(words):
            packages.append(words[at])
            at += 1
        else:
            options.add(name)
            at += 1 if name in _WITH_VALUE and not equals else 0
    if {"--help", "-h", "--dry-run", "--version"} & options:
        return None
    return tool, frozenset(options), tuple(files), tuple(packages)


def _with_files(asked: _Asked | None, or_else: str = "") -> _Asked | None:
    """What `sync` is told: all that it names is a requirement file."""
    if asked is None:
        return None
    tool, options, files, packages = asked
    files = (*files, *packages)
    return tool, options, files or ((or_else,) if or_else else ()), ()


def _is_local(package: str) -> bool:
    return package.partition("[")[0] in (".", "..") or package.startswith(("./", "../", "/", ".["))
