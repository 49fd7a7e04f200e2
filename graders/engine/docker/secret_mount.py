"""Owns sending a Dockerfile without the secrets that nobody gives a check; must never move a line.

`docker build` without `--secret` runs such a line without the secret's file. The engine does as much only for a client
that holds a session open beside the build, which ours does not: without one it refuses the line.
"""

from __future__ import annotations

from graders.dockerfile.parse import parse
from graders.dockerfile.secret_mount import dispensable, without_mounts

_BYTES = "latin-1"
"""A character a byte, whatever the file is written in."""


def without_secrets(dockerfile: bytes) -> tuple[bytes, tuple[int, ...]]:
    """The Dockerfile without mounts of secrets that are not required, and the lines of the RUNs that had some."""
    if b"secret" not in dockerfile.lower():
        return dockerfile, ()
    lines = dockerfile.decode(_BYTES).split("\n")
    changed: list[int] = []
    for run in parse(dockerfile).instructions:
        left = dispensable(run)
        if not left:
            continue
        for at in range(run.line - 1, min(run.end_line, len(lines))):
            lines[at], found = without_mounts(lines[at], left)
            left -= found
        changed.append(run.line)
    return "\n".join(lines).encode(_BYTES), tuple(changed)
