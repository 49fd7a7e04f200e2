"""A daemon that stops, dies, freezes or runs out of disk: nothing hangs, nobody is blamed, and a retry works."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import socketserver
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from graders.cancel import Cancel
from graders.engine.base import Engine
from graders.engine.docker.adapter import DockerEngine
from graders.engine.private import daemon as private
from graders.errors import EngineError
from graders.event import BuildLog, GradeEvent, GradeFinished, Purpose, StageStarted
from graders.exercise import ExerciseSpec, read_exercise
from graders.outcome import Level, Status
from graders.pipeline import grade
from graders.report import Report, Verdict
from graders.submission import read_submission

if TYPE_CHECKING:
    from tests.hostile.conftest import Room

pytestmark = pytest.mark.engine
ENVIRON = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
SPEC = """
format = 1
id = "faults"
title = "Faults"
minutes = 1
[limits]
build_s = 30.0
build_idle_s = 6.0
run_s = 6.0
memory_mib = 64
disk_headroom_mib = {headroom}
build_disk_mib = 2000
{build}[[checks]]
use = "build-fails"
[[checks]]
use = "user-is-root"
{rebuild}[[checks]]
use = "exits-with-error"
"""
BUILD_TABLE = """
[build]
source = "app.py"
requirements = "requirements.txt"
"""
REBUILD_CHECK = """
[[checks]]
use = "cache-lost-on-source-change"
"""
REBUILDING = """
FROM busybox:1.35
COPY requirements.txt /
RUN cat /requirements.txt
COPY app.py /
RUN echo again; sleep 2
USER 1000
CMD ["true"]
"""
BUILDING = 'FROM busybox:1.35\nRUN echo go; sleep 3\nUSER 1000\nCMD ["true"]\n'
RUNNING = 'FROM busybox:1.35\nUSER 1000\nCMD ["sleep", "2"]\n'
BIG = 'FROM busybox:1.35\nRUN dd if=/dev/urandom of=/big bs=1M count=40\nUSER 1000\nCMD ["true"]\n'


def spec_of(folder: Path, headroom: int = 1, *, rebuild: bool = False) -> ExerciseSpec:
    root = folder / "exercise"
    root.mkdir(exist_ok=True)
    build, check = (BUILD_TABLE, REBUILD_CHECK) if rebuild else ("", "")
    (root / "exercise.toml").write_text(SPEC.format(headroom=headroom, build=build, rebuild=check), "utf-8")
    return read_exercise(root)


def graded(
    room: Room,
    folder: Path,
    dockerfile: str,
    on_event: Callable[[GradeEvent], None],
    headroom: int = 1,
    open_engine: Callable[[], Engine] | None = None,
) -> Report:
    """Grade, telling each event to whoever causes the trouble."""
    rebuild = "app.py" in dockerfile
    spec = spec_of(folder, headroom, rebuild=rebuild)
    root = folder / "submission"
    root.mkdir(exist_ok=True)
    (root / "Dockerfile").write_text(dockerfile, "utf-8")
    if rebuild:
        (root / "app.py").write_text("print(1)\n", "utf-8")
        (root / "requirements.txt").write_text("six==1.16.0\n", "utf-8")

    for event in grade(
        read_submission(root, spec.limits),
        spec,
        open_engine or room.open,
        cancel=Cancel(),
        nonce=uuid.uuid4().hex,
        now=lambda: datetime.now(UTC),
        clock=time.monotonic,
        environ=ENVIRON,
    ):
        on_event(event)
        if isinstance(event, GradeFinished):
            return event.report
    raise AssertionError("no report")


def kill_hard(room: Room) -> None:
    os.kill(private.status(room.paths).pid, signal.SIGKILL)


def stop(room: Room) -> None:
    os.kill(private.status(room.paths).pid, signal.SIGTERM)


def take_socket(room: Room) -> None:
    room.paths.socket.unlink()


def in_build(event: GradeEvent) -> bool:
    return isinstance(event, BuildLog) and "go" in event.lines


def in_rebuild(event: GradeEvent) -> bool:
    return isinstance(event, BuildLog) and event.purpose is not Purpose.GRADED and "again" in event.lines


def in_export(event: GradeEvent) -> bool:
    """The level of image checks begins: the export is the next thing asked for."""
    return isinstance(event, StageStarted) and event.level is Level.IMAGE and "Looking" in event.text


def in_run(event: GradeEvent) -> bool:
    return isinstance(event, StageStarted) and event.level is Level.CONTAINER


def fills_a_disk(test: Callable[..., None]) -> Callable[..., None]:
    """Without loop devices the room has no disk of its own: then what fills it up leaves no space to anybody else."""
    return test if Path("/dev/loop-control").exists() else pytest.mark.alone(test)


@pytest.fixture
def revived(room: Room) -> Iterator[Room]:
    """The room, its engine made whole again afterwards."""
    yield room
    with suppress(EngineError):
        list(private.up(ENVIRON, Cancel(), paths=room.paths))
    for run_id in {leftover.run_id for leftover in room.open().leftovers()}:
        room.open().remove(run_id)


@pytest.mark.parametrize(
    ("trouble", "moment", "dockerfile", "delay_s"),
    [
        (kill_hard, in_build, BUILDING, 0.0),
        (kill_hard, in_export, BIG, 0.02),
        (kill_hard, in_run, RUNNING, 0.5),
        (kill_hard, in_rebuild, REBUILDING, 0.0),
        (stop, in_build, BUILDING, 0.0),
        (stop, in_rebuild, REBUILDING, 0.0),
        (stop, in_run, RUNNING, 0.5),
        (take_socket, in_run, RUNNING, 0.5),
    ],
    ids=[
        "killed in a build",
        "killed in an export",
        "killed in a run",
        "killed in a rebuild",
        "stopped in a build",
        "stopped in a rebuild",
        "stopped in a run",
        "socket gone in a run",
    ],
)
def test_engine_that_goes_away_errors_and_a_retry_works(
    revived: Room,
    tmp_path: Path,
    trouble: Callable[[Room], None],
    moment: Callable[[GradeEvent], bool],
    dockerfile: str,
    delay_s: float,
) -> None:
    """Whatever is at work: no check fails, all ends in time, and after `engine up` the same check decides."""
    timers: list[threading.Timer] = []

    def watch(event: GradeEvent) -> None:
        if moment(event) and not timers:
            timers.append(threading.Timer(delay_s, trouble, (revived,)))
            timers[0].start()

    unique = dockerfile + f"LABEL try={uuid.uuid4().hex}\n"
    began = time.monotonic()
    report = graded(revived, tmp_path, unique.replace("sleep 3", f"sleep 3 # {uuid.uuid4().hex}"), watch)
    elapsed_s = time.monotonic() - began
    for timer in timers:
        timer.join()

    assert timers
    assert [] == [outcome.id for outcome in report.outcomes if outcome.status is Status.FAILED]
    assert elapsed_s < 40.0
    if trouble is not take_socket:
        assert report.verdict is Verdict.ERRORED

    list(private.up(ENVIRON, Cancel(), paths=revived.paths))
    again = graded(revived, tmp_path, unique, lambda _event: None)

    # Busybox has no pip to install what the rebuild check looks for, so there the retry decides otherwise.
    assert (Verdict.FAILED if moment is in_rebuild else Verdict.PASSED) is again.verdict, again.outcomes
    for run_id in {leftover.run_id for leftover in revived.open().leftovers()}:
        revived.open().remove(run_id)
    assert [] == revived.left()


@pytest.mark.parametrize(("moment", "dockerfile"), [(in_build, BUILDING), (in_run, RUNNING)], ids=["build", "run"])
def test_frozen_engine_is_given_up_at_the_deadline(
    revived: Room, tmp_path: Path, moment: Callable[[GradeEvent], bool], dockerfile: str
) -> None:
    """A daemon that neither answers nor hangs up is waited for no longer than the limits say."""
    pid = private.status(revived.paths).pid
    frozen: list[float] = []

    def watch(event: GradeEvent) -> None:
        if moment(event) and not frozen:
            frozen.append(time.monotonic())
            os.kill(pid, signal.SIGSTOP)

    try:
        report = graded(revived, tmp_path, dockerfile.replace("sleep 3", f"sleep 3 # {uuid.uuid4().hex}"), watch)
    finally:
        os.kill(pid, signal.SIGCONT)
    elapsed_s = time.monotonic() - frozen[0]

    assert Verdict.ERRORED is report.verdict
    assert elapsed_s < 40.0


@fills_a_disk
@pytest.mark.parametrize("headroom", [1, 100], ids=["command finds no space", "headroom is gone"])
def test_full_disk_is_nobodys_fault(room: Room, tmp_path: Path, headroom: int) -> None:
    """A build that fails because the engine's disk is full is errored, with what to do; then it works."""
    text = BIG.replace("count=40", f"count=40 # {uuid.uuid4().hex}")
    filler = room.paths.data.parent / "filler"
    free = os.statvfs(filler.parent)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(free.f_bavail * free.f_frsize - 30 * 1024 * 1024, 1))
    try:
        report = graded(room, tmp_path, text, lambda _event: None, headroom)
    finally:
        filler.unlink()
    again = graded(room, tmp_path, text, lambda _event: None)

    assert Verdict.ERRORED is report.verdict, report.outcomes
    assert [] == [outcome.id for outcome in report.outcomes if outcome.status is Status.FAILED]
    assert "docker builder prune" in report.outcome("build-fails").remedy
    assert Verdict.PASSED is again.verdict


