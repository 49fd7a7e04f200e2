"""Owns leaving out the secrets that a RUN may have and that nobody gives a check; must never leave out a required one.

`docker build` without `--secret` runs such a line without the secret's file. The engine does as much only for a client
that holds a session open beside the build, which ours does not: without one it refuses the line.
"""

from __future__ import annotations

import re

from graders.dockerfile.model import Instruction
from graders.dockerfile.parse import parse

_MOUNT = re.compile(rb"--mount=(?=\S*\btype=secret\b)(?!\S*\brequired(?!=false\b))[^\s\"']+[ \t]?", re.IGNORECASE)


def without_secrets(dockerfile: bytes) -> tuple[bytes, tuple[int, ...]]:
    """The Dockerfile without mounts of secrets that are not required, and the lines of the RUNs that had some."""
    if b"secret" not in dockerfile.lower():
        return dockerfile, ()
    lines = dockerfile.split(b"\n")
    changed: list[int] = []
    for run in parse(dockerfile).instructions:
        left = _count(run)
        if not left:
            continue
        for at in range(run.line - 1, min(run.end_line, len(lines))):
            lines[at], found = _MOUNT.subn(b"", lines[at], count=left) if left else (lines[at], 0)
            left -= found
        changed.append(run.line)
    return b"\n".join(lines), tuple(changed)


def _count(run: Instruction) -> int:
    """How many mounts of the RUN are of secrets that are not required."""
    mounts = run.flags.get("mount", ()) if run.keyword == "RUN" else ()
    return sum(_MOUNT.fullmatch(f"--mount={mount}".encode()) is not None for mount in mounts)
