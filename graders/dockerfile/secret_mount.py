"""Owns which mounts of secrets a RUN can do without, for nobody gives a check one; must never count a required one."""

from __future__ import annotations

import re

from graders.dockerfile.model import Instruction

_MOUNT = re.compile(
    r"--mount=(?=\S*\btype=secret\b)(?!\S*\brequired(?!=false\b))[^\s\"']+[ \t]?", re.IGNORECASE | re.ASCII
)


def dispensable(run: Instruction) -> int:
    """How many mounts of the instruction are of secrets that are not required; 0 for what is no RUN."""
    mounts = run.flags.get("mount", ()) if run.keyword == "RUN" else ()
    return sum(_MOUNT.fullmatch(f"--mount={mount}") is not None for mount in mounts)


def without_mounts(text: str, number: int) -> tuple[str, int]:
    """The text without the first `number` of such mounts, and how many of them it had."""
    return _MOUNT.subn("", text, count=number) if number else (text, 0)
