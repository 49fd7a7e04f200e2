"""Starts that take too long, and machines that are to blame."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graders.checks.container import slow_start
from graders.finding import Finding, Undecidable
from graders.recorded import CASES
from graders.service.evidence import Predicted, Startup
from graders.service.recorded import SPEC, STARTUP, RecordedService, http, service_context
from graders.service.spec import ServiceSpec
from tests.rows import rows

LATER = (Predicted(CASES[0], http(503)),)
"""Real requests that failed although the ready path had said yes."""


def judged(startup: Startup, spec: ServiceSpec = SPEC, *, max_s: float = 10.0) -> list[type]:
    context = service_context(RecordedService(start_up=startup), spec)
    return [type(item) for item in slow_start.CHECK.find(context, slow_start.Params(max_s=max_s))]


@rows(
    ("right_s", "load", "kinds"),
    [
        (9.9, 0.5, []),
        (10.0, 0.5, []),
        (10.1, 0.5, [Finding]),
        (10.1, 1.0, [Finding]),
        (10.1, 2.0, [Undecidable]),
        (20.0, 2.0, [Undecidable]),
        (20.1, 2.0, [Finding]),
        (1.0, 50.0, []),
    ],
)
def test_limit_is_exact_and_stretches_with_the_load(right_s: float, load: float, kinds: list[type]) -> None:
    """A busy machine excuses as much as it can have cost, and no more."""
    assert kinds == judged(replace(STARTUP, ready_s=0.5, first=LATER, right_s=right_s, load_per_cpu=load))


def test_wait_for_a_processor_is_a_doubt() -> None:
    """Twelve seconds of which others had the processors for three may be nine; of eleven nobody needs to doubt."""
    assert [Undecidable] == judged(replace(STARTUP, ready_s=12.0, first=LATER, right_s=12.0, starved_s=3.0))
    assert [Finding] == judged(replace(STARTUP, ready_s=12.0, first=LATER, right_s=12.0, starved_s=1.0))


def test_slow_answers_are_no_slow_start() -> None:
    """Where the first answers were right, the start was over when the service said it was ready."""
    assert [] == judged(replace(STARTUP, ready_s=1.0, right_s=25.0))


def test_ready_counts_where_answers_are_wrong() -> None:
    """Wrong answers are another check's."""
    assert [Finding] == judged(replace(STARTUP, ready_s=11.0, right_s=None, first=LATER))
    assert [] == judged(replace(STARTUP, ready_s=1.0, right_s=None, first=LATER))


def test_service_that_is_never_ready_is_found() -> None:
    """However busy the machine: it was waited for as long as the exercise says."""
    assert [Finding] == judged(replace(STARTUP, ready_s=None, right_s=None, ready=http(503), load_per_cpu=9.0))


def test_service_without_a_ready_path_that_is_never_right_is_undecidable() -> None:
    """Then nothing tells when its start was over."""
    assert [Undecidable] == judged(replace(STARTUP, ready_s=None, right_s=None), replace(SPEC, ready=""))


@rows("max_s", [0.0, -1.0, float("inf"), float("nan")])
def test_limit_that_is_none_is_refused(max_s: float) -> None:
    """A limit is a positive number."""
    with pytest.raises(ValueError, match="above 0"):
        slow_start.Params(max_s=max_s)
