"""Owns an exercise's hints.md: three strengths of hints; must never know which were shown."""

from __future__ import annotations

import re
from pathlib import Path

from course.errors import ContentError
from course.lesson import find_fences

STRENGTHS = 3
_HEADING = re.compile(r"^##[ \t]+([0-9]+)\b")


def read_hints(path: Path) -> tuple[str, ...]:
    """The markdown under `## 1`, `## 2` and `## 3` (a question, the concept, almost the answer), in that order."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ContentError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ContentError(f"{path}: is not UTF-8 text") from error
    fenced = {index for fence in find_fences(lines) for index in range(fence.start, fence.end)}
    starts: list[int] = []
    for index, line in enumerate(lines):
        match = _HEADING.match(line)
        if match is None or index in fenced:
            continue
        if int(match.group(1)) != len(starts) + 1:
            raise ContentError(f"{path}:{index + 1}: hint {match.group(1)} stands where hint {len(starts) + 1} should")
        starts.append(index)
    if len(starts) != STRENGTHS:
        raise ContentError(f"{path}: has {len(starts)} hints", hint="Write three under ## 1, ## 2 and ## 3.")
    hints = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        text = "\n".join(lines[start + 1 : end]).strip()
        if not text:
            raise ContentError(f"{path}:{start + 1}: the hint is empty")
        hints.append(f"{text}\n")
    return tuple(hints)
