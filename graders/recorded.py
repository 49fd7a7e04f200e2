"""Owns small pieces of evidence for the samples of checks, written by hand in the engine's forms; grades nothing.

Names, errors and history follow what docker.io 20.10.24 with BuildKit answered; sizes and ids are made up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256

from graders.canary import Canary
from graders.context import (
    ContainerContext,
    ImageContext,
    LayerFile,
    LayerScan,
    RebuildContext,
    TextCase,
    TokenHit,
)
from graders.dockerfile.parse import parse
from graders.dockerfile_context import DockerfileContext
from graders.engine.base import BuildResult, BuildStep, ImageInfo, LayerInfo, Process, RunResult, StepStatus

DOCKERFILE = "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nUSER 1000\n"
CASES = (TextCase("The film was superb.", "positive"), TextCase("The tent is dull.", "negative"))
ANSWER = b"positive\tThe film was superb.\nnegative\tThe tent is dull.\n"
ORDINARY = Process(pid=4242, uid=1000, real_uid=1000, args="python src/predict.py")


def _digest(text: str) -> str:
    return f"sha256:{sha256(text.encode()).hexdigest()}"


def source(dockerfile: str = DOCKERFILE) -> DockerfileContext:
    """A submission that is only a Dockerfile."""
    return DockerfileContext(dockerfile=parse(dockerfile.encode()), files={}, ignore=None, source="src/predict.py")


def step(name: str, *, status: StepStatus = StepStatus.DONE, line: int | None = None) -> BuildStep:
    """A build step; its id comes from its name."""
    return BuildStep(id=_digest(name), name=name, status=status, elapsed_s=1.0, line=line)


def build(
    *steps: BuildStep, error: str = "", timed_out: bool = False, log: tuple[tuple[str, str], ...] = ()
) -> BuildResult:
    """A build; without an error it made an image."""
    image_id = "" if error else _digest("image")
    return BuildResult(image_id=image_id, error=error, steps=steps, log=log, elapsed_s=1.0, timed_out=timed_out)


def layer(created_by: str, size_bytes: int) -> LayerInfo:
    """A layer that holds files."""
    return LayerInfo(diff_id=_digest(created_by), size_bytes=size_bytes, created_by=created_by)


def image(*layers: LayerInfo, user: str = "1000") -> ImageInfo:
    """An image as large as its layers."""
    size_bytes = sum(entry.size_bytes for entry in layers)
    return ImageInfo(id=_digest("image"), size_bytes=size_bytes, user=user, layers=layers)


BASE = image(layer("base", 120_000_000), user="")
IMAGE = image(layer("base", 120_000_000), layer("COPY . . # buildkit", 1_000))


def scan(
    *,
    files: tuple[LayerFile, ...] = (),
    hits: tuple[TokenHit, ...] = (),
    passwd: bytes | None = None,
    shadow: bytes | None = None,
    base_files: tuple[LayerFile, ...] = (),
    problem: str = "",
) -> LayerScan:
    """What was read from the layers."""
    return LayerScan(files=files, hits=hits, passwd=passwd, shadow=shadow, base_files=base_files, problem=problem)


def image_context(
    dockerfile: str = DOCKERFILE,
    *,
    image: ImageInfo = IMAGE,
    base: ImageInfo | None = BASE,
    scan: LayerScan | None = None,
    canaries: tuple[Canary, ...] = (),
) -> ImageContext:
    """Evidence of the image level; without arguments, of a sound image."""
    return ImageContext(
        source=source(dockerfile),
        image=image,
        base=base,
        layers=RecordedLayers(scan or LayerScan((), ())),
        canaries=canaries,
        layer_lines=(None, 3),
    )


def rebuild_context(
    first: BuildResult,
    second: BuildResult,
    dependency_steps: tuple[BuildStep, ...],
    *,
    stopped_early: bool = False,
    control: BuildResult | None = None,
    run: RunResult | None = None,
    image: ImageInfo | None = None,
    second_image: ImageInfo | None = None,
) -> RebuildContext:
    """Evidence of the rebuild level."""
    return RebuildContext(
        source=source(),
        first=first,
        second=second,
        changed="the changed file",
        probe="dockyard_probe_0",
        dependency_steps=dependency_steps,
        stopped_early=stopped_early,
        control=control,
        cases=CASES,
        run=run,
        image=image,
        second_image=second_image,
    )


def run(
    stdout: bytes = ANSWER,
    *,
    exit_code: int | None = 0,
    stderr: bytes = b"",
    processes: tuple[Process, ...] = (ORDINARY,),
    start_error: str = "",
    oom_killed: bool = False,
    truncated: bool = False,
) -> RunResult:
    """A run; exit code None: killed at the time limit."""
    return RunResult(
        exit_code=exit_code,
        stdout=stdout,
        stderr=stderr,
        elapsed_s=1.0,
        timed_out=exit_code is None,
        oom_killed=oom_killed,
        truncated=truncated,
        start_error=start_error,
        processes=processes,
    )


def container_context(result: RunResult, *, cases: tuple[TextCase, ...] = CASES) -> ContainerContext:
    """Evidence of the container level: every run ends like this one."""
    return ContainerContext(source=source(), built=image_context(), container=RecordedContainer(result), cases=cases)


@dataclass(frozen=True, slots=True)
class RecordedLayers:
    """A `LayerReader` that has read already."""

    result: LayerScan

    def scan(self) -> LayerScan:
        """What it was given."""
        return self.result


@dataclass(frozen=True, slots=True)
class RecordedContainer:
    """A `ContainerHandle` whose every run ends in the same way."""

    result: RunResult

    def run(self, **_how: object) -> RunResult:
        """What it was given, however it is run."""
        return self.result


def watched(found: LayerScan, *looks: tuple[Process, ...]) -> ContainerContext:
    """An image with these layers, and who was seen at each look at a run of it; without looks, an ordinary user."""
    result = replace(run(), looks=looks or ((ORDINARY,),))
    return replace(container_context(result), built=image_context(scan=found))
