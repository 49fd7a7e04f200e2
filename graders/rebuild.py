"""Owns which step of one build is which of another; must never judge what became of it."""

from __future__ import annotations

from graders.engine.base import BuildResult, BuildStep


def counterpart(step: BuildStep, first: BuildResult, second: BuildResult) -> BuildStep | None:
    """The same step in the second build, by its name and its place among steps of that name; None: not seen there.

    The engine's digest of a step changes with what goes into it, its name comes from the Dockerfile alone.
    """
    same_first = [each.id for each in first.steps if each.name == step.name]
    same_second = [each for each in second.steps if each.name == step.name]
    place = same_first.index(step.id) if step.id in same_first else 0
    return same_second[place] if place < len(same_second) else None
