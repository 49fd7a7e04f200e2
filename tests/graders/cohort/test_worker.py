"""Tests of a worker's desk: what it says of itself, what it grades, and how it stops."""

from __future__ import annotations

import os
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from graders.cohort.cluster.parcel import (
    Answer,
    AnswerKind,
    Looked,
    Order,
    Question,
    pack,
    pack_exercise,
    pack_files,
    pack_notices,
    pack_order,
    unpack,
)
from graders.cohort.cluster.worker import FOLDER, OTHER_CODE, WorkerDesk
from graders.cohort.grade_key import decides
from graders.engine.base import Engine
from graders.engine.fake.engine import FakeEngine
from graders.errors import EngineUnavailable
from graders.exercise import ExerciseSpec
from graders.formats.json import loads
from graders.report import Verdict
from graders.submission import read_submission
from tests.graders.cohort.cluster_rig import BROKEN, RIGHT, SLOW, eventually, make_desk
from tests.graders.cohort.small_exercise import small_exercise


@pytest.fixture
def spec(tmp_path: Path) -> ExerciseSpec:
    """A small exercise."""
    return small_exercise(tmp_path / "small")


def order_of(spec: ExerciseSpec, dockerfile: str, job: str = "job") -> Order:
    """An order to grade a Dockerfile."""
    folder = spec.root.parent / f"handed-in-{job}"
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile)
    submission = read_submission(folder, spec.limits)
    code = decides(spec, graders="c" * 64)
    return Order(job, "topic", code, 60.0, pack_exercise(spec), pack_files(submission), pack_notices(submission))


def answer_of(desk: WorkerDesk, order: Order) -> Answer:
    """What the desk makes of it."""
    return unpack(desk.grade(pack_order(order), lambda *_: None), Answer)


def look(desk: WorkerDesk) -> Looked:
    """What the desk says of itself."""
    return unpack(desk.look(pack(Question(("python:3.11-slim", "other:1"))), 2), Looked)


def test_right_and_broken_answers_are_told_apart(spec: ExerciseSpec) -> None:
    """A worker grades as this machine would, from the bytes alone, and tells how far it is."""
    desk, told = make_desk(), []
    data = desk.grade(pack_order(order_of(spec, RIGHT)), lambda *event: told.append(event))
    right = unpack(data, Answer)
    broken = answer_of(desk, order_of(spec, BROKEN))

    assert (AnswerKind.GRADED, AnswerKind.GRADED) == (right.kind, broken.kind)
    assert (Verdict.PASSED, Verdict.FAILED) == (loads(right.report).verdict, loads(broken.report).verdict)
    assert ("topic", "job", "Building the image") in told


def test_worker_says_what_it_is() -> None:
    """Name, slots, code, engine and the base images it has or lacks."""
    looked = look(make_desk())

    assert ("lab", 2, "1.0", "3.11.2", "c" * 64, "fake 1.0") == (
        looked.name,
        looked.slots,
        looked.dockyard,
        looked.python,
        looked.graders,
        looked.engine,
    )
    assert ["other:1"] == [reference for reference, image in looked.bases.items() if not image]


def test_worker_without_an_engine_says_so(spec: ExerciseSpec) -> None:
    """It says why and what mends it, when asked and when it is given work all the same."""

    def missing() -> Engine:
        raise EngineUnavailable("No container engine is running", hint="Run: dockyard engine up")

    desk = make_desk(missing)
    looked, answer = look(desk), answer_of(desk, order_of(spec, RIGHT))

    assert ("", "No container engine is running") == (looked.engine, looked.message)
    assert (AnswerKind.UNFIT, "No container engine is running") == (answer.kind, answer.message)


def test_engine_that_goes_away_is_not_the_submissions_fault(spec: ExerciseSpec) -> None:
    """A report that is errored because the engine is gone is no report: another worker shall make one."""
    opened: list[FakeEngine] = []

    def fading() -> Engine:
        if len(opened) > 1:
            raise EngineUnavailable("No engine any more")
        opened.append(FakeEngine())
        if len(opened) == 2:
            opened[1].fail_next("build", EngineUnavailable("The engine went away"))
        return opened[-1]

    answer = answer_of(make_desk(fading), order_of(spec, RIGHT))

    assert (AnswerKind.UNFIT, "No engine any more") == (answer.kind, answer.message)


