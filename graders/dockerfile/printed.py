"""Owns what a RUN prints to a file with words of its own, by echo or printf; must never run or expand anything."""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

from graders.dockerfile.model import Command, Instruction
from graders.dockerfile.shell import split_commands

_QUOTED = r"""\"[^\"]{0,2000}+\"|'[^']{0,2000}+'"""
_PRINTING = re.compile(
    rf"""(?:[{{(]((?:{_QUOTED}|[^{{}}()"']){{1,2000}}+)[}})]|\b((?:echo|printf)\b(?:{_QUOTED}|[^|;&>"'\n]){{0,2000}}+))"""
    r"""\s*(?:\|\s*tee\s+(?P<added>(?:-a|--append)\s+)?|(?P<arrow>>{1,2})\s*)["']?(?P<path>[\w./-]+)"""
)
_PRINTERS = frozenset(("echo", "printf"))


class Printed(NamedTuple):
    """A text that goes to a file."""

    text: str
    is_added: bool
    """Whether what was in the file before stays in front of it."""


def printed_to(instruction: Instruction, target: str, folder: str) -> Printed | None:
    """What the RUN prints to the file of this full path; None when it prints nothing to it.

    `folder` is where the RUN works; a bare name also fits in a folder that it goes to by itself.
    """
    found: Printed | None = None
    name = posixpath.basename(target)
    goes = any(command.words[0] in ("cd", "pushd") for command in instruction.commands)
    for text in instruction.written_texts:
        if name not in text:
            continue
        for match in _PRINTING.finditer(text):
            path = posixpath.normpath(posixpath.join(folder, match["path"]))
            if path != target and not (goes and match["path"] == name):
                continue
            commands = split_commands(match[1] or match[2], lambda _: 1, instruction.variables)
            said = "\n".join(_said(each) for each in commands if each.words[0] in _PRINTERS)
            is_added = bool(match["added"]) or match["arrow"] == ">>"
            before = f"{found.text}\n" if found is not None and is_added else ""
            stays = is_added if found is None or not is_added else found.is_added
            found = Printed(before + said.replace("\\n", "\n"), stays)
    return found


def _said(command: Command) -> str:
    """The lines of one echo, or of one printf, which prints its format again for more words."""
    program, *words = command.words
    while program == "echo" and words and words[0] in ("-n", "-e", "-en", "-ne"):
        words = words[1:]
    return (" " if program == "echo" else "\n").join(words)
