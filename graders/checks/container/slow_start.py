"""Owns the check of how long a service takes from its start to its first right answers; never looks at later ones.

What other programs may have cost is a doubt, never a pass; see `slow_response`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from graders.check import Check
from graders.finding import Finding, Undecidable
from graders.need import AN_ANSWER
from graders.outcome import Level
from graders.service.evidence import ServiceContext, Startup, describe, excused_s, is_right
from graders.service.recorded import STARTUP, RecordedService, http, service_context


@dataclass(frozen=True, slots=True)
class Params:
    """How long is too long."""

    max_s: float = 10.0
    """Seconds from the start of the container until it is ready and answers rightly."""

    def __post_init__(self) -> None:
        if not 0 < self.max_s < float("inf"):
            raise ValueError("max_s must be above 0")


def find(context: ServiceContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding: it was ready too late, or never."""
    spec = context.spec
    startup = context.handle.start().startup()
    expected = f"at most {params.max_s:g} s"
    # Slow answers are another check's: where the first ones were right, being ready was the end of the start.
    was_true = bool(startup.first) and all(is_right(one, spec.predict) for one in startup.first)
    came_s = startup.ready_s if was_true else startup.right_s or startup.ready_s
    if came_s is None and spec.ready:
        last = describe(startup.ready) if startup.ready else "no answer"
        message = f"The ready path {spec.ready} never answered with success, in {startup.waited_s:.0f} s"
        yield Finding(message, observed=last, expected=f"success after {expected}", file="")
    elif came_s is None:
        yield Undecidable("The service never answered rightly, so its start has no end")
    elif came_s > params.max_s and came_s - startup.starved_s <= excused_s(params.max_s, startup.load_per_cpu):
        yield Undecidable(
            f"The service was ready after {came_s:.1f} s, {expected} are allowed, but this machine was busy"
            f" ({startup.load_per_cpu:.1f} processes for each processor)"
        )
    elif came_s > params.max_s:
        message = f"The service was ready after {came_s:.1f} s, {expected} are allowed"
        yield Finding(message, observed=f"{came_s:.1f} s", expected=expected, file="")


def _sample(startup: Startup) -> ServiceContext:
    return service_context(RecordedService(start_up=startup))


LATE = replace(STARTUP, ready_s=14.0, right_s=14.2, waited_s=14.2)

CHECK = Check(
    id="slow-start",
    claim="The service is ready soon after its container was started",
    why="Every new version, every restart and every machine that is added waits this long for its first answer.",
    hint="What does the program do before it answers for the first time that could be done while the image is built?",
    sources=("https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",),
    level=Level.CONTAINER,
    find=find,
    params=Params,
    needs=AN_ANSWER,
    service=True,
    bad=(
        _sample(LATE),
        _sample(replace(STARTUP, ready_s=2.0, right_s=11.0, first=())),
        _sample(replace(LATE, ready_s=31.0, right_s=31.0, load_per_cpu=3.0)),
        _sample(replace(STARTUP, ready_s=12.0, right_s=None)),
        _sample(replace(STARTUP, ready_s=None, right_s=None, ready=http(503), waited_s=30.0)),
    ),
    good=(service_context(), _sample(replace(STARTUP, ready_s=10.0, right_s=15.0))),
)
