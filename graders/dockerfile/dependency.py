"""Owns what an install brings in: the packages that it names and those of its requirement files.

Must never judge them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from graders.dockerfile.install import Install, is_of_dependencies, python_installs
from graders.dockerfile.model import Instruction
from graders.dockerfile.origin import Origin, Origins
from graders.dockerfile.requirement import Requirement, read_requirement, read_requirement_files

_NAMES_PACKAGES = {
    "uv": frozenset(("pip", "add", "tool")),
    "poetry": frozenset(("add",)),
    "pdm": frozenset(("add",)),
}
_ENVIRONMENT = frozenset(("-n", "--name", "-p", "--prefix", "-c", "--channel", "-f", "--file", "--group", "--extra"))
_SUBSTITUTION = re.compile(r"\$\(|`")
_XARGS = re.compile(
    r"\bxargs\s[^|;&\n]{0,300}?<\s{0,9}([\w./-]+)|\b(?:cat|grep)\s[^|;&\n]{0,300}?([\w./-]+)\s{0,9}\|\s{0,9}xargs\s"
)
"""A file whose lines become the arguments of a command."""
_ENDS = re.compile(r"[;&\n>]")
_PRINTS = re.compile(r"\b(?:echo|printf)\b(.*)", re.DOTALL)
_NAMES_A_LIST = re.compile(r"\s-r\b")
_INSTALLS = re.compile(r"[^;&\n]*\binstall\b")
_PRINTED_WORD = re.compile(r"[^\s\"'\\]+")
_STANDARD_INPUT = frozenset(("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"))
_FILE_IN_SUBSTITUTION = re.compile(r"(?<![\w./-])[\w./-]*(?:requirement|\.txt|\.in\b|pyproject)[\w./-]*")


class Source(NamedTuple):
    """A requirement file that an install reads."""

    name: str
    """As the command names it."""
    origin: Origin | None
    """Where it came from; None when that can't be told."""


def dependency_installs(instruction: Instruction) -> Iterator[Install]:
    """The commands of a RUN that bring packages of others; neither installers alone nor ONBUILD."""
    if not instruction.onbuild:
        for install in python_installs(instruction):
            if is_of_dependencies(install) and not install.only_project:
                yield install


def named_packages(install: Install) -> tuple[Requirement, ...]:
    """The packages that the command names itself, local projects left out."""
    found = (read_requirement(text) for text in _texts(install))
    return tuple(item for item in found if item.name and not item.text.startswith((".", "/", "$", "`", "-")))


def hidden_packages(install: Install) -> tuple[str, ...]:
    """Words that only a running shell fills in, files that it reads there left out."""
    return tuple(text for text in _texts(install) if text.startswith(("$", "`")) and not _files_in(text))


def reads_input(install: Install) -> bool:
    """Whether the command takes packages, or a list of them, from what is piped to it."""
    asked = (*install.requirement_files, *install.packages)
    return not asked or bool(_STANDARD_INPUT & set(install.requirement_files))


def handed_packages(install: Install, instruction: Instruction) -> tuple[Requirement, ...]:
    """Packages that stand in the Dockerfile and are handed to the command by a pipe, not those of a list."""
    if not reads_input(install):
        return ()
    said = " ".join(each for text in instruction.written_texts if "|" in text for each in _handed_over(text))
    found = map(read_requirement, _PRINTED_WORD.findall(said.replace("\\n", " ")))
    return tuple(item for item in found if item.name)


def _handed_over(text: str) -> Iterator[str]:
    """What is printed for an install, in front of the pipe between them."""
    for left, right in pairwise(text.split("|")):
        printed = _PRINTS.search(_ENDS.split(left)[-1])
        if printed is not None and not _NAMES_A_LIST.search(printed[1]) and _INSTALLS.match(right):
            yield printed[1]


def requirement_sources(install: Install, instruction: Instruction, origins: Origins) -> tuple[Source, ...]:
    """The requirement files that the command reads, by `-r`, by `$(cat ...)` or through xargs."""
    names = [*install.requirement_files]
    for text in _texts(install):
        names += _files_in(text)
    if not names and not install.packages:
        names += [
            name for script in instruction.written_texts for pair in _XARGS.findall(script) for name in pair if name
        ]
    return tuple(Source(name, origins.of(instruction, name, install.command)) for name in names)


def requirements_in(source: Source, files: Mapping[str, bytes]) -> tuple[Requirement, ...]:
    """What stands in a requirement file and in those that it includes; empty when it can't be read."""
    if source.origin is None:
        return ()
    if source.origin.path:
        return tuple(read_requirement_files(files, source.origin.path))
    found = read_requirement_files({source.name: source.origin.data}, source.name)
    return tuple(item._replace(file="", line=0) for item in found)


def option_values(install: Install, *names: str) -> tuple[str, ...]:
    """The values of these options, as `--name value` or `--name=value`."""
    words = install.command.words
    found = []
    for index, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in names:
            found.append(value if equals else words[index + 1] if index + 1 < len(words) else "")
    return tuple(found)


def _texts(install: Install) -> list[str]:
    verbs = _NAMES_PACKAGES.get(install.tool)
    if verbs is not None and not verbs & set(install.command.words[1:3]):
        return []
    values = set(option_values(install, *_ENVIRONMENT))
    return [text for text in install.packages if text not in values]


def _files_in(text: str) -> list[str]:
    return _FILE_IN_SUBSTITUTION.findall(text) if _SUBSTITUTION.search(text) else []
