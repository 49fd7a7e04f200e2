"""Tests of `dockyard grade --scheduler`: a real Dask scheduler in this process, workers with engines in memory."""

from __future__ import annotations

import logging
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import Result

from course import cluster, cluster_worker
from course.cluster import cluster_grader, is_closed, settings_for
from course.errors import ConfigError
from course.version import __version__
from graders import source_sum
from graders.cancel import Cancel
from graders.cohort.cluster import dask_link
from graders.cohort.cluster.dask_link import LOGGERS, RESOURCE
from graders.cohort.cluster.worker import WorkerDesk, WorkerTools
from graders.cohort.gradebook.book import FILE_NAME, open_gradebook
from graders.cohort.run_settings import RunSettings
from graders.engine.base import Engine
from graders.engine.fake.engine import FakeEngine
from graders.errors import Cancelled, EngineUnavailable
from graders.exercise import ExerciseSpec
from graders.report import Verdict
from graders.submission import read_submission
from tests.course.command_line import dockyard
from tests.graders.cohort.cluster_rig import BROKEN, RIGHT, SLOW, eventually
from tests.graders.cohort.local_grader import local_grader
from tests.graders.cohort.small_exercise import small_exercise
from tests.rows import rows

if TYPE_CHECKING:
    from distributed import Security

CODE = "c" * 64
WORDS = ("grade", "in", "--exercise", "small", "--out", "out")


def local_engine() -> Engine:
    """What a run over a scheduler never opens."""
    raise AssertionError("The engine of this machine was asked")


def make_desk(engine: FakeEngine | None = None, version: str = __version__, code: str = CODE) -> WorkerDesk:
    """A worker's desk with an engine in memory, of the code that runs here unless told otherwise."""
    open_engine = FakeEngine if engine is None else lambda: engine
    return WorkerDesk(WorkerTools(open_engine, lambda spec: local_grader(spec, open_engine), version, graders=code))


@pytest.fixture(autouse=True)
def one_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither side hashes the files of this checkout, which somebody may be editing."""
    monkeypatch.setattr(source_sum, "source_sum", lambda: CODE)


@contextmanager
def local_cluster(slots: int = 1, security: Security | None = None) -> Iterator[str]:
    """The address of a scheduler with two workers, all of it in this process."""
    # Most of a second, which only the worker that runs these tests has to pay.
    from distributed import LocalCluster

    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2,
        threads_per_worker=1,
        processes=False,
        protocol="tls://" if security is not None else "tcp://",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        resources={RESOURCE: slots} if slots else {},
        security=security,
    ) as found:
        yield found.scheduler_address
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def cohort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ExerciseSpec:
    """An exercise and five submissions, two of them identical."""
    spec = small_exercise(tmp_path / "small")
    for name, text in {
        "ada": RIGHT.format(1),
        "bo": BROKEN.format(1),
        "carl": RIGHT.format(1),
        "dora": RIGHT.format(2),
        "emil": BROKEN.format(2),
    }.items():
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "Dockerfile").write_text(text)
    monkeypatch.chdir(tmp_path)
    return spec


def use_desk(monkeypatch: pytest.MonkeyPatch, desk: WorkerDesk) -> None:
    """Let all workers of this process have this desk."""
    monkeypatch.setattr(cluster_worker, "_desk", lambda: desk)


def grade(*args: str) -> Result:
    """The command line, on a machine whose own engine must not be asked."""
    return dockyard(*args, engine=local_engine)


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def test_cohort_is_graded_by_the_workers(cohort: ExerciseSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row has its verdict from bytes that went out and a report that came back; this machine's engine rests."""
    use_desk(monkeypatch, make_desk())
    with local_cluster() as address:
        result = grade(*WORDS, "--scheduler", address)
    book = open_gradebook(Path("out") / FILE_NAME, create=False)
    states = {row.row.student.id: (str(row.state), row.same_as) for row in book.rows()}
    runs = book.runs()
    book.close()

    assert 0 == result.exit_code, result.stderr
    assert {
        "ada": ("passed", ""),
        "bo": ("failed", ""),
        "carl": ("passed", "ada"),
        "dora": ("passed", ""),
        "emil": ("failed", ""),
    } == states
    assert [(2, 4)] == [(run.jobs, run.graded) for run in runs]
    assert 2 == result.stderr.count("one at a time, engine fake 1.0")
    assert "neither encrypted" not in result.stderr


