"""Owns turning BuildKit's messages into steps and log lines; must never do input or output."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import replace

from graders.engine.base import BuildStep, LogLines, StepChanged, StepStatus
from graders.engine.docker.cache_mount import without_marks
from graders.engine.docker.errors import without_noise
from graders.engine.docker.wire import Json
from graders.engine.trace import Vertex, decode
from graders.safe_text import clean, clean_lines

_ENDED = {StepStatus.DONE, StepStatus.FAILED, StepStatus.CACHED}
_LONGEST_PART = 64 * 1024
_OWN_CONTEXT = "[internal] load remote build context"
"""The first step of a build whose context came with the request; no two builds share it."""
_IMAGE = re.compile(r"(?:load metadata for |\] FROM |^FROM |: FROM )(?:--\S+ )*(?P<image>[^\s@]+)")


def image_of_step(name: str) -> str:
    """The image that a step fetches or looks up; empty for other steps."""
    found = _IMAGE.search(name)
    return found["image"].removeprefix("docker.io/library/").removeprefix("docker.io/") if found else ""


class BuildKitReader:
    """Reads `moby.buildkit.trace` messages. A step is told when its status changes."""

    def __init__(self) -> None:
        self._steps: dict[str, BuildStep] = {}
        self._parts: dict[str, bytes] = {}
        self._began_s: float | None = None
        """When our own context was read, on the engine's clock."""

    def read(self, message: Json) -> Iterator[StepChanged | LogLines]:
        """What one message of the engine says."""
        aux = message.get("aux")
        if message.get("id") != "moby.buildkit.trace" or not isinstance(aux, str):
            return
        try:
            raw = base64.b64decode(aux)
        except (binascii.Error, ValueError):
            return
        trace = decode(raw)
        for vertex in trace.vertexes:
            if self._began_s is None and vertex.name.startswith(_OWN_CONTEXT):
                self._began_s = vertex.started_s
        starting = [vertex for vertex in trace.vertexes if vertex.completed_s is None]
        ending = [vertex for vertex in trace.vertexes if vertex.completed_s is not None]
        for vertex in starting:
            yield from self._update(vertex)
        for log in trace.logs:
            lines = self._lines(log.digest, log.data)
            if lines:
                yield LogLines(log.digest, lines)
        for vertex in ending:
            yield from self._rest(vertex.digest)
            yield from self._update(vertex)

    def finish(self, *, failed: bool) -> Iterator[StepChanged | LogLines]:
        """What is left when the engine has said everything; `failed` marks steps that still ran."""
        for digest in list(self._parts):
            yield from self._rest(digest)
        for digest, step in self._steps.items():
            if failed and step.status is StepStatus.RUNNING:
                changed = BuildStep(step.id, step.name, StepStatus.FAILED, step.elapsed_s, "stopped before its end")
                self._steps[digest] = changed
                yield StepChanged(changed)

    def steps(self) -> tuple[BuildStep, ...]:
        """All steps that were begun, in the order in which they were named."""
        return tuple(self._steps.values())

    def running(self) -> tuple[BuildStep, ...]:
        """The steps at work."""
        return tuple(step for step in self._steps.values() if step.status is StepStatus.RUNNING)

    def _update(self, vertex: Vertex) -> Iterator[StepChanged]:
        if vertex.started_s is None and not vertex.cached:
            return
        before = self._steps.get(vertex.digest)
        step = _step(vertex, before, self._began_s)
        if before is not None and before.status in _ENDED:
            # BuildKit may look at a step again after its end; what it did the first time counts.
            step = replace(before, elapsed_s=max(before.elapsed_s, step.elapsed_s))
        self._steps[vertex.digest] = step
        if before is None or before.status is not step.status:
            yield StepChanged(step)

    def _lines(self, digest: str, data: bytes) -> tuple[str, ...]:
        whole, newline, part = (self._parts.pop(digest, b"") + data).rpartition(b"\n")
        if len(part) > _LONGEST_PART:
            whole, newline, part = whole + newline + part, b"\n", b""
        if part:
            self._parts[digest] = part
        return clean_lines(whole + newline) if newline else ()

    def _rest(self, digest: str) -> Iterator[LogLines]:
        part = self._parts.pop(digest, b"")
        if part:
            yield LogLines(digest, clean_lines(part))


def _step(vertex: Vertex, before: BuildStep | None, began_s: float | None) -> BuildStep:
    elapsed_s = 0.0
    if vertex.started_s is not None and vertex.completed_s is not None:
        elapsed_s = max(0.0, vertex.completed_s - vertex.started_s)
    error = without_noise(vertex.error)
    if vertex.cached:
        status = StepStatus.CACHED
    elif error.endswith("context canceled"):
        # BuildKit stops the steps beside one that failed; they are not what went wrong.
        status, error = StepStatus.DONE, "stopped because another step failed"
    elif error:
        status = StepStatus.FAILED
    elif vertex.completed_s is not None:
        status = StepStatus.DONE
    else:
        status = StepStatus.RUNNING
    name = without_marks(clean(vertex.name)) or (before.name if before else "")
    joined = not vertex.cached and began_s is not None and vertex.started_s is not None and vertex.started_s < began_s
    return BuildStep(vertex.digest, name, status, elapsed_s, error, joined=joined)
