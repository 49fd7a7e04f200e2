"""Owns whether a build was seen step by step, and how what was not is filled in; must never build.

BuildKit merges a step with one of another build at work that does the same to the same files. Such a step, and what
follows it, is told to that other build alone (seen on 20.10, BuildKit 0.8): ours makes its image and never names them.
"""

from __future__ import annotations

from dataclasses import replace

from graders.dockerfile.model import Dockerfile
from graders.engine.base import BuildResult, StepStatus

_STEPS = ("ADD", "COPY", "RUN")


def is_told_in_part(dockerfile: Dockerfile, build: BuildResult) -> bool:
    """Whether steps went unseen for another build at work: those of its image, or the one that failed."""
    if build.alone or build.timed_out:
        return False
    if build.ok:
        return bool(_lines(dockerfile) - {step.line for step in build.steps})
    return not any(step.status is StepStatus.FAILED for step in build.steps)


def retraced(build: BuildResult, again: BuildResult) -> BuildResult:
    """The build with the steps that only the same build `again`, alone, has told; of a failure, that other one."""
    if not build.ok:
        return again
    seen = {step.line for step in build.steps}
    return replace(build, steps=(*build.steps, *(step for step in again.steps if step.line not in seen)))


def _lines(dockerfile: Dockerfile) -> set[int | None]:
    return {
        instruction.line
        for stage in dockerfile.reached()
        for instruction in stage.instructions
        if instruction.keyword in _STEPS and not instruction.onbuild
    }
