"""Owns the services of one submission: started when first asked for, shared, timed, and always stopped; never judges.

The start-up is watched from outside: the ready path is polled, and its first success is followed at once by real
requests, because a service that says it is ready too early is caught only in that moment.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from graders.cancel import Cancel
from graders.context import TextCase
from graders.engine.service import (
    Health,
    HttpAnswer,
    HttpOutcome,
    ProcessorTime,
    Service,
    ServiceLogs,
    ServiceRequest,
    ServiceState,
    StopResult,
)
from graders.errors import Cancelled, EngineError, SpecError
from graders.service.evidence import (
    Burst,
    FrozenWatch,
    HealthWatch,
    Mounted,
    Predicted,
    Startup,
    is_loopback_only,
    is_right,
    starved_s,
)
from graders.service.machine import load_per_cpu, own_wait_s
from graders.service.spec import ServiceSpec
from graders.text_case import make_cases

if TYPE_CHECKING:
    from graders.workbench import Workbench

_POLL_S = 0.03
_HEALTH_POLL_S = 0.25
_READY_TIMEOUT_S = 2.0
_FIRST_ROUND = 6
"""Real requests after the first success of the ready path: more than one, since each may meet another process."""
_SETTLE_S = 5.0
"""How long a service that answers is given to answer rightly. With another model, its answers are never right."""
_SICK_S = 8.0
"""How long a HEALTHCHECK may fail beside a service that answers rightly, before it is given up."""
_WALL_S = 300.0
_BURST_S = 20.0
_FROZEN_TIMEOUT_S = 2.0
_FROZEN_S = 12.0
"""How long a HEALTHCHECK with a time-out of two seconds, one try and a second between may take to notice."""


class ServiceBench:
    """A `ServiceHandle`. `close` must be called."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._open = ExitStack()
        self._started: dict[tuple[str, Mounted], LiveBench] = {}
        self._frozen: FrozenWatch | None = None

    def start(self, name: str = "", mounted: Mounted = Mounted.OWN) -> LiveBench:
        """Start it, or hand out the one that was started so; see `ServiceHandle.start`."""
        key = (name, mounted)
        if key not in self._started:
            settle_s = 0.0 if mounted is Mounted.OTHER else _SETTLE_S
            self._started[key] = self._serve(self._open, self._request(mounted), settle_s=settle_s)
        return self._started[key]

    def frozen(self) -> FrozenWatch:
        """Freeze one and watch its health; see `ServiceHandle.frozen`."""
        if self._frozen is None:
            request = replace(self._request(), health_timeout_s=_FROZEN_TIMEOUT_S)
            with ExitStack() as stack:
                self._frozen = _freeze(self._serve(stack, request), self._bench.spec.service, self._bench.cancel)
        return self._frozen

    @property
    def is_up(self) -> bool:
        """Whether a service was started already."""
        return bool(self._started)

    def close(self) -> None:
        """Stop and remove every service. Raises EngineError."""
        self._started.clear()
        self._open.close()

    def _files(self, mounted: Mounted) -> dict[str, bytes]:
        root, spec = self._bench.spec.root, self._bench.spec.service
        if mounted is Mounted.NOTHING:
            return {}
        paths = {**spec.mounts, **(spec.swaps if mounted is Mounted.OTHER else {})}
        try:
            return {target: (root / path).read_bytes() for target, path in paths.items()}
        except OSError as error:
            raise SpecError(
                f"{root.name}: service.mounts: {error.filename} can't be read ({error.strerror})"
            ) from error

    def _request(self, mounted: Mounted = Mounted.OWN) -> ServiceRequest:
        bench = self._bench
        if bench.image is None:
            raise EngineError("There is no image to run")
        spec = bench.spec.service
        return ServiceRequest(
            bench.image.id,
            bench.run_id,
            bench.spec.limits,
            spec.port,
            env=dict(spec.env),
            mounts=self._files(mounted),
            wall_s=_WALL_S,
        )

    def _serve(self, stack: ExitStack, request: ServiceRequest, *, settle_s: float = _SETTLE_S) -> LiveBench:
        bench = self._bench
        service = stack.enter_context(bench.engine.serve(request, bench.cancel))
        return LiveBench(
            service,
            bench.spec.service,
            bench.cases,
            lambda count: make_cases(replace(bench.spec.texts, count=count), Random(f"{bench.nonce} burst")),  # noqa: S311
            bench.cancel,
            began=time.monotonic(),
            settle_s=settle_s,
        )


