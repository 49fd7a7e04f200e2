"""What every engine does with a container that keeps running, fake or real."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from graders.cancel import Cancel
from graders.engine.base import BuildRequest, BuildResult, ContextFile, Engine
from graders.engine.service import Health, HttpAnswer, HttpOutcome, Service, ServiceRequest, ServiceState
from graders.errors import Cancelled
from graders.limits import Limits
from graders.service.evidence import starved_s
from tests.graders.engine.contract.conftest import BASE, SOON_S

HTTPD = ("httpd", "-f", "-p", "8000", "-h", "/data")


@pytest.fixture
def run_id(any_engine: Engine) -> Iterator[str]:
    id_ = f"test-{uuid.uuid4().hex}"
    yield id_
    left = [left for left in any_engine.leftovers() if left.run_id == id_]
    any_engine.remove(id_)
    assert [] == [entry for entry in left if entry.kind != "image"]


Make = Callable[..., ServiceRequest]


@pytest.fixture
def wanted(any_engine: Engine, run_id: str) -> Make:
    """A request for a server of files whose one page is the run id."""

    def make(rest: str = "", *, args: tuple[str, ...] = HTTPD, **settings: object) -> ServiceRequest:
        text = f"FROM {BASE}\nCOPY page.txt /data/page.txt\nUSER 1000\n{rest}"
        files = (ContextFile("Dockerfile", text.encode()), ContextFile("page.txt", run_id.encode()))
        result = list(any_engine.build(BuildRequest(files, run_id, Limits()), Cancel()))[-1]
        assert isinstance(result, BuildResult)
        limits = Limits(memory_mib=64)
        return ServiceRequest(result.image_id, run_id, limits, 8000, args=args, **settings)  # type: ignore[arg-type]

    return make


def answered(service: Service, path: str = "/page.txt") -> HttpAnswer:
    """The first answer, once it listens."""
    deadline = time.monotonic() + 10
    while True:
        answer = service.http("GET", path)
        if answer.outcome is HttpOutcome.ANSWERED or time.monotonic() > deadline:
            return answer
        time.sleep(0.02)


def reached(service: Service, is_so: Callable[[ServiceState], bool]) -> ServiceState:
    """The first state of that kind, or the last one before the deadline."""
    deadline = time.monotonic() + 10
    while True:
        state = service.state()
        if is_so(state) or time.monotonic() > deadline:
            return state
        time.sleep(0.02)


def test_service_answers_while_the_block_runs(any_engine: Engine, wanted: Make, run_id: str) -> None:
    """A page that is there is answered with its bytes, one that is not with 404, and the user is seen."""
    with any_engine.serve(wanted(), Cancel()) as service:
        page, nothing = answered(service), service.http("GET", "/nothing")
        state = service.state()

        assert (200, run_id.encode()) == (page.status, page.body)
        assert (HttpOutcome.ANSWERED, 404) == (nothing.outcome, nothing.status)
        assert state.running
        assert {1000} == {process.uid for process in state.processes}  # httpd forks for each request
        assert any(left.kind == "container" and left.run_id == run_id for left in any_engine.leftovers())


def test_service_on_the_loopback_device_is_silent(any_engine: Engine, wanted: Make) -> None:
    """What listens on 127.0.0.1 of its container refuses, and the state says where it listens."""
    request = wanted(args=("httpd", "-f", "-p", "127.0.0.1:8000", "-h", "/data"))
    with any_engine.serve(request, Cancel()) as service:
        state = reached(service, lambda state: bool(state.listeners))

        assert [("127.0.0.1", 8000)] == [(at.address, at.port) for at in state.listeners or ()]
        assert HttpOutcome.REFUSED is service.http("GET", "/page.txt").outcome


def test_service_finds_a_mounted_file(any_engine: Engine, wanted: Make) -> None:
    """A file given at run time is there, beside those of the image."""
    request = wanted(mounts={"/data/model.bin": b"\0weights", "/data/deep/er.txt": b"x"}, read_only=True)
    with any_engine.serve(request, Cancel()) as service:
        assert b"\0weights" == answered(service, "/data/model.bin".removeprefix("/data")).body
        assert b"x" == service.http("GET", "/deep/er.txt").body
        assert 200 == service.http("GET", "/page.txt").status


def test_service_that_heeds_no_signal_is_killed(any_engine: Engine, wanted: Make) -> None:
    """A first process without a handler outlives SIGTERM, and is killed after the grace time."""
    with any_engine.serve(wanted(), Cancel()) as service:
        answered(service)
        peak = service.state().peak_memory_bytes
        stopped = service.stop(0.3)

        assert (137, True, True) == (stopped.exit_code, stopped.killed, stopped.was_running)
        assert stopped.elapsed_s >= 0.3
        assert not service.state().running
        assert HttpOutcome.ANSWERED is not service.http("GET", "/page.txt", timeout_s=1.0).outcome
        assert peak is None or 0 < peak <= 64 * 1024 * 1024


def test_service_that_ended_tells_its_exit_code(any_engine: Engine, wanted: Make) -> None:
    """A program that ends is a value; a stop afterwards says that it was over already."""
    with any_engine.serve(wanted(args=("sleep", "0.1")), Cancel()) as service:
        state = reached(service, lambda state: not state.running)

        assert (False, 0) == (state.running, state.exit_code)
        assert (0, False) == (service.stop(1.0).exit_code, service.stop(1.0).was_running)
        assert HttpOutcome.REFUSED is service.http("GET", "/", timeout_s=0.5).outcome


def test_service_of_a_missing_program_is_a_start_error(any_engine: Engine, wanted: Make) -> None:
    """A program that is not there is the learner's."""
    with any_engine.serve(wanted(args=("nope",)), Cancel()) as service:
        assert "executable file not found" in service.state().start_error
        assert HttpOutcome.REFUSED is service.http("GET", "/").outcome
        assert b"" == service.logs().stdout
        assert service.stop(1.0).exit_code is None


