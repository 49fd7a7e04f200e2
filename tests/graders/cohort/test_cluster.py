"""Tests of grading on several machines, on a cluster in memory: who gets what, and what happens to what is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from graders.cancel import Cancel
from graders.cohort.cluster import grader, workforce
from graders.cohort.cluster.grader import ClusterGrader
from graders.cohort.cluster.link import Link
from graders.cohort.cluster.muster import CodeFacts, fault_of
from graders.cohort.cluster.parcel import Answer, AnswerKind, Looked, pack
from graders.cohort.gradebook.book import Gradebook, open_gradebook
from graders.cohort.lane import Graded
from graders.cohort.row import Row, RowState, Student
from graders.cohort.run import CohortRun
from graders.cohort.run_event import CohortEvent, Ending, EngineAway, EngineBack, RunEnded
from graders.cohort.run_settings import RunSettings
from graders.engine.base import Engine
from graders.engine.fake.engine import FakeEngine
from graders.errors import Cancelled, EngineUnavailable, GraderError
from graders.event import GradeEvent, StageStarted
from graders.exercise import ExerciseSpec
from graders.formats.json import dumps
from graders.report import Verdict
from graders.submission import Submission, read_submission
from tests.graders.cohort.cluster_rig import (
    BROKEN,
    FACTS,
    RIGHT,
    SLOW,
    Rig,
    eventually,
    make_desk,
)
from tests.graders.cohort.small_exercise import small_exercise
from tests.rows import rows


@pytest.fixture(autouse=True)
def quick_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look more often than a real cluster needs."""
    for module in (grader, workforce):
        monkeypatch.setattr(module, "WATCH_S", 0.02)
    monkeypatch.setattr(workforce, "LOOK_AGAIN_S", 0.05)


@pytest.fixture
def spec(tmp_path: Path) -> ExerciseSpec:
    """A small exercise."""
    return small_exercise(tmp_path / "small")


@pytest.fixture
def rig() -> Rig:
    """Two workers with a slot each."""
    return Rig({"one": make_desk(), "two": make_desk()})


class Desk:
    """A grader on the rig, and what it said."""

    def __init__(self, rig: Rig, spec: ExerciseSpec) -> None:
        self.rig = rig
        self.spec = spec
        self.said: list[str] = []
        self.grader = ClusterGrader(rig.connect, spec, FACTS, say=self.said.append, clock=time.monotonic)

    def submission(self, dockerfile: str, name: str = "ada") -> Submission:
        """What a student handed in."""
        return read_submission(self.hand_in(dockerfile, name), self.spec.limits)

    def hand_in(self, dockerfile: str, name: str) -> Path:
        """The folder of a student's work."""
        folder = self.spec.root.parent / "in" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "Dockerfile").write_text(dockerfile)
        return folder

    def grade(self, dockerfile: str = RIGHT, cancel: Cancel | None = None) -> Graded:
        """Grade one."""
        return self.grader.grade(self.submission(dockerfile), cancel or Cancel(), lambda _: None)


@pytest.fixture
def desk(rig: Rig, spec: ExerciseSpec) -> Iterator[Desk]:
    """A grader that is not open."""
    made = Desk(rig, spec)
    with made.grader:
        yield made


def run_on(desk: Desk, book: Gradebook, count: int, jobs: int, **changes: float) -> list[CohortEvent]:
    """Grade a cohort, every third of it broken."""
    rows = [
        Row(
            Student(f"s{number:02}"),
            RowState.READY,
            place=desk.hand_in((RIGHT, RIGHT, BROKEN)[number % 3].format(number), f"s{number:02}"),
        )
        for number in range(count)
    ]
    run = CohortRun(
        book,
        rows,
        desk.spec,
        RunSettings(jobs=jobs, **changes),  # type: ignore[arg-type]
        read=lambda row: read_submission(row.place or Path(), desk.spec.limits),
        grader=desk.grader,
        cancel=Cancel(),
        clock=time.monotonic,
    )
    return list(run.events())


def states(book: Gradebook) -> list[str]:
    """State of each row."""
    return [str(row.state) for row in book.rows()]


