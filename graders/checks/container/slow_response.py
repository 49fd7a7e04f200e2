"""Owns the check of how long a service takes for an answer, at the 99th percentile; never judges what it says.

Why 200 requests: the 99th percentile of 100 is their slowest or second slowest, so one hiccup of the machine decides;
of 200 two may be slow. As soon as three were too slow the rest can't change the verdict, and is not asked.

What other programs may have cost is a doubt, never a pass: without it, the answer may have come in time. The kernel
tells how long the container waited for a processor, and a probe of its HEALTHCHECK that waits there counts too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from graders.check import Check
from graders.finding import Finding, Undecidable
from graders.need import AN_ANSWER
from graders.outcome import Level
from graders.recorded import CASES
from graders.service.evidence import Burst, Predicted, ServiceContext, describe, excused_s
from graders.service.recorded import BURST, REFUSED, RIGHT, RecordedService, http, label, service_context


@dataclass(frozen=True, slots=True)
class Params:
    """How many are asked, and how long is too long."""

    max_s: float = 0.5
    """Seconds from connecting to the end of the answer, at the 99th percentile."""
    requests: int = 200
    """How many texts are sent, one after another, each over a connection of its own."""

    def __post_init__(self) -> None:
        if not 0 < self.max_s < float("inf"):
            raise ValueError("max_s must be above 0")
        if not 1 <= self.requests <= 2000:
            raise ValueError("requests must be from 1 to 2000")


def find(context: ServiceContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding: more than one in a hundred took too long, or got no answer."""
    if not context.spec.predict.path:
        yield Undecidable("The exercise asks a service for no texts")
        return
    spare = _spare(params.requests)
    burst = context.handle.start().burst(params.requests, params.max_s, spare)
    if not burst.predicted:
        yield Undecidable("The exercise has no texts to try")
        return
    asked = len(burst.predicted)
    if burst.has_ended:
        message = f"The container ended while it was asked {params.requests} times, one after another"
        yield Finding(message, observed=f"the end at request {asked}", expected="an answer each time", file="")
        return
    failed = [one for one in burst.predicted if not one.answer.is_success]
    times_s = sorted(one.answer.elapsed_s for one in burst.predicted)
    slow = sum(time_s > params.max_s for time_s in times_s)
    expected = f"{params.max_s * 1000:.0f} ms at the 99th percentile"
    # Fewer were asked when the time for it was over: then fewer may be slow.
    allowed = min(spare, _spare(asked)) if slow <= spare else spare
    inexcusable = sum(one.own_s > excused_s(params.max_s, burst.load_per_cpu) for one in burst.predicted)
    if slow > allowed >= inexcusable:
        yield Undecidable(
            f"{slow} of {asked} requests took longer than {params.max_s * 1000:.0f} ms, but this machine was busy"
            f" ({burst.load_per_cpu:.1f} processes for each processor)"
        )
    elif slow > allowed:
        message = f"{slow} of {asked} requests took longer than {params.max_s * 1000:.0f} ms, {allowed} may"
        observed = f"{times_s[asked // 2] * 1000:.0f} ms in the middle, {times_s[-1] * 1000:.0f} ms at most"
        yield Finding(message, observed=observed, expected=expected, file="")
    elif len(failed) > allowed:
        message = f"{len(failed)} of {asked} requests, one after another, got no successful answer"
        yield Finding(message, observed=describe(failed[0].answer), expected=expected, file="")


def _spare(requests: int) -> int:
    """How many lie above the 99th percentile."""
    return requests - math.ceil(requests * 0.99)


def _sample(*predicted: Predicted) -> ServiceContext:
    return service_context(RecordedService(many=Burst(predicted, 0.5)))


SLOW = Predicted(CASES[0], label(CASES[0], elapsed_s=0.8))

CHECK = Check(
    id="slow-response",
    claim="The service answers fast, also the slowest of a hundred requests",
    why="A page that asks a service ten times meets its slowest hundredth in one of ten visits.",
    hint="What is done again for every request that could be done once, at the start?",
    sources=("https://research.google/pubs/the-tail-at-scale/",),
    level=Level.CONTAINER,
    find=find,
    params=Params,
    needs=(*AN_ANSWER, "wrong-response"),
    service=True,
    bad=(
        _sample(SLOW, SLOW, SLOW),
        _sample(*RIGHT * 90, SLOW, SLOW, SLOW),
        _sample(*RIGHT * 10, SLOW),
        service_context(RecordedService(many=Burst((SLOW,) * 3, 1.5))),
        service_context(RecordedService(many=Burst((*RIGHT, Predicted(CASES[0], REFUSED)), 0.5, has_ended=True))),
        _sample(*RIGHT * 97, *[Predicted(CASES[0], http(500))] * 6),
        _sample(*RIGHT * 97, *[Predicted(CASES[0], REFUSED)] * 6),
    ),
    good=(
        service_context(RecordedService(many=BURST)),
        _sample(*RIGHT * 99, SLOW, SLOW),
        service_context(RecordedService(many=replace(BURST, predicted=RIGHT * 10))),
    ),
)
