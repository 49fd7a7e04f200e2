"""Owns which commands of a RUN empty the folder of apt's package lists; must never judge whether they should.

The folder is a parameter, for apt can be told to keep its lists elsewhere.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from graders.dockerfile.model import Command, Instruction
from graders.dockerfile.origin import Origins
from graders.dockerfile.removal import in_their_folders
from graders.dockerfile.script import script_path
from graders.dockerfile.shell import split_commands

_QUOTED_STAR = re.compile(
    r"""(?<![^\s;&|(])[^\s;&|"'\\]{0,200}+(?:"[^"\s]{0,200}\*[^"\s]{0,200}"|'[^'\s]{0,200}\*[^'\s]{0,200}'|\\\*)"""
)
"""A word with a `*` in quotes, or behind a backslash."""
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
_ON_FAILURE = re.compile(r"\bapt(?:-get)?\s[^;&|\n]{0,999}\|\|\s*[({]?\s*(?:rm|find)\s[^;&|\n]*/var/lib")
"""`apt-get install ... || rm ...` cleans when the install fails, and at no other time."""
_BRACES = re.compile(r"\{([^{}]{1,200})\}")


def commands_after(instruction: Instruction, update: Command) -> list[Command]:
    """What the RUN does after a command of its own, with what the shell does when it ends.

    Paths that `rm` and `find` name stand below the folder of the last `cd`.
    """
    return [*_after(in_their_folders(instruction.commands), update), *_at_the_end(instruction)]


def are_emptied(
    commands: Sequence[Command], instruction: Instruction, folder: str, origins: Origins, *, has_bash: bool
) -> bool:
    """Whether these commands of the RUN, or a script of the submission that one of them runs, empty the lists."""
    removing = sum(_removes(command, instruction, folder, has_bash=has_bash) for command in commands)
    removing += sum(_hands_over(first, second, folder) for first, second in pairwise(commands))
    if removing > sum(len(_ON_FAILURE.findall(text)) for text in instruction.shell_texts):
        return True
    return any(_script_removes(command, instruction, origins, folder) for command in commands)


def has_quoted_pattern(instruction: Instruction) -> bool:
    """Whether the `*` of a path of apt's stands where no shell fills it in."""
    if instruction.exec_form is not None:
        return instruction.exec_form[:1] == ("rm",)
    words = (word for script in instruction.shell_texts if "*" in script for word in _QUOTED_STAR.findall(script))
    return any("/apt" in _VARIABLE.sub(lambda name: instruction.variables.get(name[1], ""), word) for word in words)


def with_above(folder: str) -> tuple[str, ...]:
    """The folder and those that it lies in, but for the root."""
    folders = [folder]
    while (above := posixpath.dirname(folders[-1])) != "/":
        folders.append(above)
    return tuple(folders)


def _after(commands: list[Command], update: Command) -> list[Command]:
    for index, command in enumerate(commands):
        if command is update:
            return commands[index + 1 :]
    return []


def _at_the_end(instruction: Instruction) -> Iterator[Command]:
    """What `trap ... EXIT` has the shell do when it ends."""
    for command in instruction.commands:
        if command.words[0] == "trap" and {"EXIT", "0"} & set(command.words[2:]):
            yield from split_commands(command.words[1], lambda _: 1, {})


def _removes(command: Command, instruction: Instruction, folder: str, *, has_bash: bool) -> bool:
    """Whether the command empties the lists."""
    words = command.words
    if words[0] in ("apt-get", "apt") and {"dist-clean", "distclean"} & set(words[1:]):
        return True
    if words[0] == "find":
        empties = "-delete" in words or ("-exec" in words and "rm" in words)
        return (
            empties and not {"-name", "-iname", "-path"} & set(words) and _is_all(words[1], folder, star_counts=False)
        )
    if words[0] != "rm":
        return False
    recursive = any(re.fullmatch(r"-[A-Za-z]*[rR][A-Za-z]*|--recursive", word) for word in words[1:])
    star_counts = not has_quoted_pattern(instruction)
    paths = [path for word in words[1:] for path in (_braces(word) if has_bash else [word])]
    return any(_is_all(path, folder, star_counts=star_counts) and (recursive or path.endswith("*")) for path in paths)


def _hands_over(first: Command, second: Command, folder: str) -> bool:
    """Whether it is `find ... | xargs rm` for all the lists."""
    if first.words[0] != "find" or second.words[0] != "rm" or {"-name", "-iname", "-path"} & set(first.words):
        return False
    names_nothing = all(word.startswith("-") for word in second.words[1:])
    return names_nothing and len(first.words) > 1 and _is_all(first.words[1], folder, star_counts=False)


def _is_all(path: str, lists: str, *, star_counts: bool) -> bool:
    """Whether the path names all the lists."""
    folder = path
    if path.endswith("/*_*"):
        # A list is named by its address with "_" for "/", so this leaves only apt's lock and empty folders.
        return star_counts and re.sub(r"/+", "/", path) == f"{lists}/*_*"
    if path.endswith("/*"):
        if not star_counts:
            return False
        folder = path[:-2]
    elif path.endswith("/**"):
        folder = path[:-3] if star_counts else ""
    return re.sub(r"/+", "/", folder).rstrip("/") in with_above(lists)


def _braces(word: str) -> list[str]:
    """What bash makes of `{a,b}`; the first pair only."""
    match = _BRACES.search(word)
    if match is None or "," not in match[1]:
        return [word]
    return [f"{word[: match.start()]}{part}{word[match.end() :]}" for part in match[1].split(",")]


def _script_removes(command: Command, instruction: Instruction, origins: Origins, folder: str) -> bool:
    """Whether the command runs a script of the submission that empties the lists."""
    path = script_path(command, instruction)
    origin = origins.of(instruction, path, command) if path else None
    if origin is None:
        return False
    inner = split_commands(origin.data.decode("utf-8", "replace"), lambda _: 1, {})
    return any(_removes(item, instruction, folder, has_bash=False) for item in inner)