def looked(**changes: object) -> Looked:
    """What a worker that can grade says."""
    values: dict[str, object] = {
        "name": "lab",
        "slots": 2,
        "dockyard": "1.0",
        "python": "3.11.2",
        "graders": "c" * 64,
        "engine": "Docker 20.10",
        "bases": {"python:3.11-slim": "sha256:1"},
    }
    return Looked(**(values | changes))  # type: ignore[arg-type]


def test_submission_is_graded_by_a_worker(desk: Desk, rig: Rig) -> None:
    """The report of a worker is the verdict, and the user sees how far it is and where."""
    desk.grader.open()
    told: list[GradeEvent] = []
    right = desk.grader.grade(desk.submission(RIGHT), Cancel(), told.append)

    assert Verdict.PASSED is right.report.verdict
    assert Verdict.FAILED is desk.grade(BROKEN).report.verdict
    assert "Building the image on lab" in [event.text for event in told if isinstance(event, StageStarted)]
    assert 2 == desk.grader.slots
    assert ["Worker lab (one): one at a time, engine fake 1.0", "Worker lab (two): one at a time, engine fake 1.0"] == (
        sorted(desk.said)
    )


def test_no_worker_has_more_than_its_slots(desk: Desk, rig: Rig, tmp_path: Path) -> None:
    """With more lanes than slots, a worker still grades no more at once than it offers."""
    rig.slots = 2
    desk.grader.open()
    book = open_gradebook(tmp_path / "out" / "gradebook.sqlite")
    run_on(desk, book, 18, jobs=8)

    assert ["passed", "passed", "failed"] * 6 == states(book)
    assert {"one", "two"} == set(rig.most)
    assert max(rig.most.values()) <= 2
    book.close()


def test_lost_worker_costs_nothing_but_time(desk: Desk, rig: Rig, tmp_path: Path) -> None:
    """What a worker had when it died is graded by another, and the gradebook is the same."""
    desk.grader.open()
    rig.dies["one"] = lambda: None
    book = open_gradebook(tmp_path / "out" / "gradebook.sqlite")
    events = run_on(desk, book, 9, jobs=2)

    assert ["passed", "passed", "failed"] * 3 == states(book)
    assert isinstance(events[-1], RunEnded)
    assert Ending.DONE is events[-1].ending
    assert eventually(lambda: any("The worker lab (one) is gone" in line for line in desk.said))
    book.close()


