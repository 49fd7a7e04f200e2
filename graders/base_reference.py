"""Owns which images a Dockerfile needs before it can be built; must never fetch one."""

from __future__ import annotations

from graders.dockerfile.model import Instruction
from graders.dockerfile_context import DockerfileContext


def base_references(source: DockerfileContext) -> tuple[str, ...]:
    """Every image that a build of this Dockerfile starts from or copies from, each once."""
    dockerfile = source.dockerfile
    names = {stage.name for stage in dockerfile.stages if stage.name}
    found: list[str] = []
    for stage in dockerfile.reached():
        if stage.parent is None and not stage.unresolved:
            found.append(stage.base)
        for instruction in stage.instructions:
            if not instruction.onbuild:
                found += [value for value in _copied_from(instruction) if value.lower() not in names]
    return tuple(dict.fromkeys(name for name in found if name and name != "scratch"))


def _copied_from(instruction: Instruction) -> list[str]:
    """What `COPY --from` and `RUN --mount=from` name, numbers and variables left out."""
    values = list(instruction.flags.get("from", ())) if instruction.keyword == "COPY" else []
    if instruction.keyword == "RUN":
        options = [option.partition("=") for mount in instruction.flags.get("mount", ()) for option in mount.split(",")]
        values += [value for key, _, value in options if key.strip().lower() == "from"]
    return [value for value in values if value and "$" not in value and not value.isdigit()]
