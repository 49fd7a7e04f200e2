"""Tests of a run on a real cluster: two workers, each with an engine of its own, one killed while it builds."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from course.cluster import cluster_grader, settings_for
from graders.base_images.stand_in import build_stand_in
from graders.cancel import Cancel
from graders.cohort.cluster.grader import ClusterGrader
from graders.cohort.collect.rows import collect
from graders.cohort.collect.unpack import read
from graders.cohort.gradebook.book import FILE_NAME, open_gradebook
from graders.cohort.lane import Grader
from graders.cohort.run import CohortRun
from graders.cohort.run_event import Ending, GradingEnded, GradingStage, RunEnded
from graders.cohort.run_settings import RunSettings
from graders.engine.private import daemon as private
from graders.engine.private.cgroup import Caps
from graders.engine.private.daemon import PrivatePaths
from graders.exercise import ExerciseSpec
from tests.graders.cohort.cluster_rig import eventually
from tests.graders.cohort.gradebook_lines import book_lines
from tests.graders.cohort.local_grader import local_grader
from tests.graders.cohort.small_exercise import small_exercise
from tests.hostile.conftest import BASE, ENVIRON, private_room

MORE = '[[checks]]\nuse = "user-is-root"\n[build]\nbases = ["busybox:1.35"]\n'
ANSWERS = {
    "ada": "FROM busybox:1.35\nRUN sleep 1 && echo ada\nUSER 1000\n",
    "bo": "FROM busybox:1.35\nRUN sleep 1 && echo bo && false\n",
    "carl": "FROM busybox:1.35\nRUN sleep 1 && echo ada\nUSER 1000\n",
    "dora": "FROM busybox\nRUN sleep 1 && echo dora\n",
    "emil": "FROM busybox:1.35\nRUN sleep 1 && echo emil\n",
    "fay": "FROM busybox:1.35\nRUN sleep 1 && echo fay\nUSER 1000\n",
}
STATES = {"ada": "passed", "bo": "failed", "carl": "passed", "dora": "failed", "emil": "failed", "fay": "passed"}
START_S = 60.0


@dataclass
class Cluster:
    """A scheduler and two workers, one slot each."""

    address: str
    rooms: dict[str, PrivatePaths]
    """Worker -> the engine that it has."""
    nannies: dict[str, int]
    """Worker -> process id of what starts it again."""
    said: list[str] = field(default_factory=list)

    def worker_pid(self, name: str) -> int:
        """Process id of the worker itself."""
        threads = Path(f"/proc/{self.nannies[name]}/task").glob("*/children")
        children = [int(pid) for thread in threads for pid in thread.read_text("ascii").split()]
        (found,) = [pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        return found


@contextmanager
def dask(folder: Path, log: Path, *words: str, engine: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """A process of Dask's, ended with all that it started."""
    environ = {**ENVIRON, "HOME": str(folder), "DOCKER_HOST": engine}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            cwd=folder,
            env=environ,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def engine_with_base(address: str) -> Iterator[PrivatePaths]:
    """An engine that nobody else uses, with a small base image."""
    with private_room(caps=Caps(memory_mib=512, pids=300), disk_mib=1536, address=address) as paths:
        for _ in build_stand_in(private.connect(paths), BASE, Cancel(), ENVIRON):
            pass
        yield paths


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """All of it, on this machine."""
    if os.geteuid() != 0:
        pytest.skip("a private engine needs root")
    with ExitStack() as stack:
        found = tmp_path / "scheduler.json"
        stack.enter_context(
            dask(
                tmp_path,
                tmp_path / "scheduler.log",
                *(
                    "scheduler",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    "0",
                    "--no-dashboard",
                    "--dashboard-address",
                    "127.0.0.1:0",
                    "--scheduler-file",
                    str(found),
                ),
            )
        )
        with ThreadPoolExecutor(2) as pool:
            rooms = dict(
                zip(
                    ("one", "two"),
                    pool.map(stack.enter_context, map(engine_with_base, ("172.29.185.1", "172.29.186.1"))),
                    strict=True,
                )
            )
        assert eventually(found.exists, START_S), (tmp_path / "scheduler.log").read_text()
        nannies = {
            name: stack.enter_context(
                dask(
                    tmp_path,
                    tmp_path / f"{name}.log",
                    *("worker", "--scheduler-file", str(found), "--host", "127.0.0.1", "--no-dashboard"),
                    *("--nworkers", "1", "--nthreads", "1", "--resources", "dockyard=1", "--name", name),
                    *("--local-directory", str(tmp_path)),
                    engine=f"unix://{paths.socket}",
                )
            ).pid
            for name, paths in rooms.items()
        }
        yield Cluster(json.loads(found.read_text())["address"], rooms, nannies)


