"""Owns a lesson: front matter and markdown -> Lesson; must never render."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Quiz:
    """A fenced `quiz` block. `why` has one reason per choice, shown after it was chosen."""

    id: str
    question: str
    choices: tuple[str, ...]
    answer: int
    """0-based."""
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson."""

    number: str
    slug: str
    title: str
    minutes: int
    objectives: tuple[str, ...]
    exercises: tuple[str, ...]
    """Ids, required for passing the lesson."""
    sources: tuple[str, ...]
    markdown: str
    """The body; quiz fences stand where they are asked, found again by their id."""
    quizzes: tuple[Quiz, ...]
    path: Path