def test_all_workers_lost_is_an_engine_that_is_away(
    desk: Desk, rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run waits for a worker to come back, and nobody's row is errored."""
    monkeypatch.setattr("graders.cohort.run.ENGINE_POLL_S", 0.05)
    del rig.desks["two"]
    desk.grader.open()
    rig.dies["one"] = lambda: threading.Timer(0.1, lambda: rig.desks.update(three=make_desk())).start()
    book = open_gradebook(tmp_path / "out" / "gradebook.sqlite")
    events = run_on(desk, book, 3, jobs=1, engine_wait_s=20.0)

    assert ["passed", "passed", "failed"] == states(book)
    assert [EngineAway, EngineBack] == [type(event) for event in events if isinstance(event, EngineAway | EngineBack)]
    assert "The scheduler has no workers" in next(event.text for event in events if isinstance(event, EngineAway))
    book.close()


def test_scheduler_that_was_started_again_is_found(desk: Desk, rig: Rig) -> None:
    """A scheduler that goes away is said once, and connected to anew when it is back."""
    desk.grader.open()
    rig.down = True
    assert eventually(lambda: "The scheduler rig can't be reached: nobody there" in desk.said)
    with pytest.raises(EngineUnavailable, match="can't be reached"):
        desk.grade()
    rig.down = False
    assert eventually(lambda: "The scheduler answers again" in desk.said)
    desk.grader.probe()

    assert Verdict.PASSED is desk.grade().report.verdict


def test_submission_that_kills_workers_is_given_back(desk: Desk, rig: Rig) -> None:
    """One submission can't take every worker with it: after the second, the run decides."""
    rig.desks |= {"three": make_desk()}
    desk.grader.open()
    rig.dies = dict.fromkeys(rig.desks, lambda: None)
    with pytest.raises(GraderError, match="2 workers were lost while they graded it"):
        desk.grade()

    assert 1 == len(rig.desks)


def test_worker_whose_engine_goes_away_gets_no_more_work(rig: Rig, spec: ExerciseSpec) -> None:
    """Its submission goes to another worker, the user is told, and it gets work again once its engine answers."""
    gone = False

    def fading() -> Engine:
        if gone:
            raise EngineUnavailable("No container engine is running", hint="Run: dockyard engine up")
        return FakeEngine()

    rig.desks["one"], rig.desks["two"] = make_desk(fading), make_desk(fading)
    desk = Desk(rig, spec)
    with desk.grader as grader:
        grader.open()
        del rig.desks["two"]
        assert eventually(lambda: grader.slots == 1)
        gone = True
        rig.desks["three"] = make_desk()
        assert eventually(lambda: grader.slots == 2)
        for _ in range(2):
            assert Verdict.PASSED is desk.grade().report.verdict
        assert [line for line in desk.said if "gets no work: No container engine is running" in line]
        assert 1 == grader.slots
        gone = False
        assert eventually(lambda: grader.slots == 2)


def test_cancel_stops_the_grading_on_the_worker(rig: Rig, spec: ExerciseSpec) -> None:
    """When the lane is told to stop, nothing of it runs or is left there."""
    engine = FakeEngine()
    rig.desks = {"one": make_desk(lambda: engine)}
    desk, cancel = Desk(rig, spec), Cancel()
    with desk.grader as grader:
        grader.open()

        def stop_soon() -> None:
            eventually(lambda: "build" in engine.calls)
            cancel.set()

        stopper = threading.Thread(target=stop_soon)
        stopper.start()
        with pytest.raises(Cancelled):
            desk.grade(SLOW, cancel)
        stopper.join()

    assert {"one": 0} == rig.running
    assert () == engine.leftovers()


def test_lane_that_waits_for_a_slot_can_be_cancelled(desk: Desk, rig: Rig) -> None:
    """Waiting for a worker ends at once when asked to."""
    del rig.desks["two"]
    desk.grader.open()
    first, second = Cancel(), Cancel()
    told: list[str] = []

    def tell(event: GradeEvent) -> None:
        if isinstance(event, StageStarted):
            told.append(event.text)
            second.set()

    def grade_slowly() -> None:
        with suppress(Cancelled):
            desk.grade(SLOW, first)

    busy = threading.Thread(target=grade_slowly)
    busy.start()
    assert eventually(lambda: rig.running == {"one": 1})
    with pytest.raises(Cancelled):
        desk.grader.grade(desk.submission(RIGHT, "other"), second, tell)
    first.set()
    busy.join()

    assert ["Waiting for a worker"] == told


def test_worker_that_joins_late_gets_work(desk: Desk, rig: Rig, tmp_path: Path) -> None:
    """A machine that is added while the run goes on grades too, once it was asked what it is."""
    del rig.desks["two"]
    desk.grader.open()
    rig.desks["late"] = make_desk()
    assert eventually(lambda: desk.grader.slots == 2)
    book = open_gradebook(tmp_path / "out" / "gradebook.sqlite")
    run_on(desk, book, 12, jobs=4)

    assert {"one", "late"} == {worker for worker, _ in rig.orders}
    book.close()


def test_report_of_another_submission_is_refused(desk: Desk, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """No student gets a report that is not of their content, whatever a worker sends."""
    desk.grader.open()
    other = desk.grade(BROKEN)
    answers = [
        pack(Answer(AnswerKind.GRADED, dumps(other.report))),
        pack(Answer(AnswerKind.GRADED, "{}")),
        b"nonsense",
        pack(Answer(AnswerKind.STOPPED)),
    ]
    wrong = ["the report of another submission", "a report that can't be read", "can't be read", "stopped grading it"]
    for worker in rig.desks.values():
        monkeypatch.setattr(worker, "grade", lambda *_: answers[0])
    for text in wrong:
        with pytest.raises(GraderError, match=text):
            desk.grade(RIGHT)
        del answers[0]


def test_unreachable_scheduler_is_said(desk: Desk, rig: Rig) -> None:
    """Nobody at the address is an infrastructure error with the next command."""
    rig.down = True
    with pytest.raises(EngineUnavailable, match="can't be reached") as caught:
        desk.grader.open()

    assert (3, "Start one.") == (caught.value.exit_code, caught.value.hint)


def test_scheduler_without_workers_is_said(desk: Desk, rig: Rig) -> None:
    """The message is followed by the command that starts a worker."""
    rig.desks.clear()
    with pytest.raises(EngineUnavailable, match="has no workers") as caught:
        desk.grader.open()

    assert "dask worker ADDRESS" in caught.value.hint


def test_workers_that_cannot_grade_are_left_out(desk: Desk, rig: Rig) -> None:
    """Those that can do all the work; of the others it is said why, and what mends it."""
    rig.desks |= {"old": make_desk(dockyard="0.9", code="d"), "bare": make_desk(), "mute": make_desk()}
    rig.baffled, rig.deaf = frozenset({"bare"}), frozenset({"mute"})
    desk.grader.open()
    for number in range(4):
        desk.grade(RIGHT.format(number))

    assert {worker for worker, _ in rig.orders} <= {"one", "two"}
    said = "\n".join(desk.said)
    assert "(old) gets no work: it has Dockyard 0.9, and this is 1.0\n  On that machine: pip install" in said
    assert "bare gets no work: it has no Dockyard, or another version: ModuleNotFoundError" in said
    assert "mute gets no work: It does not answer" in said


def test_cluster_of_none_that_can_grade_is_refused(desk: Desk, rig: Rig) -> None:
    """Nothing is graded, and the reason of one of them is the message."""
    rig.slots = 0
    with pytest.raises(EngineUnavailable, match="None of the 2 workers can grade: it offers no slot") as caught:
        desk.grader.open()

    assert "--resources 'dockyard=2'" in caught.value.hint


@rows(
    ("says", "message", "hint"),
    [
        ({"graders": "d", "dockyard": "0.9"}, "it has Dockyard 0.9, and this is 1.0", "'dockyard[cluster]==1.0'"),
        ({"graders": "d", "python": "3.12.1"}, "it runs Python 3.12.1, and this is 3.11.2", "one version for all"),
        ({"graders": "d"}, "it has Dockyard 1.0 as here, but other code", "the same wheel"),
        ({"slots": 0}, "it offers no slot", "--resources 'dockyard=2'"),
        ({"engine": "", "message": "No engine\x1b[31m"}, "it has no engine: No engine", "dockyard engine up"),
        ({"bases": {"python:3.11-slim": ""}}, "lacks the base image python:3.11-slim", "dockyard images pull python"),
    ],
)
def test_each_fault_names_its_cure(says: dict[str, object], message: str, hint: str) -> None:
    """Each thing that keeps a worker from grading is one sentence and one command."""
    fault = fault_of(looked(**says), CodeFacts("1.0", "3.11.2", "c" * 64))
    assert fault is not None

    assert message in fault.message
    assert "\x1b" not in fault.message
    assert hint in fault.hint


def test_worker_that_has_everything_is_fit() -> None:
    """Nothing is said of a worker that can grade."""
    assert fault_of(looked(), CodeFacts("1.0", "3.11.2", "c" * 64)) is None


def test_different_bases_are_said(rig: Rig, spec: ExerciseSpec) -> None:
    """Sizes may differ where workers build on other images of one name."""
    other = FakeEngine(bases=("busybox:1.35",))
    image = other.image("busybox:1.35")
    assert image is not None
    other.tag(image.id, "python:3.11-slim")
    rig.desks["two"] = make_desk(lambda: other)
    desk = Desk(rig, spec)
    with desk.grader as grader:
        grader.open()

    assert [line for line in desk.said if "different images by the name python:3.11-slim" in line]


def test_rig_is_a_link(rig: Rig) -> None:
    """What the tests use has the shape of the real thing."""
    link: Link = rig

    assert link.topic == "topic"
