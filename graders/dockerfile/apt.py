"""Owns what apt-get, apt and aptitude are told to do; must never judge whether they should.

Source: apt-get(8), apt(8) and apt.conf(5) of Debian 12, read 2026-11. Of two settings that contradict each other the
later one wins.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from graders.dockerfile.kept import KEPT_WORDS, kept
from graders.dockerfile.model import Command, Instruction

LISTS = "/var/lib/apt/lists"
"""Where the package lists lie that `update` fetches."""

_PROGRAMS = frozenset(("apt-get", "apt", "aptitude"))
_INSTALLS = frozenset(("install", "reinstall", "satisfy", "build-dep"))
_WITH_VALUE = frozenset(
    (
        "-o", "--option", "-c", "--config-file", "-t", "--target-release", "--default-release", "-a",
        "--host-architecture", "-P", "--build-profiles",
    )
)  # fmt: skip
_PRETENDS = frozenset(
    ("-s", "--simulate", "--just-print", "--dry-run", "--recon", "--no-act", "--print-uris", "-h", "--help")
)
_FALSE = frozenset(("false", "no", "0", "off", "without", "disable"))
_TRUE = frozenset(("true", "yes", "1", "on", "with", "enable"))
_RECOMMENDS = "apt::install-recommends"
_SHORT = re.compile(r"-[A-Za-z]+\Z")


class Apt(NamedTuple):
    """One command of apt-get, apt or aptitude."""

    command: Command
    action: str
    """"update", "install" ...; empty when it has none that we see."""
    packages: tuple[str, ...]
    options: tuple[str, ...]
    """All options in order; one that takes a value has it after "=", such as "-o=Dpkg::Use-Pty=0"."""

    @property
    def updates(self) -> bool:
        """Whether it fetches the package lists."""
        return self.action == "update"

    @property
    def installs(self) -> bool:
        """Whether it installs packages that it names, or that come through a pipe."""
        return self.action in _INSTALLS and not self._pretends and (bool(self.packages) or not self._only_mends)

    @property
    def only_local(self) -> bool:
        """Whether it installs nothing but package files."""
        return bool(self.packages) and all(name.startswith(("/", "./", "../")) for name in self.packages)

    @property
    def recommends(self) -> bool | None:
        """Whether its options take recommended packages along; None when they don't say."""
        decided: bool | None = None
        for option in self.options:
            name, _, value = option.partition("=")
            if name in ("-o", "--option"):
                key, _, value = value.partition("=")
                if key.lower() == _RECOMMENDS:
                    decided = _boolean(value)
            elif name == "--install-recommends":
                decided = _boolean(value or "true")
            elif name in ("--no-install-recommends", "--without-recommends"):
                decided = _boolean(value or "true") is False
            elif name == "--with-recommends":
                decided = True
            elif self.command.words[0] == "aptitude" and _SHORT.match(option):
                decided = False if "R" in option else True if "r" in option else decided
        return decided

    @property
    def lists(self) -> str:
        """The folder of the package lists, as far as its options move it."""
        said = {}
        for option in self.options:
            name, _, setting = option.partition("=")
            key, _, value = setting.partition("=")
            if name in ("-o", "--option") and value:
                said[key.lower()] = value.strip("\"'")
        folders = (said.get("dir", "/"), said.get("dir::state", "var/lib/apt"), said.get("dir::state::lists", "lists"))
        return posixpath.normpath(posixpath.join("/", *folders))

    @property
    def _pretends(self) -> bool:
        return bool(_PRETENDS & set(self.options))

    @property
    def _only_mends(self) -> bool:
        return any(
            option == "--fix-broken" or (_SHORT.match(option) and "f" in option and "=" not in option)
            for option in self.options
        )


def apt_commands(instruction: Instruction) -> Iterator[Apt]:
    """The apt commands of a RUN, in order."""
    if instruction.keyword == "RUN":
        for command in instruction.commands:
            if command.words[0] in _PROGRAMS:
                yield Apt(command, *_told(command.words))


def setting_in(text: str) -> bool | None:
    """What a text in the form of apt.conf says about recommended packages; None when it says nothing."""
    decided: bool | None = None
    for match in _CONF.finditer(text):
        decided = _boolean(match[1])
    return decided


_CONF = re.compile(
    r"(?:APT::|APT\s{0,9}\{[^{}]{0,500}?)Install-Recommends\s{1,9}[\\'\"]{0,4}(\w{1,9})[\\'\"]{0,4}", re.IGNORECASE
)


def _boolean(value: str) -> bool | None:
    word = value.strip("\"'; ").lower()
    return True if word in _TRUE else False if word in _FALSE else None


@kept(at_most=KEPT_WORDS, answers=256)
def _told(command_words: tuple[str, ...]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Action, packages and options of an `Apt`."""
    options: list[str] = []
    words: list[str] = []
    at, rest = 0, command_words[1:]
    while at < len(rest):
        word = rest[at]
        at += 1
        if word == "--":
            words.extend(rest[at:])
            break
        if not word.startswith("-") or word == "-":
            words.append(word)
        elif word in _WITH_VALUE and at < len(rest):
            options.append(f"{word}={rest[at]}")
            at += 1
        elif word.startswith("-o") and len(word) > 2:
            options.append(f"-o={word[2:].removeprefix('=')}")
        else:
            options.append(word)
    return words[0] if words else "", tuple(words[1:]), tuple(options)
