"""Health checks that fail, hang, are missing, or mean nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graders.checks.container import never_healthy
from graders.engine.service import Health, ServiceState
from graders.finding import Finding, Undecidable
from graders.service.evidence import FrozenWatch, HealthWatch
from graders.service.recorded import HEALTHY, NOTICED, STATE, RecordedService, service_context
from tests.rows import rows


def judged(
    watch: HealthWatch = HEALTHY, frozen: FrozenWatch = NOTICED, *, must_notice: bool = True
) -> list[Finding | Undecidable]:
    context = service_context(RecordedService(health_watch=watch, frozen_watch=frozen))
    return [*never_healthy.CHECK.find(context, never_healthy.Params(must_notice=must_notice))]


@rows(
    ("state", "said"),
    [
        (replace(STATE, health=Health.NONE, health_exit_code=None), "no HEALTHCHECK"),
        (replace(STATE, health=Health.STARTING, health_exit_code=None), "came to no end in 30 s"),
        (replace(STATE, health=Health.STARTING, health_exit_code=1), "last exit code was 1"),
        (replace(STATE, health=Health.UNHEALTHY, health_exit_code=-1), "last exit code was -1"),
        (ServiceState(running=False, exit_code=0), "ended before it was healthy"),
    ],
)
def test_service_that_is_not_healthy_says_why(state: ServiceState, said: str) -> None:
    """Missing, hanging, failing and over are told apart."""
    (found,) = judged(HealthWatch(state, 30.0))

    assert isinstance(found, Finding)
    assert said in found.message


@rows(
    ("exit_code", "starved_s", "kind"),
    [
        (-1, 8.0, Undecidable),
        (None, 8.0, Undecidable),
        (-1, 7.0, Finding),
        (1, 29.0, Finding),
    ],
)
def test_probe_that_got_no_processor_is_a_doubt(exit_code: int | None, starved_s: float, kind: type) -> None:
    """Cut off while others had the processors: nobody knows. A probe that said no was heard."""
    state = replace(STATE, health=Health.UNHEALTHY, health_exit_code=exit_code)
    (found,) = judged(HealthWatch(state, 30.0, starved_s))

    assert kind is type(found)


def test_output_of_the_probe_is_shown() -> None:
    """What it printed is what the learner needs."""
    state = replace(STATE, health=Health.UNHEALTHY, health_exit_code=1, health_output="wget: not found")
    (found,) = judged(HealthWatch(state, 30.0))

    assert isinstance(found, Finding)
    assert "wget: not found" in found.observed


def test_health_that_does_not_notice_a_freeze_is_found() -> None:
    """`CMD true` is always healthy, and means nothing."""
    (found,) = judged(frozen=replace(NOTICED, state=STATE))

    assert isinstance(found, Finding)
    assert "frozen" in found.message


@rows(
    "frozen",
    [
        pytest.param(replace(NOTICED, state=replace(STATE, health=Health.STARTING)), id="no longer healthy"),
        pytest.param(replace(NOTICED, is_silent=False, state=STATE), id="workers went on answering"),
        pytest.param(replace(NOTICED, state=ServiceState(running=False, exit_code=137)), id="it ended"),
        pytest.param(FrozenWatch(is_silent=False, state=STATE, waited_s=0.0), id="never frozen"),
    ],
)
def test_freeze_that_proves_nothing_is_not_held_against_it(frozen: FrozenWatch) -> None:
    """Only a silent service that is called healthy is a fault."""
    assert [] == judged(frozen=frozen)


def test_freeze_is_not_looked_at_unless_asked() -> None:
    """An exercise may leave it out."""
    assert [] == judged(frozen=replace(NOTICED, state=STATE), must_notice=False)
