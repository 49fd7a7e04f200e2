"""Owns whether a build was seen step by step, and how what was not is filled in; must never build.

BuildKit merges a step with one of another build at work that does the same to the same files. Such a step, and what
follows it, is told to that other build alone (seen on 20.10, BuildKit 0.8): ours makes its image and never names them.
"""

from __future__ import annotations

from dataclasses import replace

from graders.dockerfile.model import Dockerfile, Instruction
from graders.engine.base import BuildResult, StepStatus

_STEPS = ("ADD", "COPY", "RUN")


def is_told_in_part(dockerfile: Dockerfile, build: BuildResult) -> bool:
    """Whether steps went unseen for another build at work: those of its image, or the one that failed.

    Builds of other users on the same engine are not known to us, so an image whose steps did not all show is one,
    whatever `alone` says. Lines of the same words may be one step: they count as seen with each other, but for a
    build that was beside others of our own.
    """
    if build.timed_out:
        return False
    if not build.ok:
        return not build.alone and not any(step.status is StepStatus.FAILED for step in build.steps)
    seen = {step.line for step in build.steps}
    made = _made(dockerfile)
    told = {one.text for one in made if one.line in seen and build.alone}
    return any(one.line not in seen and one.text not in told for one in made)


def retraced(build: BuildResult, again: BuildResult) -> BuildResult:
    """The build with the steps that only the same build `again`, alone, has told; of a failure, that other one."""
    if not build.ok:
        return again
    seen = {step.line for step in build.steps}
    return replace(build, steps=(*build.steps, *(step for step in again.steps if step.line not in seen)))


def _made(dockerfile: Dockerfile) -> list[Instruction]:
    """The instructions that are steps of the image's build."""
    return [
        instruction
        for stage in dockerfile.reached()
        for instruction in stage.instructions
        if instruction.keyword in _STEPS and not instruction.onbuild
    ]