@fills_a_disk
def test_full_table_of_files_is_nobodys_fault(room: Room, tmp_path: Path) -> None:
    """A disk with room that can hold no more files is as full as another; then it works."""
    text = 'FROM busybox:1.35\nRUN mkdir /m && cd /m && touch $(seq 1 3000) # {}\nUSER 1000\nCMD ["true"]\n'
    filler = room.paths.data.parent / "files"
    filler.mkdir()
    folder = os.open(filler, os.O_RDONLY)
    try:
        # By name alone, which takes half as long as by the whole path.
        for number in range(os.statvfs(filler).f_favail - 1500):
            os.mknod(f"n{number}", dir_fd=folder)
        report = graded(room, tmp_path, text.format(uuid.uuid4().hex), lambda _event: None)
    finally:
        os.close(folder)
        shutil.rmtree(filler)
    again = graded(room, tmp_path, text.format(uuid.uuid4().hex), lambda _event: None)

    assert Verdict.ERRORED is report.verdict, report.outcomes
    assert [] == [outcome.id for outcome in report.outcomes if outcome.status is Status.FAILED]
    assert Verdict.PASSED is again.verdict, again.outcomes


def test_clock_that_jumps_moves_no_deadline(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall clock goes a day forth and back all the time, and a build still has its time, no less and no more."""
    real, jumps = time.time, itertools.cycle((86400.0, -86400.0))
    monkeypatch.setattr(time, "time", lambda: real() + next(jumps))
    unique = uuid.uuid4().hex
    began = time.monotonic()
    silent = graded(room, tmp_path, BUILDING.replace("sleep 3", f"sleep 60 # {unique}"), lambda _event: None)
    elapsed_s = time.monotonic() - began
    patient = graded(room, tmp_path, BUILDING.replace("sleep 3", f"sleep 2 # {unique}"), lambda _event: None)

    assert Status.FAILED is silent.outcome("build-fails").status
    assert 6.0 <= elapsed_s < 40.0
    assert Verdict.PASSED is patient.verdict, patient.outcomes


class Between(socketserver.ThreadingUnixStreamServer):
    """Stands between us and the engine: each answer comes late, and no more of it than `bytes_let`."""

    daemon_threads = True
    target = ""
    delay_s = 0.0
    bytes_let = 1 << 40


class Passing(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        between = self.server
        assert isinstance(between, Between)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as far, suppress(OSError):
            far.connect(between.target)
            there = threading.Thread(target=self._up, args=(far,), daemon=True)
            there.start()
            left = between.bytes_let
            while left > 0 and (data := far.recv(65536)):
                time.sleep(between.delay_s)
                self.request.sendall(data[:left])
                left -= len(data)

    def _up(self, far: socket.socket) -> None:
        with suppress(OSError):
            while data := self.request.recv(65536):
                far.sendall(data)
            far.shutdown(socket.SHUT_WR)


@pytest.fixture
def between(room: Room, tmp_path: Path) -> Iterator[Between]:
    """A socket before the room's own."""
    with tempfile.TemporaryDirectory(prefix="dyb") as folder:
        server = Between(f"{folder}/s", Passing)
        server.target = str(room.paths.socket)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()
        server.server_close()


def test_slow_engine_is_waited_for(room: Room, between: Between, tmp_path: Path) -> None:
    """An engine that takes its time with every answer changes no verdict."""
    between.delay_s = 0.08
    text = BUILDING.replace("sleep 3", f"true # {uuid.uuid4().hex}")
    address = f"unix://{between.server_address}"
    report = graded(room, tmp_path, text, lambda _event: None, open_engine=lambda: DockerEngine(address))

    assert Verdict.PASSED is report.verdict, report.outcomes
    assert [] == room.left()


@pytest.mark.parametrize("bytes_let", [0, 300, 700, 1500])
def test_half_dead_engine_is_nobodys_fault(room: Room, between: Between, tmp_path: Path, bytes_let: int) -> None:
    """An engine whose answers break off fails no check, whether they end before their head or in the middle."""
    text = BUILDING.replace("sleep 3", f"true # {uuid.uuid4().hex}")
    address = f"unix://{between.server_address}"

    def open_engine() -> Engine:
        engine = DockerEngine(address)
        between.bytes_let = bytes_let
        return engine

    began = time.monotonic()
    report = graded(room, tmp_path, text, lambda _event: None, open_engine=open_engine)
    elapsed_s = time.monotonic() - began
    for run_id in {leftover.run_id for leftover in room.open().leftovers()}:
        room.open().remove(run_id)

    assert Verdict.ERRORED is report.verdict, report.outcomes
    assert [] == [outcome.id for outcome in report.outcomes if outcome.status is Status.FAILED]
    assert elapsed_s < 40.0
    assert [] == room.left()
