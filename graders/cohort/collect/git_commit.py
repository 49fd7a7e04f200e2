"""Owns which commit a git checkout is at, read from its files; must never run git, whose settings can run programs.

Source: gitrepository-layout(5) and git-pack-refs(1), read 2026-11-21.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

_CAP_BYTES = 4 * 1024 * 1024
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"refs(?:/[\w@+=,#%-][\w.@+=,#%-]*)+")
_HOPS = 5


def read_commit(checkout: Path) -> str:
    """The commit in hexadecimal; empty when the folder is no checkout or it can't be told from its files alone.

    A worktree or a submodule, whose `.git` is a file that leads elsewhere, is such a case.
    """
    if not _is_checkout(checkout):
        return ""
    text = _text(checkout, ".git/HEAD")
    for _ in range(_HOPS):
        if _COMMIT.fullmatch(text):
            return text
        ref = text.removeprefix("ref:").strip()
        if not text.startswith("ref:") or not _REF.fullmatch(ref):
            return ""
        text = _text(checkout, f".git/{ref}") or _packed(checkout, ref)
    return ""


def _is_checkout(folder: Path) -> bool:
    """Whether the folder has a `.git` folder of its own."""
    try:
        return stat.S_ISDIR((folder / ".git").lstat().st_mode)
    except OSError:
        return False


def _packed(checkout: Path, ref: str) -> str:
    for line in _text(checkout, ".git/packed-refs").splitlines():
        commit, _, name = line.partition(" ")
        if name == ref:
            return commit
    return ""


def _text(checkout: Path, path: str) -> str:
    """A small text file, no part of whose path is a link; empty when there is none."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    opened: list[int] = []
    try:
        opened.append(os.open(checkout, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        for part in path.split("/"):
            opened.append(os.open(part, flags, dir_fd=opened[-1]))
        if not stat.S_ISREG(os.fstat(opened[-1]).st_mode):
            return ""
        with os.fdopen(opened.pop(), "rb") as file:
            return file.read(_CAP_BYTES).decode("utf-8", "replace").strip()
    except (OSError, ValueError):
        return ""
    finally:
        for descriptor in opened:
            os.close(descriptor)
