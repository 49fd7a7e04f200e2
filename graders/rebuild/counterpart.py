"""Owns which step of one build is which of another; must never judge what became of it."""

from __future__ import annotations

import re

from graders.engine.base import BuildResult, BuildStep, StepStatus

FETCHES = re.compile(r"(\[[^\]]*\]|Step \d+/\d+ :)\s*FROM\b", re.IGNORECASE)
"""Taking a base image is never marked as cached."""
OF_DOCKERFILE = re.compile(r"\[[^\]]*\d+/\d+\]")
NUMBER = re.compile(r"(?<=\S) +\d+/\d+(?=\])|(?<=\[) *\d+/\d+(?=\])")


def ran_again(build: BuildResult) -> tuple[BuildStep, ...]:
    """The Dockerfile's steps that did not come from the cache; FROM lines are left out."""
    return tuple(
        step
        for step in build.steps
        if step.line is not None and step.status is not StepStatus.CACHED and not FETCHES.match(step.name)
    )


def plain_name(step: BuildStep) -> str:
    """A step's name without its number: "[builder 2/5] RUN ..." is "[builder] RUN ..."."""
    return NUMBER.sub("", step.name, count=1)


def is_joined(build: BuildResult) -> bool:
    """Whether a step was run for another build at work, so that those after it say nothing of the cache.

    FROM too: the first build on a base takes it for all that are at work, and they run all again until that one ends.
    """
    return any(step.joined and OF_DOCKERFILE.match(step.name) for step in build.steps)


def counterpart(step: BuildStep, first: BuildResult, second: BuildResult) -> BuildStep | None:
    """The same step in the second build, by its name and its place among steps of that name; None: not seen there.

    The engine's digest of a step changes with what goes into it. Where it is the same, the step is, whatever its name:
    a step that is shared with another build has the name that it has there.
    """
    for each in second.steps:
        if each.id == step.id:
            return each
    name = plain_name(step)
    same_first = [each.id for each in first.steps if plain_name(each) == name]
    same_second = [each for each in second.steps if plain_name(each) == name]
    place = same_first.index(step.id) if step.id in same_first else 0
    return same_second[place] if place < len(same_second) else None
