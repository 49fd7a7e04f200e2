"""Owns what an image asks for and no container can be given, in words and back; must never ask an engine."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

_UNMOUNTABLE = ("/", "/dev", "/dev/null")
"""Where the runtime needs what a volume hides. A volume at /dev/shm, or anywhere in /sys, does no harm."""
_SAID = re.compile(r"(VOLUME|WORKDIR) (?:at )?(/[^\s,]*)")
"""How each text of this module begins that names a path."""


def impossible_wish(volumes: Sequence[str], folder: str) -> str:
    """What an image asks for that no container can be started with; empty: nothing is known to be wrong."""
    for volume in volumes:
        path = whole_path(volume)
        if path in _UNMOUNTABLE or _is_in(path, "/proc"):
            return f"VOLUME {path} hides what every container needs there"
    path = whole_path(folder)
    if _is_in(path, "/proc") or _is_in(path, "/sys"):
        return f"WORKDIR {path} lies where no folder can be made"
    return ""


def volume_on_file(path: str) -> str:
    """That a volume was asked for where the image has a file; `path` is empty when the engine does not say where."""
    return f"VOLUME at {path or 'a path of the image'}, where the image has a file: only a folder can be a volume"


def wish_said(start_error: str) -> tuple[str, str] | None:
    """The keyword and the whole path that one of these texts begins with; None for any other text."""
    said = _SAID.match(start_error)
    return None if said is None else (said[1], said[2])


def whole_path(path: str) -> str:
    """A path of an image from its root, spelled in one way."""
    return posixpath.normpath(f"/{path}").replace("//", "/")


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
