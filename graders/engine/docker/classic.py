"""Owns reading the classic builder's stream into the same events as BuildKit's; must never do input or output.

Source: its texts on docker.io 20.10.24: "Step 1/4 : FROM ...", " ---> Using cache", " ---> Running in <id>",
" ---> <image id>", "Removing intermediate container <id>", "Successfully built <id>".
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator

from graders.engine.base import BuildStep, LogLines, StepChanged, StepStatus
from graders.engine.docker.errors import without_noise
from graders.engine.docker.wire import Json
from graders.safe_text import clean, clean_lines

_STEP = re.compile(r"Step \d+/\d+ : ")
_MACHINERY = re.compile(
    r" ---> (?:Using cache|Running in [0-9a-f]+|[0-9a-f]{8,})|Removing intermediate container [0-9a-f]+"
    r"|Successfully built [0-9a-f]+"
)


class ClassicReader:
    """Reads `stream` messages. A step's id is made of its text and of those before it."""

    def __init__(self) -> None:
        self._steps: list[BuildStep] = []
        self._began = 0.0
        self._part = ""

    def read(self, message: Json) -> Iterator[StepChanged | LogLines]:
        """What one message of the engine says."""
        text = message.get("stream")
        if isinstance(text, str):
            *lines, self._part = (self._part + text).split("\n")
            for line in lines:
                yield from self._line(line)
        error = message.get("error")
        if isinstance(error, str) and error:
            yield from self._end(StepStatus.FAILED, without_noise(error))

    def finish(self, *, failed: bool) -> Iterator[StepChanged | LogLines]:
        """What is left when the engine has said everything."""
        if self._part:
            yield from self._line(self._part)
            self._part = ""
        yield from self._end(
            StepStatus.FAILED if failed else StepStatus.DONE, "stopped before its end" if failed else ""
        )

    def steps(self) -> tuple[BuildStep, ...]:
        """All steps so far, in order."""
        return tuple(self._steps)

    def running(self) -> tuple[BuildStep, ...]:
        """The step at work, if any."""
        return tuple(step for step in self._steps[-1:] if step.status is StepStatus.RUNNING)

    def _line(self, line: str) -> Iterator[StepChanged | LogLines]:
        if _STEP.match(line):
            yield from self._end(StepStatus.DONE, "")
            before = self._steps[-1].id if self._steps else ""
            step_id = "sha256:" + hashlib.sha256((before + line.partition(" : ")[2]).encode()).hexdigest()
            step = BuildStep(step_id, clean(line), StepStatus.RUNNING)
            self._steps.append(step)
            self._began = time.monotonic()
            yield StepChanged(step)
        elif line.strip() == "---> Using cache":
            yield from self._end(StepStatus.CACHED, "")
        elif line.strip() and not _MACHINERY.fullmatch(line.rstrip()):
            step_id = self._steps[-1].id if self._steps else ""
            yield LogLines(step_id, clean_lines(line))

    def _end(self, status: StepStatus, error: str) -> Iterator[StepChanged]:
        if not self.running():
            return
        step = self._steps[-1]
        changed = BuildStep(step.id, step.name, status, time.monotonic() - self._began, error)
        self._steps[-1] = changed
        yield StepChanged(changed)
