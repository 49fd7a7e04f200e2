"""Owns the check that each line of a service's log is a JSON object; must never ask for a certain library.

All lines count, from the first of the start to those of a real request. An empty log is no structured log: lines
that stay in a buffer are lost with the container.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from graders.check import Check
from graders.engine.service import ServiceLogs
from graders.finding import Finding, Undecidable
from graders.need import AN_ANSWER
from graders.outcome import Level
from graders.service.evidence import LiveService, ServiceContext, shown
from graders.service.recorded import RecordedService, service_context

LOOKS = 30
"""A line may come a moment after the answer; a look at the container takes some hundredths of a second."""


@dataclass(frozen=True, slots=True)
class Params:
    """What a line must hold, and where lines are looked for."""

    keys: tuple[str, ...] = ("level", "message")
    """Keys of each line; none of their values may be empty."""
    stdout: bool = True
    """Whether the lines of standard output are the log."""
    stderr: bool = True
    """Whether the lines of standard error are."""

    def __post_init__(self) -> None:
        if not (self.stdout or self.stderr):
            raise ValueError("the log must be looked for somewhere: on stdout, on stderr, or on both")


def find(context: ServiceContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding: the first line that is no such object, or that there is none."""
    live = context.handle.start("to be read")
    if live.startup().answered_s is None:
        yield Undecidable("The service never answered, so there is no log of an answer")
        return
    lines = _lines(live, context.spec.predict.path, params)
    faults = [(line, fault) for line in lines for fault in [_fault(line, params.keys)] if fault]
    where = " and ".join(name for name, on in (("stdout", params.stdout), ("stderr", params.stderr)) if on)
    expected = "each line a JSON object" + (f" with {', '.join(params.keys)}" if params.keys else "")
    if not lines:
        yield Finding(
            f"The service answered and wrote no line to {where}",
            observed="an empty log",
            expected=expected,
            file="",
            hint="Is the output kept in a buffer, sent to a file, or not written at all?",
        )
    elif faults:
        line, fault = faults[0]
        yield Finding(
            f"{len(faults)} of {len(lines)} lines of the log are not as they should be; the first {fault}:"
            f" {shown(line)}",
            observed=shown(line),
            expected=expected,
            file="",
        )


def _lines(live: LiveService, path: str, params: Params) -> tuple[bytes, ...]:
    """The whole lines written until a line came after a further request, or until there was none for long enough."""
    before = len(_whole_lines(live.logs(), params))
    if path:
        live.predict()
    else:
        live.http("GET", "/")
    lines = _whole_lines(live.logs(), params)
    for _ in range(LOOKS):
        if len(lines) > before:
            break
        live.state()
        lines = _whole_lines(live.logs(), params)
    return lines


def _whole_lines(logs: ServiceLogs, params: Params) -> tuple[bytes, ...]:
    """Lines that have an end, but for empty ones."""
    streams = [text for text, on in ((logs.stdout, params.stdout), (logs.stderr, params.stderr)) if on]
    return tuple(line for text in streams for line in text.split(b"\n")[:-1] if line.strip())


def _fault(line: bytes, keys: tuple[str, ...]) -> str:
    """What is wrong with a line; empty: nothing."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return "is no JSON"
    if not isinstance(found, dict):
        return "is no JSON object"
    missing = [key for key in keys if found.get(key) in (None, "", [], {})]
    return f"has no {missing[0]}" if missing else ""


def _sample(stdout: bytes = b"", stderr: bytes = b"") -> ServiceContext:
    return service_context(RecordedService(log=ServiceLogs(stdout, stderr)))


GOOD_LINE = b'{"level": "info", "message": "POST /predict 200"}\n'

CHECK = Check(
    id="logs-not-json",
    claim="Each line of the log is a JSON object",
    why="Logs of many containers end in one place, where machines read them: a line that is no record is lost.",
    hint="docker logs shows all lines. Which of them come from your program, and which from what it runs on?",
    sources=("https://12factor.net/logs", "https://docs.docker.com/engine/logging/"),
    level=Level.CONTAINER,
    find=find,
    params=Params,
    needs=AN_ANSWER,
    service=True,
    bad=(
        _sample(),
        _sample(b"INFO: Started server process [1]\n" + GOOD_LINE),
        _sample(GOOD_LINE, b"Traceback (most recent call last):\n"),
        _sample(b'INFO: {"level": "info", "message": "x"}\n'),
        _sample(b'["level", "message"]\n'),
        _sample(b'{"level": "info"}\n'),
        _sample(b'{"level": "info", "message": ""}\n'),
        _sample(b'{\n "level": "info",\n "message": "x"\n}\n'),
    ),
    good=(
        _sample(GOOD_LINE),
        _sample(b"", GOOD_LINE + b"\n" + GOOD_LINE),
        _sample(GOOD_LINE + b'{"level": "in'),
    ),
)
