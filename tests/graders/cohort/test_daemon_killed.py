"""Tests of a run whose engine is killed: what was in flight is graded again, and the gradebook is as in peace."""

from __future__ import annotations

import os
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.base_images.stand_in import build_stand_in
from graders.cancel import Cancel
from graders.cohort.collect.rows import collect
from graders.cohort.collect.unpack import read
from graders.cohort.gradebook.book import FILE_NAME, open_gradebook
from graders.cohort.run import CohortRun
from graders.cohort.run_event import CohortEvent, Ending, EngineAway, EngineBack, GradingStage, RunEnded
from graders.cohort.run_settings import RunSettings
from graders.engine.private import daemon as private
from graders.engine.private.cgroup import Caps
from graders.engine.private.daemon import PrivatePaths
from graders.exercise import ExerciseSpec
from tests.graders.cohort.gradebook_lines import book_lines
from tests.graders.cohort.local_grader import local_grader
from tests.graders.cohort.small_exercise import small_exercise
from tests.hostile.conftest import BASE, ENVIRON, private_room

BUSYBOX = '[build]\nbases = ["busybox:1.35"]\n'
ANSWERS = {
    "ada": "FROM busybox:1.35\nRUN sleep 1 && echo ada\n",
    "bo": "FROM busybox:1.35\nRUN sleep 1 && echo bo && false\n",
    "carl": "FROM busybox:1.35\nRUN sleep 1 && echo ada\n",
    "dora": "FROM busybox\nRUN echo dora\n",
    "emil": "FROM busybox:1.35\nRUN sleep 1 && echo emil\n",
}


@pytest.fixture(scope="module")
def engine_of_ours() -> Iterator[PrivatePaths]:
    """An engine that nobody else uses, with a small base image."""
    if os.geteuid() != 0:
        pytest.skip("a private engine needs root")
    with private_room(caps=Caps(memory_mib=512, pids=300), disk_mib=512, address="172.29.181.1") as paths:
        for _ in build_stand_in(private.connect(paths), BASE, Cancel(), ENVIRON):
            pass
        yield paths


def run_over(
    cohort: Path, out: Path, spec: ExerciseSpec, paths: PrivatePaths, strike: threading.Event
) -> list[CohortEvent]:
    """Grade two at once; `strike` is set when both are building."""
    book, building, events = open_gradebook(out / FILE_NAME), set(), []
    grader = local_grader(spec, lambda: private.connect(paths), environ=ENVIRON, nonce=lambda: secrets.token_hex(8))
    run = CohortRun(
        book,
        collect(cohort, None, limits=spec.limits),
        spec,
        RunSettings(jobs=2, engine_wait_s=90.0),
        read=lambda row: read(row, spec),
        grader=grader,
        cancel=Cancel(),
        clock=time.monotonic,
    )
    for event in run.events():
        events.append(event)
        if isinstance(event, GradingStage) and event.text == "Building the image":
            building.add(event.student_id)
            if len(building) == 2:
                strike.set()
    book.close()
    return events


@pytest.mark.engine
def test_killed_daemon_costs_only_time(tmp_path: Path, engine_of_ours: PrivatePaths) -> None:
    """kill -9 of dockerd while two are building: the run waits, goes on, and no row differs from one in peace."""
    spec = small_exercise(tmp_path / "small", BUSYBOX)
    for name, text in ANSWERS.items():
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "Dockerfile").write_text(text)
    strike, killed = threading.Event(), []

    def kill() -> None:
        strike.wait(60.0)
        killed.append(private.status(engine_of_ours).pid)
        os.kill(killed[0], signal.SIGKILL)
        list(private.up(ENVIRON, Cancel(), paths=engine_of_ours))

    striker = threading.Thread(target=kill)
    striker.start()
    events = run_over(tmp_path / "in", tmp_path / "war", spec, engine_of_ours, strike)
    striker.join()
    peace = run_over(tmp_path / "in", tmp_path / "peace", spec, engine_of_ours, threading.Event())
    last = events[-1]

    assert isinstance(last, RunEnded)
    assert (Ending.DONE, "") == (last.ending, last.error)
    waits = [type(event) for event in events if isinstance(event, EngineAway | EngineBack)]
    assert [EngineAway, EngineBack] * (len(waits) // 2) == waits
    assert killed[0] != private.status(engine_of_ours).pid
    assert isinstance(peace[-1], RunEnded)
    assert peace[-1].counts == last.counts
    assert book_lines(tmp_path / "peace") == book_lines(tmp_path / "war")
    assert () == private.connect(engine_of_ours).leftovers()
