"""Owns which step of one build is which of another; must never judge what became of it."""

from __future__ import annotations

import re

from graders.engine.base import BuildResult, BuildStep, StepStatus

FETCHES = re.compile(r"(\[[^\]]*\]|Step \d+/\d+ :)\s*FROM\b", re.IGNORECASE)
"""Taking a base image is never marked as cached."""


def ran_again(build: BuildResult) -> tuple[BuildStep, ...]:
    """The Dockerfile's steps that did not come from the cache; FROM lines are left out."""
    return tuple(
        step
        for step in build.steps
        if step.line is not None and step.status is not StepStatus.CACHED and not FETCHES.match(step.name)
    )


def counterpart(step: BuildStep, first: BuildResult, second: BuildResult) -> BuildStep | None:
    """The same step in the second build, by its name and its place among steps of that name; None: not seen there.

    The engine's digest of a step changes with what goes into it, its name comes from the Dockerfile alone.
    """
    same_first = [each.id for each in first.steps if each.name == step.name]
    same_second = [each for each in second.steps if each.name == step.name]
    place = same_first.index(step.id) if step.id in same_first else 0
    return same_second[place] if place < len(same_second) else None