@dataclass
class Strike:
    """Kills a worker as soon as it builds."""

    cluster: Cluster
    victim: str
    student: str = ""
    """Whose build it was."""

    def see(self, event: GradingStage) -> None:
        """Look at what is going on."""
        if not self.student and event.text == f"Building the image on {self.victim}":
            os.kill(self.cluster.worker_pid(self.victim), signal.SIGKILL)
            self.student = event.student_id


def run_over(
    cohort: Path, out: Path, spec: ExerciseSpec, grader: Grader, settings: RunSettings, strike: Strike | None = None
) -> tuple[RunEnded, list[str]]:
    """Grade; how it ended, and every state of every row as it came."""
    book, came = open_gradebook(out / FILE_NAME), []
    run = CohortRun(
        book,
        collect(cohort, None, limits=spec.limits),
        spec,
        settings,
        read=lambda row: read(row, spec),
        grader=grader,
        cancel=Cancel(),
        clock=time.monotonic,
    )
    for event in run.events():
        if strike is not None and isinstance(event, GradingStage):
            strike.see(event)
        if isinstance(event, GradingEnded):
            came.append(f"{event.state} {event.why}".strip())
    book.close()
    assert isinstance(event, RunEnded)
    return event, came


def await_workers(grader: ClusterGrader, count: int) -> None:
    """Both are there and can grade."""
    assert eventually(lambda: grader.slots == count, START_S)


@pytest.mark.engine
@pytest.mark.alone
def test_killed_worker_costs_only_time(tmp_path: Path, cluster: Cluster) -> None:
    """kill -9 of one of two workers in its build: the gradebook is that of a serial run here, and nothing is left."""
    spec = small_exercise(tmp_path / "small", MORE)
    for name, text in ANSWERS.items():
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "Dockerfile").write_text(text)
    here = local_grader(
        spec, lambda: private.connect(cluster.rooms["two"]), environ=ENVIRON, nonce=lambda: secrets.token_hex(8)
    )
    peace, _ = run_over(tmp_path / "in", tmp_path / "peace", spec, here, RunSettings(jobs=1))
    assert eventually(lambda: _joined(tmp_path, cluster) == 2, START_S)
    with cluster_grader(cluster.address, spec, cluster.said.append, Cancel()) as grader:
        await_workers(grader, 2)
        strike = Strike(cluster, "one")
        settings = settings_for(grader, RunSettings(jobs=0))
        war, came = run_over(tmp_path / "in", tmp_path / "war", spec, grader, settings, strike)
        await_workers(grader, 2)

    assert (Ending.DONE, Ending.DONE) == (peace.ending, war.ending)
    assert strike.student, "No build was seen on the worker that was to be killed"
    assert any(line.startswith("The worker one") and "is gone" in line for line in cluster.said)
    assert 2 == sum(line.startswith("Worker one ") for line in cluster.said)
    assert sorted(STATES[name] for name in ANSWERS if name != "carl") == sorted(came)
    assert book_lines(tmp_path / "peace") == book_lines(tmp_path / "war")
    assert [(), ()] == [private.connect(paths).leftovers() for paths in cluster.rooms.values()]


def _joined(folder: Path, cluster: Cluster) -> int:
    """How many workers have told their log that they are in."""
    return sum("Registered to" in (folder / f"{name}.log").read_text() for name in cluster.nannies)