def test_service_tells_its_own_health(any_engine: Engine, wanted: Make) -> None:
    """The image's HEALTHCHECK is probed soon, whatever its own interval."""
    with any_engine.serve(wanted('HEALTHCHECK --interval=60s CMD ["true"]\n'), Cancel()) as service:
        state = reached(service, lambda state: state.health is Health.HEALTHY)

        assert (Health.HEALTHY, 0) == (state.health, state.health_exit_code)


def test_service_without_a_healthcheck_has_no_health(any_engine: Engine, wanted: Make) -> None:
    """No HEALTHCHECK is told apart from one that fails."""
    with any_engine.serve(wanted(), Cancel()) as service:
        answered(service)

        assert Health.NONE is service.state().health


def test_frozen_service_does_not_answer(any_engine: Engine, wanted: Make) -> None:
    """A stopped process accepts nothing in time, and goes on when it is let."""
    with any_engine.serve(wanted(), Cancel()) as service:
        answered(service)
        service.signal("STOP")
        frozen = service.http("GET", "/page.txt", timeout_s=0.3)
        service.signal("CONT")

        assert HttpOutcome.TIMEOUT is frozen.outcome
        assert 200 == answered(service).status


@pytest.mark.engine
@pytest.mark.parametrize("any_engine", ["real"], indirect=True)
def test_wait_for_a_processor_is_told_from_a_sleep(any_engine: Engine, run_id: str) -> None:
    """Beside programs that want the same processor, what calculates waits for it, and what sleeps does not.

    All are held to one of this machine's: among many, a service would have one to itself, however much the others want.
    """
    files = (ContextFile("Dockerfile", f"FROM {BASE}\nLABEL of={run_id}\n".encode()),)
    result = list(any_engine.build(BuildRequest(files, run_id, Limits()), Cancel()))[-1]
    assert isinstance(result, BuildResult)
    waits = {}
    processor = min(os.sched_getaffinity(0))
    crowd = f"import os; os.sched_setaffinity(0, [{processor}])\nwhile True: pass"
    others = [subprocess.Popen((sys.executable, "-c", crowd)) for _ in range(2)]
    try:
        for script in ("while :; do :; done", "sleep 60"):
            args = ("sh", "-c", f"taskset -p {1 << processor:x} $$; {script}")
            request = ServiceRequest(result.image_id, run_id, Limits(memory_mib=64), 8000, args=args)
            with any_engine.serve(request, Cancel()) as service:
                # The start of the shell waits for a processor too.
                time.sleep(0.5)
                before, began = service.processor_time(), time.monotonic()
                if before is None:
                    pytest.skip("this machine does not count what its programs wait for a processor (no cpu.pressure)")
                time.sleep(1.0)
                waits[script] = starved_s(before, service.processor_time(), time.monotonic() - began)
    finally:
        for other in others:
            other.kill()
            other.wait()

    busy_s, asleep_s = waits.values()
    assert busy_s > 2 * asleep_s + 0.1


def test_service_is_ended_when_its_time_is_over(any_engine: Engine, wanted: Make) -> None:
    """Nothing runs longer than the wall time, and the state says why it ended."""
    with any_engine.serve(wanted(wall_s=0.5), Cancel()) as service:
        state = reached(service, lambda state: not state.running)

        assert not state.running
        assert "0 s" in state.stopped_by_us


def test_cancel_ends_a_request_at_once(any_engine: Engine, wanted: Make) -> None:
    """A cancel during a request that hangs raises soon, and nothing is left (the fixture looks)."""
    cancel = Cancel()
    began: list[float] = []

    def stop() -> None:
        began.append(time.monotonic())
        cancel.set()

    def hang() -> None:
        with any_engine.serve(wanted(), cancel) as service:
            answered(service)
            service.signal("STOP")
            threading.Timer(0.2, stop).start()
            try:
                service.http("GET", "/page.txt", timeout_s=30)
            finally:
                took.append(time.monotonic() - began[0])

    took: list[float] = []
    with pytest.raises(Cancelled):
        hang()

    assert took[0] < SOON_S
