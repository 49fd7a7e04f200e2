"""What only a real engine shows: limits hold, nothing leaks, the classic builder says the same."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.cancel import Cancel
from graders.engine.base import BuildRequest, BuildResult, ContextFile, Engine, RunRequest, RunResult, StepStatus
from graders.engine.docker.adapter import DockerEngine
from graders.engine.docker.wire import Wire
from graders.limits import Limits

pytestmark = pytest.mark.engine
BASE = "busybox:1.35"


@pytest.fixture
def run_id(engine: Engine, busybox_base: str) -> Iterator[str]:
    id_ = f"test-{uuid.uuid4().hex}"
    yield id_
    engine.remove(id_)
    assert [] == [left for left in engine.leftovers() if left.run_id == id_]


def build(engine: Engine, text: str, run_id: str) -> BuildResult:
    wanted = BuildRequest((ContextFile("Dockerfile", text.encode()),), run_id, Limits())
    *_, result = engine.build(wanted, Cancel())
    assert isinstance(result, BuildResult)
    return result


def sh(engine: Engine, run_id: str, script: str, limits: Limits | None = None) -> RunResult:
    image = engine.image(BASE)
    assert image is not None
    return engine.run(RunRequest(image.id, run_id, limits or Limits(run_s=20.0), args=("sh", "-c", script)), Cancel())


def test_memory_limit_holds(engine: Engine, run_id: str) -> None:
    """A program that takes too much is killed and that is said."""
    done = sh(engine, run_id, "tail /dev/zero", Limits(memory_mib=16, run_s=20.0))

    assert done.oom_killed or 137 == done.exit_code


def test_process_limit_holds(engine: Engine, run_id: str) -> None:
    """A fork bomb gets no further than the limit."""
    done = sh(engine, run_id, "i=0; while [ $i -lt 40 ]; do sleep 2 & i=$((i+1)); done; wait", Limits(pids=10))

    assert b"fork" in done.stderr


def test_no_network_and_no_capabilities(engine: Engine, run_id: str) -> None:
    """A run has the loopback interface only and can't change owners."""
    done = sh(engine, run_id, "ls /sys/class/net; touch /f; chown 5 /f || echo refused")

    assert b"lo\nrefused\n" == done.stdout


def test_flood_is_cut(engine: Engine, run_id: str) -> None:
    """A program that never stops writing costs a bounded log."""
    done = sh(engine, run_id, "yes", Limits(run_s=1.5, output_kib=4))

    assert (True, True, 4096) == (done.timed_out, done.truncated, len(done.stdout))


def test_stderr_and_exit_code_arrive(engine: Engine, run_id: str) -> None:
    """Both streams are kept apart."""
    done = sh(engine, run_id, "echo out; echo err >&2; exit 9")

    assert (b"out\n", b"err\n", 9) == (done.stdout, done.stderr, done.exit_code)


def test_file_that_is_not_executable_is_a_start_error(engine: Engine, run_id: str) -> None:
    """126, as a shell says it."""
    image = engine.image(BASE)
    assert image is not None
    done = engine.run(RunRequest(image.id, run_id, Limits(), args=("/etc/passwd",)), Cancel())

    assert 126 == done.exit_code
    assert "permission denied" in done.start_error


def test_user_that_does_not_exist_is_a_start_error(engine: Engine, run_id: str) -> None:
    """An unknown USER is the learner's."""
    result = build(engine, f"FROM {BASE}\nUSER nobody-here\n", run_id)
    done = engine.run(RunRequest(result.image_id, run_id, Limits(), args=("true",)), Cancel())

    assert "unable to find user" in done.start_error


def test_builds_leak_no_file_descriptor(engine: Engine, run_id: str) -> None:
    """Thirty builds leave as many open files as one."""
    build(engine, f"FROM {BASE}\nENV A=0\n", run_id)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(30):
        build(engine, f"FROM {BASE}\nENV A=0\n", run_id)

    assert before == len(list(Path("/proc/self/fd").iterdir()))


def test_classic_builder_says_the_same(engine: Engine, run_id: str) -> None:
    """Steps, cache, log and failure come out in the same words."""
    classic = DockerEngine(engine.info().socket, builder="classic")
    text = f"FROM {BASE}\nRUN echo {run_id}\n"
    first, again = build(classic, text, run_id), build(classic, text, run_id)
    failed = build(classic, f"FROM {BASE}\nRUN exit 4\n", run_id)

    assert run_id in [line for _, line in first.log]
    assert [StepStatus.CACHED] == [step.status for step in again.steps if ": RUN" in step.name]
    assert "returned a non-zero code: 4" in failed.error
    assert StepStatus.FAILED is failed.steps[-1].status


RUNNER = """
import sys
from graders.cancel import Cancel
from graders.engine.base import RunRequest
from graders.engine.docker.adapter import DockerEngine
from graders.limits import Limits
address, image, run_id = sys.argv[1:]
DockerEngine(address).run(RunRequest(image, run_id, Limits(run_s=60.0), args=("sleep", "60")), Cancel())
"""


def test_what_a_living_process_uses_is_no_leftover(engine: Engine, run_id: str) -> None:
    """`engine clean` spares a check at work, and finds what a killed one left."""
    image = engine.image(BASE)
    assert image is not None
    other = f"{run_id}-other"
    argv = (sys.executable, "-c", RUNNER, engine.info().socket, image.id, other)
    with subprocess.Popen(argv) as process:
        try:
            wire = Wire(engine.info().socket)
            wire.ping(5.0)
            filters = '{"label":["dev.dockyard.run=' + other + '"]}'
            deadline = time.monotonic() + 20.0
            while not wire.call("GET", "/containers/json", {"filters": filters}, operation="list"):
                assert time.monotonic() < deadline
                time.sleep(0.05)

            assert [] == [left for left in engine.leftovers() if left.run_id == other]
        finally:
            process.kill()
            process.wait()

    assert ["container"] == [left.kind for left in engine.leftovers() if left.run_id == other]
    engine.remove(other)


def test_syntax_line_is_left_out_and_said(engine: Engine, run_id: str) -> None:
    """No frontend is fetched, and the log says so."""
    result = build(engine, f"# syntax=docker/dockerfile:1\nFROM {BASE}\nENV A=1\n", run_id)

    assert result.ok
    assert "docker/dockerfile:1 is left out" in result.log[0][1]


def test_environment_of_the_test_has_no_engine_settings() -> None:
    """The suite does not depend on a developer's own settings."""
    assert "DOCKER_HOST" not in os.environ
