"""Owns the check of the most memory that a service held; must never trust what the program says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from graders.check import Check
from graders.engine.service import ServiceState
from graders.finding import Finding, Undecidable
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.service.evidence import ServiceContext
from graders.service.recorded import ENDED, STARTUP, STATE, RecordedService, service_context

MIB = 1024 * 1024
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Params:
    """The budget, and what is asked of the service before it is weighed."""

    max_mib: int = 256
    """Mebibytes of 1,048,576 bytes, of all its processes together, pages of files included."""
    requests: int = 20
    """Real requests, so that what is loaded late is loaded."""

    def __post_init__(self) -> None:
        if self.max_mib < 1 or self.requests < 1:
            raise ValueError("the budget and the requests must be 1 or more")


def find(context: ServiceContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding: killed for memory, or over the budget at the highest point since the start."""
    live = context.handle.start()
    startup = live.startup()
    if startup.state.running and startup.answered_s is not None and context.spec.predict.path:
        live.burst(params.requests, PATIENCE_S, params.requests)
    state = live.state()
    expected = f"at most {params.max_mib} MiB"
    if state.oom_killed or startup.state.oom_killed:
        yield Finding(
            f"A process of the service was killed because the container ran out of memory; its budget is"
            f" {params.max_mib} MiB",
            observed="killed for memory",
            expected=expected,
            file="",
        )
    elif state.peak_memory_bytes is None:
        yield Undecidable("The engine's control group for the container can't be read from here")
    elif state.peak_memory_bytes > params.max_mib * MIB:
        peak = f"{state.peak_memory_bytes / MIB:.0f} MiB"
        yield Finding(
            f"At its highest point the service held {peak}, its budget is {params.max_mib} MiB",
            observed=peak,
            expected=expected,
            file="",
        )


def _sample(state: ServiceState) -> ServiceContext:
    return service_context(RecordedService(start_up=replace(STARTUP, state=state)))


CHECK = Check(
    id="memory-over-budget",
    claim="The service stays within its memory",
    why="Memory is what a host runs out of first, and a container over its limit is killed without a word.",
    hint="How often is the model loaded: once, once a worker, or once a request?",
    sources=("https://docs.docker.com/engine/containers/resource_constraints/#memory",),
    level=Level.CONTAINER,
    find=find,
    params=Params,
    needs=AN_IMAGE,
    service=True,
    bad=(
        _sample(replace(STATE, peak_memory_bytes=256 * MIB + 1)),
        _sample(replace(STATE, oom_killed=True)),
        _sample(replace(ENDED, exit_code=137, oom_killed=True)),
    ),
    good=(service_context(), _sample(replace(STATE, peak_memory_bytes=256 * MIB))),
)
