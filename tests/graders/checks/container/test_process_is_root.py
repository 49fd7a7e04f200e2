"""Who runs, whatever the image says: root in the background, root that was asked for, and ordinary users."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graders.check import NoParams
from graders.checks.container.process_is_root import CHECK, SETUID_ROOT, WITH_THE_BIT
from graders.context import LayerFile, LayerScan
from graders.engine.base import Process
from graders.finding import Finding, Undecidable
from graders.layers.program import PROGRAM
from graders.recorded import ORDINARY, container_context, run, scan, watched
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


OPEN = {"passwd": b"root:x:0:0:root:/root:/bin/bash\n", "shadow": b"root::19000:0:99999:7:::\n"}
PYTHON = LayerFile(1, "opt/python", 14_000, 0o755, 0, 0, "file", program=PROGRAM)


@rows(
    "found",
    [
        pytest.param(WITH_THE_BIT, id="setuid"),
        pytest.param(scan(files=(replace(PYTHON, capabilities=1 << 7),)), id="capability"),
        pytest.param(scan(passwd=OPEN["passwd"], shadow=OPEN["shadow"]), id="an account without a password"),
        pytest.param(scan(problem="too large"), id="layers that were not read"),
    ],
)
def test_way_to_root_that_the_walls_hide_is_looked_for_without_them(found: LayerScan) -> None:
    """What counts is who runs in a plain `docker run`."""
    assert [Finding] == [type(item) for item in CHECK.find(watched(found, (ORDINARY,), (SETUID_ROOT,)), NoParams())]
    assert [] == list(CHECK.find(watched(found, (ORDINARY,)), NoParams()))


@rows(
    "file",
    [
        pytest.param(PYTHON, id="no bit"),
        pytest.param(replace(PYTHON, mode=0o4755, program=""), id="script"),
        pytest.param(replace(PYTHON, mode=0o4755, uid=1000), id="of an ordinary user"),
    ],
)
def test_image_without_a_way_to_root_is_run_once(file: LayerFile) -> None:
    """A second run takes a second, and could show nothing."""
    assert [] == list(CHECK.find(watched(scan(files=(file,)), (SETUID_ROOT,)), NoParams()))


def test_finding_names_the_line_that_made_the_way() -> None:
    """The USER line is right; the one that set the bit is to blame."""
    found = next(iter(CHECK.find(watched(WITH_THE_BIT, (SETUID_ROOT,)), NoParams())))

    assert isinstance(found, Finding)
    assert 3 == found.line
    assert "-perm -4000" in found.hint
