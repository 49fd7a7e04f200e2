"""Owns one thing that a check found; must never decide how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, in words that name the learner's own text. Holds untrusted text: escape it where it is shown."""

    message: str
    """A sentence without a final full stop; a threshold and the value both appear."""
    observed: str = ""
    expected: str = ""
    file: str = "Dockerfile"
    """Path in the submission; empty when no file is to blame."""
    line: int | None = None
    """1-based."""
    end_line: int | None = None
    hint: str = ""
    """Overrides the check's hint."""


def listed(names: Sequence[str], most: int) -> str:
    """The names for a message; those beyond the first `most` are counted."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


class Undecidable(NamedTuple):
    """What a check yields when its evidence can't decide; `reason` says what is missing."""

    reason: str
