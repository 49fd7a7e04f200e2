"""Owns the check of the image's own HEALTHCHECK, as the engine reports it; must never look at its text.

Healthy has to mean something: of a service whose first process is frozen it must not be said any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from graders.check import Check
from graders.engine.service import Health
from graders.finding import Finding, Undecidable
from graders.need import AN_ANSWER
from graders.outcome import Level
from graders.service.evidence import HealthWatch, ServiceContext
from graders.service.recorded import ENDED, HEALTHY, NOTICED, STATE, RecordedService, service_context

_CUT_OFF = -1
"""Docker's exit code of a probe that took longer than its time. Source: moby 20.10, daemon/health.go."""

_BUSY = 0.25
"""Of the time: on a machine that does nothing else it is next to nothing, and between two probes nobody waits."""


@dataclass(frozen=True, slots=True)
class Params:
    """Whether healthy has to mean something."""

    must_notice: bool = True
    """A service that is frozen must become unhealthy."""


def find(context: ServiceContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding: there is no HEALTHCHECK, it never said healthy, or it says so of a frozen service."""
    line = context.source.setting_line("HEALTHCHECK")
    handle = context.handle
    watch = handle.start().health()
    state = watch.state
    if _is_starved(watch):
        yield Undecidable(
            f"The HEALTHCHECK came to no end in its time, but for {watch.starved_s:.0f} of {watch.waited_s:.0f} s other"
            " programs had this machine's processors"
        )
        return
    if state.health is not Health.HEALTHY:
        yield Finding(_reason(watch), observed=_last(watch), expected="healthy", line=line)
        return
    if not params.must_notice:
        return
    frozen = handle.frozen()
    if frozen.is_silent and frozen.state.running and frozen.state.health is Health.HEALTHY:
        message = f"The service was frozen and answered nothing, and after {frozen.waited_s:.0f} s it is called healthy"
        yield Finding(message, observed="healthy", expected="unhealthy", line=line)


def _is_starved(watch: HealthWatch) -> bool:
    """Whether no probe came to an end, and for want of a processor; what a probe itself says counts all the same."""
    state = watch.state
    is_unheard = state.running and state.health not in (Health.HEALTHY, Health.NONE)
    return is_unheard and state.health_exit_code in (None, _CUT_OFF) and watch.starved_s > watch.waited_s * _BUSY


def _reason(watch: HealthWatch) -> str:
    state = watch.state
    if state.health is Health.NONE and state.running:
        return "The image has no HEALTHCHECK"
    if not state.running:
        return f"The container ended before it was healthy, after {watch.waited_s:.0f} s"
    if state.health_exit_code is None:
        return f"The HEALTHCHECK came to no end in {watch.waited_s:.0f} s"
    return f"The HEALTHCHECK did not succeed in {watch.waited_s:.0f} s; its last exit code was {state.health_exit_code}"


def _last(watch: HealthWatch) -> str:
    state = watch.state
    if not state.running and state.exit_code is not None:
        return f"exit code {state.exit_code}"
    return "\n".join(part for part in (state.health_output, str(state.health)) if part)


def _sample(watch: HealthWatch) -> ServiceContext:
    return service_context(RecordedService(health_watch=watch))


SICK = replace(STATE, health=Health.UNHEALTHY, health_exit_code=1, health_output="curl: not found")

CHECK = Check(
    id="never-healthy",
    claim="The image's own HEALTHCHECK says healthy, and stops saying so when the service hangs",
    why="Whoever runs the container acts on this word: it routes requests, restarts, or rolls back.",
    hint="What does the health check run, and is that program in the image?",
    sources=("https://docs.docker.com/reference/dockerfile/#healthcheck",),
    level=Level.CONTAINER,
    find=find,
    params=Params,
    needs=AN_ANSWER,
    service=True,
    bad=(
        _sample(HealthWatch(replace(STATE, health=Health.NONE, health_exit_code=None), 0.1)),
        _sample(HealthWatch(SICK, 30.0)),
        _sample(HealthWatch(replace(STATE, health=Health.STARTING, health_exit_code=None), 30.0)),
        _sample(HealthWatch(ENDED, 4.0)),
        service_context(RecordedService(frozen_watch=replace(NOTICED, state=STATE, waited_s=12.0))),
    ),
    good=(
        _sample(HEALTHY),
        service_context(RecordedService(frozen_watch=replace(NOTICED, is_silent=False, state=STATE))),
    ),
)
