"""Owns what a container check may ask of a running service, and the forms of what it learns; must never fetch itself.

Waiting, timing and repeating happen behind the handle, so that checks stay pure functions of what was seen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from graders.context import TextCase
from graders.dockerfile_context import DockerfileContext
from graders.engine.service import HttpAnswer, HttpOutcome, ProcessorTime, Service, ServiceState
from graders.service.spec import PredictSpec, ServiceSpec

SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Predicted:
    """A text that the service was asked about, and its answer."""

    case: TextCase
    answer: HttpAnswer
    starved_s: float = 0.0
    """Of the time that the answer took: see `starved_s`."""

    @property
    def own_s(self) -> float:
        """How long the answer takes where a processor is free."""
        return max(0.0, self.answer.elapsed_s - self.starved_s)


@dataclass(frozen=True, slots=True)
class Startup:
    """How a service came up. Times count from the start of the container; None: it did not happen."""

    state: ServiceState
    """Seen last."""
    waited_s: float
    answered_s: float | None = None
    """The port first gave an HTTP answer, whatever it said."""
    ready_s: float | None = None
    """The ready path first answered with success; without one, the first right answer to a real request."""
    right_s: float | None = None
    """All real requests of one round were answered rightly."""
    ready: HttpAnswer | None = None
    """The last answer of the ready path, or to the first real request where there is none."""
    live: HttpAnswer | None = None
    """The live path, asked each time after the port had answered: the first answer without success, else the last."""
    live_was_loading: bool = False
    """`live` was given while the ready path did not yet answer with success."""
    first: tuple[Predicted, ...] = ()
    """Real requests, sent at once after the ready path's first success."""
    last: HttpAnswer | None = None
    """An answer to a real request of the last round: a wrong one, if there was one."""
    starved_s: float = 0.0
    """Of the time until `right_s`, else of that until `ready_s`: see `starved_s`."""
    load_per_cpu: float = 0.0
    """As in `Burst`."""


@dataclass(frozen=True, slots=True)
class HealthWatch:
    """What the image's HEALTHCHECK came to."""

    state: ServiceState
    waited_s: float
    starved_s: float = 0.0
    """Of `waited_s`: see `starved_s`."""


@dataclass(frozen=True, slots=True)
class FrozenWatch:
    """What the image's HEALTHCHECK said of a service that had been healthy and was then frozen."""

    is_silent: bool
    """It did not answer any more. False: nothing can be concluded."""
    state: ServiceState
    waited_s: float


@dataclass(frozen=True, slots=True)
class Burst:
    """Real requests one after another, each over a connection of its own."""

    predicted: tuple[Predicted, ...]
    load_per_cpu: float
    """Processes that wanted a processor of this machine meanwhile, for each that it has; 0: not known."""
    has_ended: bool = False
    """The container runs no more."""


class Mounted(Enum):
    """What a service finds where the exercise mounts files."""

    OWN = auto()
    """Those of `ServiceSpec.mounts`."""
    OTHER = auto()
    """Those of `ServiceSpec.swaps` in their places."""
    NOTHING = auto()


class LiveService(Service, Protocol):
    """A started service, and what takes time to learn of it; each is learned once."""

    def startup(self) -> Startup:
        """Wait until it answers real requests rightly, has ended, or the exercise's time is over."""
        ...

    def predict(self) -> tuple[Predicted, ...]:
        """The answers to the exercise's texts, after the start-up."""
        ...

    def fixed(self) -> tuple[HttpAnswer, ...]:
        """The answers to the exercise's fixed requests, in their order, after the start-up."""
        ...

    def health(self) -> HealthWatch:
        """Wait until the image's HEALTHCHECK says healthy, the container ended, or the exercise's time is over."""
        ...

    def burst(self, count: int, limit_s: float, spare: int) -> Burst:
        """Ask `count` times; end early when more than `spare` answers took longer than `limit_s`, or after 20 s."""
        ...


class ServiceHandle(Protocol):
    """Starts the graded image as a service; equal calls share one container until grading is over."""

    def start(self, name: str = "", mounted: Mounted = Mounted.OWN) -> LiveService:
        """Start it, or hand out the one that was started so. Raises EngineError for what is not the learner's.

        A check that stops the service or harms it gives a `name` of its own, so that no other check gets that one.
        """
        ...

    def frozen(self) -> FrozenWatch:
        """Start one more, wait until it is healthy, freeze its first process, and watch what its HEALTHCHECK says."""
        ...


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """Evidence of the container level, for a check that says `service`."""

    source: DockerfileContext
    handle: ServiceHandle
    spec: ServiceSpec
    """What the exercise says of the service."""


def is_loopback_only(state: ServiceState, port: int) -> bool:
    """Whether something listens on the port, and only where no other container can reach it."""
    found = [listener.address for listener in state.listeners or () if listener.port == port]
    return bool(found) and all(address.startswith("127.") or address == "::1" for address in found)


def is_right(predicted: Predicted, spec: PredictSpec) -> bool:
    """Whether the status and the label are those that the exercise asks for."""
    return not what_is_wrong(predicted, spec)


def what_is_wrong(predicted: Predicted, spec: PredictSpec) -> str:
    """What the answer is instead of the right one, in a few words; empty: it is right."""
    answer = predicted.answer
    if answer.outcome is not HttpOutcome.ANSWERED or answer.status != spec.status:
        return describe(answer)
    if answer.truncated:
        return "an answer without end"
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return f"no JSON: {shown(answer.body)}"
    if not isinstance(found, dict):
        return f"no JSON object: {shown(answer.body)}"
    if spec.label not in found:
        return f"no key {spec.label!r}: {shown(answer.body)}"
    if found[spec.label] != predicted.case.label:
        return f"{spec.label} = {shown(json.dumps(found[spec.label]).encode())}"
    return ""


def starved_s(before: ProcessorTime | None, after: ProcessorTime | None, elapsed_s: float) -> float:
    """How long of this time a service could have run, and others had the processors; 0 where that can't be told.

    Processes that stand in each other's way, or that a limit of their own holds back, are not starved: when all of the
    time was spent on a processor, or waiting for leave to use one, other programs have nothing to do with it. A sleep
    waits for no processor.
    """
    if before is None or after is None:
        return 0.0
    used_s = after.used_s - before.used_s
    held_back_s = after.held_back_s - before.held_back_s
    return max(0.0, min(after.waited_s - before.waited_s, elapsed_s - used_s) - held_back_s)


def excused_s(limit_s: float, load_per_cpu: float) -> float:
    """How long something may take before it is slow whatever else this machine was doing.

    With N processes for each processor, one gets an N-th of its time; a sleep or a wait gets no shorter.
    """
    return limit_s * max(1.0, load_per_cpu)


def describe(answer: HttpAnswer) -> str:
    """An answer in a few words: "status 503", "no answer in time"."""
    if answer.outcome is HttpOutcome.ANSWERED:
        location = answer.headers.get("location", "")
        where = f", to {location[:SHOWN_CHARACTERS]}" if 300 <= answer.status < 400 and location else ""
        return f"status {answer.status}{where}"
    if answer.outcome is HttpOutcome.TIMEOUT:
        return f"{answer.reason or 'no answer'} ({answer.elapsed_s:.1f} s)"
    if answer.outcome is HttpOutcome.REFUSED:
        return answer.reason or "connection refused"
    return answer.reason or "no HTTP answer"


def shown(body: bytes) -> str:
    """The start of a body, as text."""
    text = body[: SHOWN_CHARACTERS * 4].decode("utf-8", errors="replace")
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