def test_other_code_grades_nothing(spec: ExerciseSpec) -> None:
    """A worker whose code would decide otherwise gives the order back."""
    answer = answer_of(make_desk(code="d"), order_of(spec, RIGHT))

    assert (AnswerKind.UNFIT, OTHER_CODE) == (answer.kind, answer.message)


def test_bytes_of_nobody_are_trouble() -> None:
    """What is no order is answered, not raised."""
    answer = unpack(make_desk().grade(b"nonsense", lambda *_: None), Answer)

    assert AnswerKind.TROUBLE is answer.kind
    assert "no order of this version" in answer.message


def test_bug_costs_one_submission(spec: ExerciseSpec) -> None:
    """A crash of ours is said as one, and the worker goes on."""
    desk = make_desk()
    order = order_of(spec, RIGHT)

    def tell(*_: str) -> None:
        raise ZeroDivisionError("a bug")

    crashed = unpack(desk.grade(pack_order(order), tell), Answer)

    assert AnswerKind.TROUBLE is crashed.kind
    assert "ZeroDivisionError: a bug" in crashed.message
    assert AnswerKind.GRADED is answer_of(desk, order).kind


def test_stop_ends_a_grading_and_leaves_nothing(spec: ExerciseSpec) -> None:
    """A stopped order ends, its engine is clean, and whoever stopped it knows when."""
    engine = FakeEngine()
    desk = make_desk(lambda: engine)
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(answer_of(desk, order_of(spec, SLOW))))
    thread.start()
    assert eventually(lambda: "build" in engine.calls)
    stopped = desk.stop("job")
    thread.join()

    assert stopped
    assert [AnswerKind.STOPPED] == [answer.kind for answer in answers]
    assert () == engine.leftovers()


def test_order_that_was_stopped_first_never_begins(spec: ExerciseSpec) -> None:
    """Stopping may outrun the order itself."""
    engine = FakeEngine()
    desk = make_desk(lambda: engine)
    desk.stop("job")

    assert AnswerKind.STOPPED is answer_of(desk, order_of(spec, RIGHT)).kind
    assert "build" not in engine.calls


def test_end_of_the_process_stops_all(spec: ExerciseSpec) -> None:
    """What a worker grades when it ends is stopped and removed."""
    engine = FakeEngine()
    desk = make_desk(lambda: engine)
    threads = [threading.Thread(target=answer_of, args=(desk, order_of(spec, SLOW, job))) for job in ("one", "two")]
    for thread in threads:
        thread.start()
    assert eventually(lambda: engine.calls.count("build") == 2)
    desk.stop_all()

    for thread in threads:
        thread.join(20.0)
    assert () == engine.leftovers()


def test_grading_that_takes_too_long_is_stopped(spec: ExerciseSpec) -> None:
    """The bound holds on the worker itself, whether or not anybody listens."""
    answer = answer_of(make_desk(), replace(order_of(spec, SLOW), limit_s=0.2))

    assert AnswerKind.TROUBLE is answer.kind
    assert "took longer than 0 s" in answer.message


def test_what_a_killed_worker_left_is_removed_once(
    spec: ExerciseSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new process cleans the engine and its folders before its first work, and never again: the rest is its own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    no_process = int(Path("/proc/sys/kernel/pid_max").read_text()) + 1
    dead, living, other = (tmp_path / f"{FOLDER}{name}" for name in (f"{no_process}-x", f"{os.getpid()}-x", "named-x"))
    for folder in (dead, living, other):
        folder.mkdir()
    engine = FakeEngine()
    desk = make_desk(lambda: engine)
    look(desk)
    look(desk)
    answer_of(desk, order_of(spec, RIGHT))

    assert 1 == engine.calls.count("leftovers")
    assert [living, other] == sorted(tmp_path.glob(f"{FOLDER}*"))
