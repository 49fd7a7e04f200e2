"""Owns recorded services for the samples of checks, in the forms of the real evidence; starts nothing, grades nothing.

Health, exit codes and listeners follow what docker.io 20.10.24 answered; times are made up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from graders.context import TextCase
from graders.engine.service import (
    Health,
    HttpAnswer,
    HttpOutcome,
    Listener,
    ProcessorTime,
    ServiceLogs,
    ServiceState,
    StopResult,
)
from graders.recorded import CASES, ORDINARY, source
from graders.service.evidence import Burst, FrozenWatch, HealthWatch, Mounted, Predicted, ServiceContext, Startup
from graders.service.spec import FixedRequest, PredictSpec, ServiceSpec

SPEC = ServiceSpec(
    port=8000,
    live="/live",
    ready="/ready",
    predict=PredictSpec(path="/predict"),
    requests=(FixedRequest("/predict", (422,), method="POST", body='{"text": 5}'),),
)
REFUSED = HttpAnswer(HttpOutcome.REFUSED, 0.0, reason="Connection refused")
HANGS = HttpAnswer(HttpOutcome.TIMEOUT, 2.0, reason="no answer in time")
BROKEN = HttpAnswer(HttpOutcome.BROKEN, 0.0, reason="no HTTP answer: +OK")
STATE = ServiceState(
    running=True,
    health=Health.HEALTHY,
    health_exit_code=0,
    processes=(ORDINARY,),
    peak_memory_bytes=40_000_000,
    listeners=(Listener("0.0.0.0", 8000),),  # noqa: S104 - nothing is bound
)
ENDED = ServiceState(running=False, exit_code=1)


def http(status: int = 200, body: bytes = b"{}", *, elapsed_s: float = 0.01, location: str = "") -> HttpAnswer:
    """An answer."""
    headers = {"location": location} if location else {}
    return HttpAnswer(HttpOutcome.ANSWERED, elapsed_s, status, headers, body)


def label(case: TextCase, *, elapsed_s: float = 0.01) -> HttpAnswer:
    """The right answer to a text."""
    return http(body=json.dumps({"label": case.label}).encode(), elapsed_s=elapsed_s)


RIGHT = tuple(Predicted(case, label(case)) for case in CASES)
STARTUP = Startup(
    STATE,
    1.5,
    answered_s=0.4,
    ready_s=1.2,
    right_s=1.3,
    ready=http(),
    live=http(),
    live_was_loading=True,
    first=RIGHT,
)


INVALID = (http(422),)
HEALTHY = HealthWatch(STATE, 2.0)
NOTICED = FrozenWatch(is_silent=True, state=replace(STATE, health=Health.UNHEALTHY), waited_s=3.0)
BURST = Burst(RIGHT * 100, 0.5)
SILENCE = ServiceLogs(b"", b"")
STOPPED = StopResult(0, 0.3, killed=False)


@dataclass(frozen=True, slots=True)
class RecordedService:
    """A `LiveService` and a `ServiceHandle` that has learned everything already."""

    start_up: Startup = STARTUP
    predicted: tuple[Predicted, ...] = RIGHT
    answers: tuple[HttpAnswer, ...] = INVALID
    health_watch: HealthWatch = HEALTHY
    frozen_watch: FrozenWatch = NOTICED
    many: Burst = BURST
    log: ServiceLogs = SILENCE
    stopped: StopResult = STOPPED
    swapped: RecordedService | None = None
    """What it is with another model; None: no other than this."""
    bare: RecordedService | None = None
    """What it is without one, likewise."""

    def start(self, name: str = "", mounted: Mounted = Mounted.OWN) -> RecordedService:  # noqa: ARG002 - the protocol's
        """Itself, or what it is with other mounts."""
        return {Mounted.OWN: self, Mounted.OTHER: self.swapped, Mounted.NOTHING: self.bare}[mounted] or self

    def frozen(self) -> FrozenWatch:
        """What it was given."""
        return self.frozen_watch

    def startup(self) -> Startup:
        """What it was given."""
        return self.start_up

    def predict(self) -> tuple[Predicted, ...]:
        """What it was given."""
        return self.predicted

    def fixed(self) -> tuple[HttpAnswer, ...]:
        """What it was given."""
        return self.answers

    def health(self) -> HealthWatch:
        """What it was given."""
        return self.health_watch

    def burst(self, count: int, limit_s: float, spare: int) -> Burst:  # noqa: ARG002 - the protocol's signature
        """What it was given."""
        return self.many

    def http(
        self,
        method: str,  # noqa: ARG002 - the protocol's signature
        path: str,  # noqa: ARG002
        *,
        body: bytes = b"",  # noqa: ARG002
        headers: Mapping[str, str] | None = None,  # noqa: ARG002
        timeout_s: float = 5.0,  # noqa: ARG002
    ) -> HttpAnswer:
        """An empty answer while it runs."""
        return http() if self.start_up.state.running else REFUSED

    def state(self) -> ServiceState:
        """As it was seen last."""
        return self.start_up.state

    def logs(self) -> ServiceLogs:
        """What it was given."""
        return self.log

    def processor_time(self) -> ProcessorTime | None:
        """Not known."""
        return None

    def signal(self, name: str) -> None:
        """Nothing happens."""

    def stop(self, grace_s: float) -> StopResult:  # noqa: ARG002 - the protocol's signature
        """What it was given."""
        return self.stopped


def service_context(service: RecordedService | None = None, spec: ServiceSpec = SPEC) -> ServiceContext:
    """Evidence of a running service; without arguments, of a sound one."""
    return ServiceContext(source(), service or RecordedService(), spec)