class LiveBench:
    """A started service; see `LiveService`."""

    def __init__(
        self,
        service: Service,
        spec: ServiceSpec,
        cases: tuple[TextCase, ...],
        more_cases: Callable[[int], tuple[TextCase, ...]],
        cancel: Cancel,
        *,
        began: float,
        settle_s: float = _SETTLE_S,
    ) -> None:
        self._settle_s = settle_s
        self._service = service
        self._spec = spec
        self._cases = cases
        self._more_cases = more_cases
        self._cancel = cancel
        self._began = began
        self._at_start = service.processor_time()
        self._startup: Startup | None = None
        self._predicted: tuple[Predicted, ...] | None = None
        self._fixed: tuple[HttpAnswer, ...] | None = None
        self._health: HealthWatch | None = None
        self._bursts: dict[tuple[int, float, int], Burst] = {}

    def http(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 5.0,
    ) -> HttpAnswer:
        """Ask once; see `Service.http`."""
        return self._service.http(method, path, body=body, headers=headers, timeout_s=timeout_s)

    def state(self) -> ServiceState:
        """Look at the container; see `Service.state`."""
        return self._service.state()

    def logs(self) -> ServiceLogs:
        """What it wrote; see `Service.logs`."""
        return self._service.logs()

    def processor_time(self) -> ProcessorTime | None:
        """What it had of the processors; see `Service.processor_time`."""
        return self._service.processor_time()

    def signal(self, name: str) -> None:
        """Send a signal; see `Service.signal`."""
        self._service.signal(name)

    def stop(self, grace_s: float) -> StopResult:
        """Ask it to end; see `Service.stop`."""
        return self._service.stop(grace_s)

    def startup(self) -> Startup:
        """Wait for it; see `LiveService.startup`."""
        if self._startup is None:
            self._startup = self._watch()
        return self._startup

    def predict(self) -> tuple[Predicted, ...]:
        """Ask about every text; see `LiveService.predict`."""
        self.startup()
        if self._predicted is None:
            self._predicted = self._round(self._cases)
        return self._predicted

    def fixed(self) -> tuple[HttpAnswer, ...]:
        """Ask what is fixed; see `LiveService.fixed`."""
        self.startup()
        if self._fixed is None:
            self._fixed = tuple(
                self.http(
                    request.method,
                    request.path,
                    body=request.body.encode(),
                    headers={"Content-Type": request.content_type} if request.body else {},
                    timeout_s=self._spec.request_s,
                )
                for request in self._spec.requests
            )
        return self._fixed

    def health(self) -> HealthWatch:
        """Wait for it; see `LiveService.health`."""
        if self._health is None:
            while True:
                state = self.state()
                over = self._age_s() >= self._spec.startup_s
                if over or not state.running or state.health in {Health.HEALTHY, Health.NONE}:
                    break
                if state.health is Health.UNHEALTHY and self._has_answered_for(_SICK_S):
                    break
                self._pause(_HEALTH_POLL_S)
            waited_s = self._age_s()
            starved = starved_s(self._at_start, self.processor_time(), waited_s)
            self._health = HealthWatch(state, waited_s, starved)
        return self._health

    def burst(self, count: int, limit_s: float, spare: int) -> Burst:
        """Ask many times; see `LiveService.burst`."""
        self.startup()
        key = (count, limit_s, spare)
        if key not in self._bursts:
            cases = self._more_cases(count)
            deadline = time.monotonic() + _BURST_S
            predicted: list[Predicted] = []
            slow = 0
            has_ended = False
            while cases and len(predicted) < count and slow <= spare and time.monotonic() < deadline and not has_ended:
                predicted.append(self._timed(cases[len(predicted) % len(cases)]))
                slow += predicted[-1].answer.elapsed_s > limit_s
                if predicted[-1].answer.outcome is not HttpOutcome.ANSWERED:
                    has_ended = not self.state().running
            self._bursts[key] = Burst(tuple(predicted), load_per_cpu(), has_ended)
        return self._bursts[key]

    def _watch(self) -> Startup:
        spec = self._spec
        found = Startup(self.state(), 0.0)
        hopeless_s: float | None = None
        while found.state.running:
            before, found = found, self._look(found)
            age_s = self._age_s()
            if (before.ready_s, before.right_s) != (found.ready_s, found.right_s):
                found = replace(found, starved_s=starved_s(self._at_start, self.processor_time(), age_s))
            is_done = found.right_s is not None or (found.ready_s is not None and not spec.predict.path)
            if is_done or age_s >= spec.startup_s or self._is_settled(found, age_s):
                break
            if found.answered_s is None and self._is_hopeless(found):
                hopeless_s = age_s if hopeless_s is None else hopeless_s
                if age_s > hopeless_s + _SETTLE_S:
                    break
            else:
                hopeless_s = None
            self._pause(_POLL_S)
            if found.answered_s is None or found.ready is None or found.ready.outcome is not HttpOutcome.ANSWERED:
                found = replace(found, state=self.state())
        return replace(found, state=self.state(), waited_s=self._age_s(), load_per_cpu=load_per_cpu())

    def _is_hopeless(self, found: Startup) -> bool:
        """Whether it has opened its port already, and nobody gets an answer there."""
        is_nonsense = found.ready is not None and found.ready.outcome is HttpOutcome.BROKEN
        return is_nonsense or is_loopback_only(found.state, self._spec.port)

    def _has_answered_for(self, seconds: float) -> bool:
        right_s = self._startup.right_s if self._startup is not None else None
        return right_s is not None and self._age_s() > right_s + seconds

    def _is_settled(self, found: Startup, age_s: float) -> bool:
        """Whether it answers, but wrongly, for so long that no model can be the reason any more."""
        since_s = found.ready_s if self._spec.ready else found.answered_s
        last = found.last
        says_no = last is not None and last.outcome is HttpOutcome.ANSWERED and last.status < 500
        return since_s is not None and says_no and age_s > since_s + self._settle_s

    def _look(self, found: Startup) -> Startup:
        """One more look at a service that is coming up."""
        spec = self._spec
        if found.ready_s is not None or (not spec.ready and spec.predict.path):
            asked = self._round(self._cases[:_FIRST_ROUND])
            ready = asked[-1].answer if asked else HttpAnswer(HttpOutcome.REFUSED, 0.0)
            is_ready = bool(asked) and all(is_right(one, spec.predict) for one in asked)
            wrong = next((one.answer for one in asked if not is_right(one, spec.predict)), ready)
            found = replace(found, last=wrong, right_s=self._age_s() if is_ready else None)
        else:
            ready = self._get(spec.ready or spec.live or "/")
            is_ready = ready.is_success
        age_s = self._age_s()
        if ready.outcome is HttpOutcome.ANSWERED and found.answered_s is None:
            found = replace(found, answered_s=age_s)
        if found.ready_s is None:
            found = replace(found, ready=ready, ready_s=age_s if is_ready else None)
            if is_ready and spec.ready and spec.predict.path:
                first = self._round(self._cases[:_FIRST_ROUND])
                is_right_now = bool(first) and all(is_right(one, spec.predict) for one in first)
                found = replace(found, first=first, last=first[-1].answer if first else None)
                found = replace(found, right_s=self._age_s() if is_right_now else None)
        has_failed = found.live is not None and not found.live.is_success
        if spec.live and found.answered_s is not None and not has_failed and (found.live is None or not is_ready):
            found = replace(found, live=self._get(spec.live), live_was_loading=not is_ready)
        return found

    def _round(self, cases: tuple[TextCase, ...]) -> tuple[Predicted, ...]:
        return tuple(self._ask(case) for case in cases) if self._spec.predict.path else ()

    def _timed(self, case: TextCase) -> Predicted:
        """Ask, and learn how long of it the service, or we who ask, got no processor."""
        before, own_s = self.processor_time(), own_wait_s()
        asked = self._ask(case)
        own_s = own_wait_s() - own_s
        return replace(asked, starved_s=own_s + starved_s(before, self.processor_time(), asked.answer.elapsed_s))

    def _ask(self, case: TextCase) -> Predicted:
        spec = self._spec.predict
        answer = self.http(
            spec.method,
            spec.path,
            body=json.dumps({spec.text: case.text}).encode(),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            timeout_s=self._spec.request_s,
        )
        return Predicted(case, answer)

    def _get(self, path: str) -> HttpAnswer:
        return self.http("GET", path, timeout_s=min(self._spec.request_s, _READY_TIMEOUT_S))

    def _age_s(self) -> float:
        return time.monotonic() - self._began

    def _pause(self, seconds: float) -> None:
        if self._cancel.wait(seconds):
            raise Cancelled


def _freeze(live: LiveBench, spec: ServiceSpec, cancel: Cancel) -> FrozenWatch:
    health = live.health()
    if health.state.health is not Health.HEALTHY:
        return FrozenWatch(is_silent=False, state=health.state, waited_s=0.0)
    live.signal("STOP")
    path = spec.live or spec.ready or "/"
    is_silent = live.http("GET", path, timeout_s=1.0).outcome is not HttpOutcome.ANSWERED
    began = time.monotonic()
    state = live.state()
    while is_silent and state.health is Health.HEALTHY and time.monotonic() - began < _FROZEN_S:
        if cancel.wait(_HEALTH_POLL_S):
            raise Cancelled
        state = live.state()
    return FrozenWatch(is_silent=is_silent, state=state, waited_s=time.monotonic() - began)