def test_cancel_reaches_the_worker(cohort: ExerciseSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lane that is told to stop ends when nothing of its submission is left on the worker's engine."""
    engine, cancel = FakeEngine(), Cancel()
    use_desk(monkeypatch, make_desk(engine))
    Path("in/ada/Dockerfile").write_text(SLOW)
    submission = read_submission(Path("in/ada"), cohort.limits)
    with local_cluster() as address, cluster_grader(address, cohort, lambda _: None, Cancel()) as grader:

        def stop_soon() -> None:
            eventually(lambda: "build" in engine.calls)
            cancel.set()

        stopper = threading.Thread(target=stop_soon)
        stopper.start()
        with pytest.raises(Cancelled):
            grader.grade(submission, cancel, lambda _: None)
        stopper.join()
        left = engine.leftovers()
        Path("in/ada/Dockerfile").write_text(RIGHT)
        again = grader.grade(read_submission(Path("in/ada"), cohort.limits), Cancel(), lambda _: None)

    assert () == left
    assert Verdict.PASSED is again.report.verdict


def test_workers_without_the_resource_get_nothing(cohort: ExerciseSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said what such a worker lacks and how to start it; the exit code is that of infrastructure."""
    use_desk(monkeypatch, make_desk())
    with local_cluster(slots=0) as address:
        result = grade(*WORDS, "--scheduler", address)

    assert 3 == result.exit_code
    assert "it offers no slot, so it would be given no build" in result.stderr
    assert "--resources 'dockyard=2'" in result.stderr
    assert not Path("out", FILE_NAME).exists()


def test_workers_of_another_version_are_named(cohort: ExerciseSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is graded by other code than the run's own."""
    use_desk(monkeypatch, make_desk(version="0.0.1", code="d" * 64))
    with local_cluster() as address:
        result = grade(*WORDS, "--scheduler", address)

    assert 3 == result.exit_code
    assert f"it has Dockyard 0.0.1, and this is {__version__}" in result.stderr
    assert f"pip install 'dockyard[cluster]=={__version__}'" in result.stderr


def test_scheduler_that_is_not_there_is_said(cohort: ExerciseSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address and the command that starts one; nothing of what was handed in is touched."""
    monkeypatch.setattr(dask_link, "CONNECT_S", 0.1)
    result = grade(*WORDS, "--scheduler", f"tcp://127.0.0.1:{free_port()}")

    assert 3 == result.exit_code
    assert "The scheduler tcp://127.0.0.1:" in result.stderr
    assert "can't be reached" in result.stderr
    assert "dask scheduler" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("address", ["ftp://127.0.0.1:1", "127.0.0.1:notaport", "tls://127.0.0.1:1"])
def test_odd_addresses_are_said(address: str, cohort: ExerciseSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """No address ends in a traceback."""
    monkeypatch.setattr(dask_link, "CONNECT_S", 0.1)
    result = grade(*WORDS, "--scheduler", address)

    assert 3 == result.exit_code
    assert "can't be reached" in result.stderr


def test_missing_extra_is_said(cohort: ExerciseSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Dask the command that installs it is named."""
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match="needs Dask") as caught, cluster_grader("a:1", cohort, print, Cancel()):
        pass

    assert "pip install 'dockyard[cluster]'" in caught.value.hint


def test_connecting_can_be_given_up(cohort: ExerciseSpec) -> None:
    """Who stops the command while it looks for a scheduler does not wait for the deadline."""
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled), cluster_grader(f"127.0.0.1:{free_port()}", cohort, lambda _: None, cancel):
        pass


def test_lanes_are_as_many_as_slots(cohort: ExerciseSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without -j the workers' slots say how many are graded at once; with it, it does; seconds that count need one."""
    use_desk(monkeypatch, make_desk())
    with local_cluster(slots=3) as address, cluster_grader(address, cohort, lambda _: None, Cancel()) as grader:
        found = [settings_for(grader, RunSettings(jobs=jobs)).jobs for jobs in (0, 5)]
    result = grade(*WORDS, "--scheduler", address, "--timing-counts")

    assert [2, 5] == found
    assert 2 == result.exit_code
    assert "--timing-counts needs -j 1" in result.stderr


@rows(
    ("address", "closed"),
    [
        ("tcp://127.0.0.1:8786", True),
        ("127.0.0.1:8786", True),
        ("localhost:8786", True),
        ("tcp://[::1]:8786", True),
        ("tls://10.0.0.1:8786", True),
        ("tcp://10.0.0.1:8786", False),
        ("10.0.0.1", False),
        ("lab-1:8786", False),
        ("tcp://127.0.0.1.evil.example:8786", False),
    ],
)
def test_open_lines_are_warned_of(address: str, closed: bool) -> None:
    """Only an encrypted line, or one that stays on this machine, goes without a warning."""
    assert closed is is_closed(address)


def test_open_line_is_said_before_it_is_used(cohort: ExerciseSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """The warning comes first, and says what to use instead."""
    monkeypatch.setattr(dask_link, "CONNECT_S", 0.1)
    said: list[str] = []
    with pytest.raises(EngineUnavailable), cluster_grader("tcp://192.0.2.1:9", cohort, said.append, Cancel()):
        pass

    assert "tcp://192.0.2.1:9 is neither encrypted nor asks who is there" in said[0]
    assert "tls://" in said[0]


def make_certificates(folder: Path) -> dict[str, str]:
    """An authority and one certificate for all, as Dask's settings name them."""
    new_key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    subprocess.run(
        f"openssl req -x509 {new_key} -keyout ca.key -out ca.pem -days 2 -subj /CN=ca &&"
        f" openssl req {new_key} -keyout all.key -out all.csr -subj /CN=dockyard &&"
        " openssl x509 -req -in all.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out all.pem -days 2",
        shell=True,
        cwd=folder,
        check=True,
        capture_output=True,
    )
    tls = "distributed.comm.tls"
    return {
        f"{tls}.ca-file": str(folder / "ca.pem"),
        **{f"{tls}.{role}.cert": str(folder / "all.pem") for role in ("client", "scheduler", "worker")},
        **{f"{tls}.{role}.key": str(folder / "all.key") for role in ("client", "scheduler", "worker")},
    }


def test_tls_comes_from_dasks_own_settings(
    cohort: ExerciseSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With certificates in Dask's settings a tls:// scheduler grades; without them it lets nobody in, and says so."""
    import dask
    from distributed import Security

    monkeypatch.setattr(dask_link, "CONNECT_S", 3.0)
    use_desk(monkeypatch, make_desk())
    settings = make_certificates(tmp_path)
    with dask.config.set(settings):
        security = Security(require_encryption=True)  # type: ignore[no-untyped-call]
    with local_cluster(security=security) as address:
        bare = grade(*WORDS, "--scheduler", address)
        plain = grade(*WORDS, "--scheduler", address.replace("tls://", "tcp://"))
        with dask.config.set(settings):
            trusted = grade(*WORDS, "--scheduler", address)

    assert address.startswith("tls://")
    assert (3, 3, 0) == (bare.exit_code, plain.exit_code, trusted.exit_code), trusted.stderr
    assert "Dask needs its certificates" in bare.stderr
    assert "3  passed" in trusted.stdout
