"""Answers that come late: how many may, and when the machine is to blame."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graders.checks.container import slow_response
from graders.finding import Finding, Undecidable
from graders.recorded import CASES
from graders.service.evidence import Burst, Predicted
from graders.service.recorded import HANGS, REFUSED, SPEC, RecordedService, http, label, service_context
from graders.service.spec import PredictSpec, ServiceSpec
from tests.rows import rows

FAST = Predicted(CASES[0], label(CASES[0], elapsed_s=0.01))
SLOW = Predicted(CASES[0], label(CASES[0], elapsed_s=0.6))


STARVED = replace(SLOW, starved_s=0.2)


def judged(*predicted: Predicted, load: float = 0.5, spec: ServiceSpec = SPEC, requests: int = 200) -> list[type]:
    context = service_context(RecordedService(many=Burst(predicted, load)), spec)
    return [type(item) for item in slow_response.CHECK.find(context, slow_response.Params(requests=requests))]


@rows(
    ("fast", "slow", "kinds"),
    [(200, 0, []), (198, 2, []), (197, 3, [Finding]), (0, 3, [Finding]), (50, 0, []), (49, 1, [Finding])],
)
def test_one_in_a_hundred_may_be_slow(fast: int, slow: int, kinds: list[type]) -> None:
    """Two of two hundred are forgiven, three are not; of fifty none is."""
    assert kinds == judged(*[FAST] * fast, *[SLOW] * slow)


@rows(("load", "kinds"), [(1.0, [Finding]), (1.1, [Finding]), (1.3, [Undecidable])])
def test_busy_machine_excuses_as_much_as_it_can_cost(load: float, kinds: list[type]) -> None:
    """0.6 s against 0.5 s is a doubt from a load of 1.2 on."""
    assert kinds == judged(*[SLOW] * 3, load=load)


def test_wait_for_a_processor_is_a_doubt() -> None:
    """0.6 s of which others had the processors for 0.2 s may be 0.4 s; what is slow beside that stays slow."""
    assert [Undecidable] == judged(*[STARVED] * 3)
    assert [Undecidable] == judged(*[SLOW] * 2, *[STARVED] * 3)
    assert [Finding] == judged(*[STARVED] * 3, *[SLOW] * 3)
    assert [Finding] == judged(*[replace(SLOW, starved_s=0.05)] * 3)


def test_service_that_ends_meanwhile_is_told_so() -> None:
    """Not as slow: nothing is listening any more."""
    ended = Burst((FAST, Predicted(CASES[0], REFUSED)), 9.0, has_ended=True)
    (finding,) = slow_response.CHECK.find(service_context(RecordedService(many=ended)), slow_response.Params())

    assert isinstance(finding, Finding)
    assert "The container ended" in finding.message


@rows("answer", [http(500), http(429), REFUSED])
def test_quick_refusals_are_no_quick_answers(answer: object) -> None:
    """Who answers nothing at all is fast too."""
    refused = Predicted(CASES[0], answer)  # type: ignore[arg-type]

    assert [Finding] == judged(*[FAST] * 190, *[refused] * 10)
    assert [] == judged(*[FAST] * 198, *[refused] * 2)


def test_hanging_requests_are_slow_ones() -> None:
    """A time-out is the slowest answer there is."""
    assert [Finding] == judged(*[Predicted(CASES[0], HANGS)] * 3)


def test_nothing_asked_is_undecidable() -> None:
    """No texts, no predict path: no verdict."""
    assert [Undecidable] == judged()
    assert [Undecidable] == judged(FAST, spec=ServiceSpec(port=8000, predict=PredictSpec()))


@rows("requests", [0, -1, 2001])
def test_count_that_makes_no_sense_is_refused(requests: int) -> None:
    """A percentile needs requests, and a check has an end."""
    with pytest.raises(ValueError, match="requests"):
        slow_response.Params(requests=requests)
