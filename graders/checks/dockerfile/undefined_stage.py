"""Owns the check that a stage that is named exists; must never ask a registry.

A name that no earlier stage has is an image for Docker, which it would try to pull. So a finding needs a sign that a
stage was meant: a later stage of the name, one spelt nearly so, a number, or a name that stages usually have. Any other
lone word is left open. Only stages that the final image is made of are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from graders.check import Check
from graders.dockerfile.model import Dockerfile, Instruction, Stage, stage_names
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable
from graders.outcome import Level


@dataclass(frozen=True, slots=True)
class Params:
    """How a lone word is taken."""

    stage_words: tuple[str, ...] = (
        "build", "builder", "base", "deps", "dependencies", "compile", "compiler", "final", "runtime", "runner", "test",
        "tests", "dev", "development", "prod", "production", "stage", "stage1", "wheels", "venv", "packages", "model",
    )  # fmt: skip
    """Names that stages usually have."""
    images: tuple[str, ...] = (
        "scratch", "alpine", "busybox", "debian", "ubuntu", "python", "node", "golang", "nginx", "redis", "postgres",
        "rust", "httpd", "memcached", "docker", "ruby", "fedora", "composer", "maven", "gradle", "caddy", "traefik",
    )  # fmt: skip
    """Images that go by one word."""


def find(context: DockerfileContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding for each stage that is named and isn't there."""
    dockerfile = context.dockerfile
    for stage in dockerfile.reached():
        head = next((item for item in dockerfile.instructions if item.line == stage.line), None)
        if head is not None and stage.parent is None and not stage.unresolved:
            yield from _answer(dockerfile, stage, head, stage.base, params, is_from=True)
        for instruction in stage.instructions:
            for name in stage_names(instruction):
                if dockerfile.find_stage(name, stage.index) is None:
                    yield from _answer(dockerfile, stage, instruction, name, params, is_from=False)


def _answer(
    dockerfile: Dockerfile, stage: Stage, instruction: Instruction, name: str, params: Params, *, is_from: bool
) -> Iterator[Finding | Undecidable]:
    fault = _fault(dockerfile, stage, name, params, is_from=is_from)
    if fault:
        names = ", ".join(item.name for item in dockerfile.stages[: stage.index] if item.name)
        yield Finding(
            f'"{instruction.text[:120]}" names {name[:60]!r}, {fault}',
            observed=name[:100],
            expected=f"an earlier stage: {names}" if names else "an earlier stage, named by FROM ... AS",
            line=instruction.line,
            end_line=instruction.end_line,
        )
    elif fault is None:
        yield Undecidable(f"Line {instruction.line}: {name} is no stage of this file, so it must be an image")


def _fault(dockerfile: Dockerfile, stage: Stage, name: str, params: Params, *, is_from: bool) -> str | None:
    """What is wrong with the name; empty when nothing is, None when that can't be told."""
    low = name.lower()
    if not is_from and "$" in name:
        return "but --from takes no variables"
    if not is_from and name.isascii() and name.isdigit():
        return f"but before it there are {stage.index} stages, counted from 0"
    if low == stage.name and not is_from:
        return "which is the stage itself"
    if any(later.name == low for later in dockerfile.stages[stage.index + (1 if is_from else 0) :]):
        return "which comes later in the file"
    if any(char in name for char in "/:@.") or low in params.images or not name:
        return ""
    earlier = [item.name for item in dockerfile.stages[: stage.index] if item.name]
    near = get_close_matches(low, earlier, n=1, cutoff=0.75)
    if near:
        return f"and the stage is named {near[0]!r}"
    if low in params.stage_words:
        return "which no stage of this file has for a name"
    return "" if is_from else None


_B = "FROM python:3.11-slim AS builder\nRUN true\nFROM python:3.11-slim\n"

CHECK = Check(
    id="undefined-stage",
    claim="Every stage that is named exists",
    why="A name that no earlier stage has is taken for an image, and the build tries to pull it.",
    hint="Look at the FROM lines above: which names do they give after AS?",
    sources=(
        "https://docs.docker.com/build/building/multi-stage/#name-your-build-stages",
        "https://docs.docker.com/reference/dockerfile/#copy---from",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        _B + "COPY --from=bulider /a /a\n",
        "FROM python:3.11-slim\nRUN true\nFROM python:3.11-slim\nCOPY --from=builder /a /a\n",
        "FROM python:3.11-slim AS final\nCOPY --from=later /a /a\nFROM debian AS later\nFROM final\n",
        _B + "COPY --from=1 /a /a\n",
        _B + "ARG WHERE=builder\nCOPY --from=$WHERE /a /a\n",
        _B + "RUN --mount=type=bind,from=bilder,target=/b true\n",
        "# FROM python:3.11-slim AS build\nFROM python:3.11-slim\ncopy --from=build /a /a\n",
        "FROM python:3.11-slim AS common\nFROM commom\n",
        "FROM python:3.11-slim AS app\nCOPY --from=app /a /a\n",
    ),
    good=(
        _B + "COPY --from=builder /a /a\nCOPY --from=BUILDER /b /b\nCOPY --from=0 /c /c\n",
        _B + "COPY --from=nginx:1.27 /etc/nginx /n\nCOPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/\n",
        _B + "COPY --from=busybox /bin/busybox /b\nRUN echo COPY --from=bulider\n# COPY --from=bulider /a /a\n",
        "FROM python:3.11-slim AS base\nFROM BASE\n",
        "FROM debian AS no\nCOPY --from=bulider /a /a\nFROM python:3.11-slim\nONBUILD COPY --from=builder /a /a\n",
        "ARG BASE=python:3.11-slim\nFROM ${BASE}\nRUN --mount=type=cache,target=/c true\n",
    ),
)
