"""Peaks, kills, and engines whose groups can't be read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graders.checks.container.memory_over_budget import CHECK, MIB, Params
from graders.engine.service import ServiceState
from graders.finding import Finding, Undecidable
from graders.service.recorded import ENDED, STARTUP, STATE, RecordedService, service_context
from tests.rows import rows


def judged(state: ServiceState, max_mib: int = 100) -> list[Finding | Undecidable]:
    service = RecordedService(start_up=replace(STARTUP, state=state))
    return [*CHECK.find(service_context(service), Params(max_mib=max_mib))]


def test_finding_shows_peak_and_budget() -> None:
    """Both numbers, in the same unit."""
    (finding,) = judged(replace(STATE, peak_memory_bytes=140 * MIB))

    assert isinstance(finding, Finding)
    assert "140 MiB" in finding.message
    assert "100 MiB" in finding.message


@rows(("peak", "count"), [(100 * MIB, 0), (100 * MIB + 1, 1), (1, 0)])
def test_budget_itself_is_fine(peak: int, count: int) -> None:
    """Only what is over the budget is told."""
    assert count == len(judged(replace(STATE, peak_memory_bytes=peak)))


@rows(
    "state",
    [
        replace(STATE, oom_killed=True, peak_memory_bytes=1),
        replace(STATE, oom_killed=True, peak_memory_bytes=None),
        replace(ENDED, exit_code=0, oom_killed=True),
        replace(ENDED, exit_code=137, oom_killed=True),
    ],
)
def test_kill_for_memory_is_found_whatever_the_exit_code_says(state: ServiceState) -> None:
    """A worker that was killed and started again counts too."""
    assert [Finding] == [type(item) for item in judged(state)]


def test_peak_that_cannot_be_read_is_left_open() -> None:
    """An engine elsewhere tells no peak."""
    assert [Undecidable] == [type(item) for item in judged(replace(STATE, peak_memory_bytes=None))]


def test_peak_of_a_service_that_ended_counts() -> None:
    """It held the memory, whatever became of it."""
    assert [Finding] == [type(item) for item in judged(replace(ENDED, peak_memory_bytes=200 * MIB))]


@rows("values", [{"max_mib": 0}, {"requests": 0}])
def test_params_that_make_no_sense_are_refused(values: dict[str, int]) -> None:
    """No budget and no request weigh nothing."""
    with pytest.raises(ValueError, match="1 or more"):
        Params(**values)
