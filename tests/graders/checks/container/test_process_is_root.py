"""Who runs, whatever the image says: root in the background, root that was asked for, and ordinary users."""

from __future__ import annotations

import pytest

from graders.check import NoParams
from graders.checks.container.process_is_root import CHECK
from graders.engine.base import Process
from graders.finding import Finding, Undecidable
from graders.recorded import ORDINARY, container_context, run
from tests.rows import rows


def process(uid: int, real_uid: int | None = None, args: str = "python src/predict.py") -> Process:
    return Process(pid=7, uid=uid, real_uid=uid if real_uid is None else real_uid, args=args)


def judged(*processes: Process) -> list[type]:
    return [type(item) for item in CHECK.find(container_context(run(processes=processes)), NoParams())]


@rows(
    "processes",
    [
        pytest.param((process(0),), id="plain root"),
        pytest.param((process(0, args="captain: python"),), id="root by another name"),
        pytest.param((ORDINARY, process(0, args="sleep 100")), id="a root child in the background"),
        pytest.param((process(1000, 0, args="su-exec app"),), id="rights that can be taken back"),
        pytest.param((process(0, 1000, args="/usr/bin/helper"),), id="a setuid program"),
    ],
)
def test_root_is_found_by_its_number(processes: tuple[Process, ...]) -> None:
    """One root process is enough."""
    assert [Finding] == judged(*processes)


def test_start_script_that_gave_its_rights_away_passes() -> None:
    """Only the last look counts, and it saw an ordinary user."""
    assert [] == judged(process(10001), process(10001, args="sh -c true"))


def test_word_root_in_a_command_line_is_no_root() -> None:
    """Numbers count, not words."""
    assert [] == judged(process(1000, args="python --user root --uid 0"))


def test_program_that_ended_before_the_first_look_is_left_open() -> None:
    """Nothing seen is nothing proved."""
    assert [Undecidable] == judged()
