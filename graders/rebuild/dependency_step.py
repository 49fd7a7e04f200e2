"""Owns which steps of a build install the dependencies; must never trust a single kind of evidence.

A step counts when its instruction says so, when its log says that pip installed something that the requirements
name, or when its layer holds such a distribution. So an install inside a script is found, and one that hides
its log as well.
"""

from __future__ import annotations

import re

from graders.context import LayerScan
from graders.dockerfile.install import installs_dependencies
from graders.dockerfile.model import Dockerfile, Instruction
from graders.dockerfile.requirement import normalized
from graders.engine.base import BuildResult, BuildStep

PIP_SUCCESS = re.compile(r"Successfully installed (.+)")
DIST_INFO = re.compile(r"(?:^|/)([^/]+?)-[^-/]+\.(?:dist-info|egg-info)(?:/|$)")


def find_dependency_steps(
    dockerfile: Dockerfile, build: BuildResult, scan: LayerScan, lines: tuple[int | None, ...], wanted: frozenset[str]
) -> tuple[BuildStep, ...]:
    """The steps, in the build's order. `lines` has the Dockerfile line of each layer.

    Evidence from logs and layers counts for the `wanted` distributions, those that the requirements name (any, when
    they name none), their names normalized:
    a late `pip install --no-deps .` of the learner's own package is no dependency.
    """

    def is_wanted(name: str) -> bool:
        return not wanted or normalized(name) in wanted

    found_lines: set[int | None] = {
        instruction.line for instruction in dockerfile.instructions if installs_dependencies(instruction)
    }
    copies_of_stages = {
        instruction.line for instruction in dockerfile.instructions if _is_run_or_stage_copy(instruction)
    }
    for entry in scan.files:
        match = DIST_INFO.search(entry.path)
        line = lines[entry.layer] if 0 <= entry.layer < len(lines) else None
        if match and not entry.whiteout and line in copies_of_stages and is_wanted(match[1]):
            found_lines.add(line)
    logged_ids = {
        step_id
        for step_id, text in build.log
        for match in [PIP_SUCCESS.search(text)]
        if match and any(is_wanted(word.rpartition("-")[0]) for word in match[1].split())
    }
    return tuple(step for step in build.steps if step.id in logged_ids or step.line in found_lines)


def _is_run_or_stage_copy(instruction: Instruction) -> bool:
    return instruction.keyword == "RUN" or (instruction.keyword == "COPY" and "from" in instruction.flags)
