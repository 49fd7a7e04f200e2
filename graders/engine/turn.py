"""Owns whose turn it is to build on an engine: builds side by side, or one alone; must never build.

BuildKit lets two builds share a step that both need. Where such a step was run for a build that is still at work, all
that follows it is run again for the other one, cached or not (seen on 20.10, BuildKit 0.8; a base that was never built
on is such a step too). So a build that is to tell what the cache holds has to be the only one. Files locked in the
temporary folder part the processes of one user; what others build on the same engine shows in the trace, as
`BuildStep.joined`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from graders.cancel import Cancel
from graders.errors import EngineTimeout
from graders.temporary_lock import TemporaryLock, temporary_lock

_LOOK_S = 0.02
_WIDTH = 8
"""Bytes of the number that stands in the gate's file."""


@contextmanager
def building(engine: str, cancel: Cancel, *, alone: bool, at_most_s: float) -> Iterator[Callable[[], bool]]:
    """Hold a turn on the engine of this name. Who waits to be alone lets no new build begin.

    The function that it gives says whether the turn was had alone up to now, asked for or by luck. Raises Cancelled,
    EngineTimeout after `at_most_s` seconds of waiting, and EngineError where a lock's file can't be had.
    """
    deadline = time.monotonic() + at_most_s
    with temporary_lock(f"gate-{engine}") as gate, temporary_lock(f"builds-{engine}") as work:
        _wait(gate, cancel, deadline, at_most_s, shared=False)
        nobody_else = work.take()
        if not (alone and nobody_else):
            _wait(work, cancel, deadline, at_most_s, shared=not alone)
        number = _begun(gate) + 1
        gate.write(number.to_bytes(_WIDTH))
        if not alone:
            gate.let_go()
        yield lambda: alone or (nobody_else and number == _begun(gate))


def _begun(gate: TemporaryLock) -> int:
    """How many turns have begun so far."""
    return int.from_bytes(gate.read(_WIDTH))


def _wait(lock: TemporaryLock, cancel: Cancel, deadline: float, at_most_s: float, *, shared: bool) -> None:
    while not lock.take(shared=shared):
        if time.monotonic() > deadline:
            raise EngineTimeout(
                "Other checks have been building on this engine all the time",
                limit_s=at_most_s,
                elapsed_s=at_most_s,
                hint="See what is at work with: dockyard engine status. Then check again.",
            )
        cancel.wait(_LOOK_S)
        cancel.raise_if_set()
