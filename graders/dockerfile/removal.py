"""Owns the paths that `rm` and `find` name in a RUN, as they are from the root; must never judge what is removed."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from graders.dockerfile.model import Command


def in_their_folders(commands: Iterable[Command]) -> list[Command]:
    """The commands with what `rm` and `find` name below the folder of the last `cd`."""
    folder, found = "", []
    for command in commands:
        words = command.words
        if words[0] in ("cd", "pushd") and len(words) > 1:
            folder = posixpath.join(folder, words[1])
        elif folder and words[0] in ("rm", "find"):
            named = (_below(folder, word) for word in words[1:])
            found.append(command._replace(words=(words[0], *named)))
            continue
        found.append(command)
    return found


def _below(folder: str, word: str) -> str:
    """A path as it is from the root, without the dots of `./*`; an option or a variable as it stands."""
    return word if word[:1] in "-/$~" else posixpath.normpath(posixpath.join(folder, word))
