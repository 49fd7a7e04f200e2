"""Owns one entry of a build context, as an engine gets it; must never read a disk.

Reading a submission needs no more of an engine's words, and those cost a check from the store a tenth of its time.
"""

from __future__ import annotations

from dataclasses import dataclass

DOCKERFILE = "Dockerfile"
"""Where the Dockerfile of a submission is."""


@dataclass(frozen=True, slots=True)
class ContextFile:
    """One entry of a build context. `link` set: a symbolic link with that target, and no data."""

    path: str
    """Relative, with forward slashes."""
    data: bytes = b""
    mode: int = 0o644
    link: str = ""
