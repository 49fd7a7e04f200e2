"""Owns what several tests of the content read of an exercise; must never judge it."""

from __future__ import annotations

from pathlib import Path

from graders.exercise import ExerciseSpec


def files_below(folder: Path) -> dict[str, bytes]:
    """Content by path; what Git ignores is there too, as the wheel would ship it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def every_answer(spec: ExerciseSpec) -> list[str]:
    """Every line that a check could expect: label, tab, text."""
    return [
        f"{label}\t{template.replace('{thing}', thing).replace('{word}', word)}"
        for label, words in spec.texts.words.items()
        for template in spec.texts.templates
        for thing in spec.texts.things
        for word in words
    ]
