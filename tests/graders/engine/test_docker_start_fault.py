"""Containers that can't be started: the image's fault told apart from the machine's."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest

from graders.cancel import Cancel
from graders.engine.base import BuildRequest, BuildResult, ContextFile, Engine, RunRequest
from graders.engine.docker.start_fault import exit_code_of
from graders.engine.service import ServiceRequest
from graders.limits import Limits
from tests.rows import rows


@rows(
    ("fault", "exit_code"),
    [
        ('exec: "nope": executable file not found in $PATH', 127),
        ("No command specified", 127),
        ('exec: "/etc/passwd": permission denied', 126),
        ("unable to find user nobody9: no matching entries in passwd file", 126),
        ("VOLUME / hides what every container needs there: open /proc/sys: no such file or directory", 126),
    ],
)
def test_exit_code_is_that_of_a_shell(fault: str, exit_code: int) -> None:
    """127 for what was not found, 126 for what can't be started."""
    assert exit_code == exit_code_of(fault)


@pytest.fixture
def built(engine: Engine, busybox_base: str) -> Iterator[Callable[[str], BuildResult]]:
    """Builds a line on top of busybox; all is removed."""
    run_id = f"test-{uuid.uuid4().hex}"

    def build(line: str) -> BuildResult:
        text = f'FROM {busybox_base}\n{line}\nCMD ["echo", "started"]\n'
        request = BuildRequest((ContextFile("Dockerfile", text.encode()),), run_id, Limits())
        result = list(engine.build(request, Cancel()))[-1]
        assert isinstance(result, BuildResult)
        assert result.ok, result.error
        return result

    yield build
    engine.remove(run_id)


@pytest.mark.engine
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("VOLUME /", "VOLUME / hides"),
        ("VOLUME /proc", "VOLUME /proc hides"),
        ("VOLUME /etc/passwd", "VOLUME at /etc/passwd, where the image has a file"),
        ("WORKDIR /proc/nope", "WORKDIR /proc/nope lies where"),
    ],
)
def test_image_that_can_not_start_says_why(
    engine: Engine, built: Callable[[str], BuildResult], line: str, said: str
) -> None:
    """As a run, as a service, and as a service that is given a file: never an error of the engine."""
    image_id, run_id, limits = built(line).image_id, f"test-{uuid.uuid4().hex}", Limits(memory_mib=64)
    ran = engine.run(RunRequest(image_id, run_id, limits), Cancel())
    errors = [ran.start_error]
    for mounts in ({}, {"/model.json": b"{}"}):
        wanted = ServiceRequest(image_id, run_id, limits, 8000, mounts=mounts)
        with engine.serve(wanted, Cancel()) as service:
            errors.append(service.state().start_error)

    assert 126 == ran.exit_code
    assert [] == [error for error in errors if not error.startswith(said)]
    assert [] == [left for left in engine.leftovers() if left.run_id == run_id]


@pytest.mark.engine
@pytest.mark.parametrize("line", ["VOLUME /sys", "VOLUME /dev/shm", "VOLUME /etc /data", "WORKDIR /dev/x"])
def test_image_with_a_volume_that_does_no_harm_starts(
    engine: Engine, built: Callable[[str], BuildResult], line: str
) -> None:
    """What `impossible_wish` lets pass runs on this engine."""
    ran = engine.run(RunRequest(built(line).image_id, f"test-{uuid.uuid4().hex}", Limits(memory_mib=64)), Cancel())

    assert (0, b"started\n") == (ran.exit_code, ran.stdout)
