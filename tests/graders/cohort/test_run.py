"""Tests of the runner on engines in memory: what it grades, what it leaves, and what can't stop it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from graders.cancel import Cancel
from graders.cohort.gradebook.book import Gradebook, open_gradebook
from graders.cohort.lane import Graded, LocalGrader, Tell
from graders.cohort.plan import Choice
from graders.cohort.row import GradedRow, GradeState, Row, RowState, Student
from graders.cohort.run import LOST_S, CohortRun
from graders.cohort.run_event import CohortEvent, Ending, EngineAway, EngineBack, GradingEnded, RunEnded, RunPlanned
from graders.cohort.run_settings import RunSettings
from graders.errors import Cancelled, EngineUnavailable, GradebookError
from graders.exercise import ExerciseSpec, read_exercise
from graders.finding import Finding
from graders.outcome import Level, Outcome, Status
from graders.report import Report
from graders.submission import Submission, read_submission
from tests.graders.cohort.local_grader import local_grader
from tests.graders.cohort.small_exercise import TEXT, small_exercise

LIMITS = "[limits]\nbuild_s = 60.0\n"
RIGHT = "FROM python:3.11-slim\nRUN echo {}\n"
BROKEN = "FROM python:3.11-slim\nRUN echo {} && false\nRUN exit 1\n"
UNPINNED = "FROM python\nRUN echo {}\n"


@dataclass
class Desk:
    """A cohort in a folder, its gradebook, and a way to grade it."""

    place: Path
    spec: ExerciseSpec
    book: Gradebook
    names: list[str] = field(default_factory=list)
    grader: LocalGrader | Scripted | None = None
    cancel: Cancel = field(default_factory=Cancel)
    clock: Callable[[], float] = time.monotonic

    def hand_in(self, name: str, dockerfile: str) -> None:
        """Put a submission there, in place of an older one."""
        (self.place / name).mkdir(parents=True, exist_ok=True)
        (self.place / name / "Dockerfile").write_text(dockerfile)
        if name not in self.names:
            self.names.append(name)

    def rows(self) -> list[Row]:
        """The cohort."""
        return [Row(Student(name), RowState.READY, place=self.place / name) for name in self.names]

    def run(self, **changes: object) -> list[CohortEvent]:
        """Grade; all events."""
        return list(self.begin(**changes).events())

    def begin(self, **changes: object) -> CohortRun:
        """A run that was not started."""
        settings = replace(RunSettings(jobs=2, engine_wait_s=0.0), **changes)  # type: ignore[arg-type]
        return CohortRun(
            self.book,
            self.rows(),
            self.spec,
            settings,
            read=lambda row: read_submission(row.place or Path(), self.spec.limits),
            grader=self.grader or local_grader(self.spec),
            cancel=self.cancel,
            clock=self.clock,
        )

    def graded(self) -> dict[str, GradedRow]:
        """The gradebook by student."""
        return {row.row.student.id: row for row in self.book.rows()}

    def states(self) -> dict[str, str]:
        """State by student."""
        return {name: str(row.state) for name, row in self.graded().items()}


@dataclass
class Clock:
    """A clock that a test puts forward: what else the machine does takes no time."""

    now_s: float = 0.0

    def __call__(self) -> float:
        """What time it is."""
        return self.now_s


@dataclass
class Scripted:
    """A grader that does what a test says, and remembers what it was asked."""

    spec: ExerciseSpec
    does: Callable[[Submission, Cancel, int], Graded]
    """Gets the submission, the switch, and how often this submission was asked for before."""
    engine: Callable[[], None] = lambda: None
    asked: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def prepare(self) -> None:
        """As the script says."""
        self.engine()

    def probe(self) -> None:
        """As the script says."""
        self.engine()

    def grade(self, submission: Submission, cancel: Cancel, tell: Tell) -> Graded:
        """As the script says."""
        with self.lock:
            before = self.asked.count(submission.root.name)
            self.asked.append(submission.root.name)
        return self.does(submission, cancel, before)


def report(status: Status = Status.PASSED, check_id: str = "build-fails", reason: str = "") -> Report:
    """A report of one outcome."""
    findings = (Finding("It did not go well"),) if status is Status.FAILED else ()
    points = 2 if status is Status.PASSED else 0
    outcome = Outcome(
        check_id, "A claim", Level.IMAGE, status, points=points, max_points=2, findings=findings, reason=reason
    )
    return Report("small", (outcome,), "c" * 64, "2026-11-21T10:00:00+00:00", 0.1)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """An empty cohort for an exercise of two checks; who runs it looks after its lanes and its engine often."""
    monkeypatch.setattr("graders.cohort.run.TICK_S", 0.02)
    monkeypatch.setattr("graders.cohort.run.ENGINE_POLL_S", 0.05)
    folder = tmp_path / "small"
    book = open_gradebook(tmp_path / "out" / "gradebook.sqlite")
    yield Desk(tmp_path / "in", small_exercise(folder, LIMITS), book)
    book.close()


def ended(events: list[CohortEvent]) -> RunEnded:
    """The last event."""
    last = events[-1]
    assert isinstance(last, RunEnded)
    return last


def planned(events: list[CohortEvent]) -> RunPlanned:
    """What was to do."""
    return next(event for event in events if isinstance(event, RunPlanned))


def test_every_row_gets_its_verdict(desk: Desk) -> None:
    """Right, broken and unpinned answers are told apart, and what can't be read says why."""
    desk.hand_in("right", RIGHT.format(1))
    desk.hand_in("broken", BROKEN.format(2))
    desk.hand_in("unpinned", UNPINNED.format(3))
    (desk.place / "none").mkdir()
    desk.names.append("none")
    events = desk.run()

    assert desk.states() == {"right": "passed", "broken": "failed", "unpinned": "failed", "none": "ungraded"}
    assert (Ending.DONE, 3) == (ended(events).ending, ended(events).graded)
    assert "There is no Dockerfile" in desk.graded()["none"].row.reason
    assert {GradeState.PASSED: 1, GradeState.FAILED: 2, GradeState.UNGRADED: 1} == {
        state: count for state, count in ended(events).counts.items() if count
    }


def test_one_lane_and_four_come_to_the_same(desk: Desk, tmp_path: Path) -> None:
    """Rows, states, points and checks are equal however many are graded at once."""
    for number in range(24):
        desk.hand_in(f"s{number:02}", (RIGHT, BROKEN, UNPINNED)[number % 3].format(number % 9))
    desk.run(jobs=4)
    other = Desk(desk.place, desk.spec, open_gradebook(tmp_path / "serial" / "gradebook.sqlite"), desk.names)
    other.run(jobs=1)

    assert what_counts(desk) == what_counts(other)
    other.book.close()


def test_identical_content_is_graded_once(desk: Desk) -> None:
    """Of equal submissions the first in the cohort is graded, and the others point to it."""
    desk.grader = Scripted(desk.spec, lambda *_: Graded(report()))
    for name in ("a", "b", "c"):
        desk.hand_in(name, RIGHT.format(1))
    desk.hand_in("d", RIGHT.format(2))
    events = desk.run(jobs=3)

    assert ["a", "d"] == sorted(desk.grader.asked)
    assert {"a": "", "b": "a", "c": "a", "d": ""} == {name: row.same_as for name, row in desk.graded().items()}
    assert (2, 2) == (planned(events).to_grade, planned(events).same)


def test_second_run_asks_no_engine(desk: Desk) -> None:
    """What was graded and is unchanged is kept."""
    desk.hand_in("a", RIGHT.format(1))
    desk.hand_in("b", BROKEN.format(1))
    desk.run()
    before = what_counts(desk)
    desk.grader = Scripted(desk.spec, lambda *_: pytest.fail("An engine was asked"))
    events = desk.run()

    assert (2, 0) == (planned(events).kept, ended(events).graded)
    assert before == what_counts(desk)


def test_changed_submission_alone_is_graded_again(desk: Desk) -> None:
    """A new hand-in regrades its own row and no other."""
    desk.hand_in("a", BROKEN.format(1))
    desk.hand_in("b", RIGHT.format(2))
    desk.run()
    desk.hand_in("a", RIGHT.format(3))
    events = desk.run()

    assert (1, 1) == (planned(events).kept, ended(events).graded)
    assert {"a": "passed", "b": "passed"} == desk.states()
    assert 2 == desk.graded()["a"].attempts


def test_leader_who_changes_leaves_the_others_their_grade(desk: Desk) -> None:
    """The rows that were identical to a changed one keep their grade, and point to one of their own."""
    for name in ("a", "b", "c"):
        desk.hand_in(name, RIGHT.format(1))
    desk.run()
    desk.hand_in("a", BROKEN.format(2))
    events = desk.run()

    assert 1 == ended(events).graded
    assert {"a": "failed", "b": "passed", "c": "passed"} == desk.states()
    assert {"a": "", "b": "", "c": "b"} == {name: row.same_as for name, row in desk.graded().items()}


def test_changed_check_regrades_and_changed_points_do_not(desk: Desk) -> None:
    """Points come from the kept outcomes; another parameter of a check is another question."""
    desk.hand_in("a", RIGHT.format(1))
    desk.hand_in("b", BROKEN.format(1))
    desk.run()
    text = (TEXT + LIMITS).replace("points = 2", "points = 5")
    (desk.spec.root / "exercise.toml").write_text(text)
    desk.spec = read_exercise(desk.spec.root)
    events = desk.run()
    a, b = (row.report for row in desk.graded().values())
    assert a is not None
    assert b is not None

    assert (0, 2) == (ended(events).graded, planned(events).rescored)
    assert ((6, 6), (1, 6)) == ((a.points, a.max_points), (b.points, b.max_points))

    (desk.spec.root / "exercise.toml").write_text(text.replace("build_s = 60.0", "build_s = 61.0"))
    desk.spec = read_exercise(desk.spec.root)

    assert 2 == ended(desk.run()).graded


def test_errored_is_tried_again_and_failed_is_not(desk: Desk) -> None:
    """What was our fault is graded by the next run; a learner's mistake stays one."""
    trouble = True

    def does(submission: Submission, _cancel: Cancel, _before: int) -> Graded:
        if submission.root.name == "failed":
            return Graded(report(Status.FAILED))
        return Graded(report(Status.ERRORED if trouble else Status.PASSED, reason="The disk is full"))

    desk.grader = Scripted(desk.spec, does)
    desk.hand_in("failed", RIGHT.format(1))
    desk.hand_in("errored", RIGHT.format(2))
    desk.run()
    assert {"failed": "failed", "errored": "errored"} == desk.states()
    desk.grader.asked.clear()
    trouble = False
    desk.run(choice=Choice(retry_errors=True))

    assert ["errored"] == desk.grader.asked
    assert {"failed": "failed", "errored": "passed"} == desk.states()


def test_only_and_fresh_choose_rows(desk: Desk) -> None:
    """`only` leaves the others as they are; with `fresh` it grades again what is unchanged, and for its twins too."""
    desk.grader = Scripted(desk.spec, lambda _s, _c, before: Graded(report(Status.PASSED if before else Status.FAILED)))
    for name, number in (("a", 1), ("b", 1), ("c", 2)):
        desk.hand_in(name, RIGHT.format(number))
    desk.run(choice=Choice(only=("a",)))
    assert {"a": "failed", "b": "waiting", "c": "waiting"} == desk.states()
    desk.run()
    assert {"a": "failed", "b": "failed", "c": "failed"} == desk.states()
    events = desk.run(choice=Choice(only=("a",), fresh=True))

    assert (1, 2) == (planned(events).to_grade, planned(events).left_out)
    assert {"a": "passed", "b": "passed", "c": "failed"} == desk.states()


def test_name_that_nobody_has_is_refused_with_the_nearest(desk: Desk) -> None:
    """A slip in `only` grades nothing and names who may be meant."""
    desk.hand_in("ada", RIGHT.format(1))

    with pytest.raises(GradebookError, match="no student 'adda'") as caught:
        desk.run(choice=Choice(only=("adda",)))
    assert "'ada'" in caught.value.hint


def test_trouble_of_the_moment_is_tried_once_more(desk: Desk) -> None:
    """A row that an engine's hiccup spoilt is graded again in the same run."""
    desk.grader = Scripted(
        desk.spec, lambda _s, _c, before: Graded(report(Status.PASSED if before else Status.ERRORED))
    )
    desk.hand_in("a", RIGHT.format(1))
    desk.run()

    assert {"a": "passed"} == desk.states()


def test_engine_that_stays_away_ends_the_run_and_leaves_rows_waiting(desk: Desk) -> None:
    """A dead engine costs one row's time and makes no row ERRORED."""
    calls = 0

    def engine() -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise EngineUnavailable("No engine answers", hint="dockyard engine up")

    desk.grader = Scripted(desk.spec, lambda *_: Graded(report(Status.ERRORED)), engine)
    for number in range(50):
        desk.hand_in(f"s{number}", RIGHT.format(number))
    events = desk.run()

    assert (Ending.ENGINE, "No engine answers") == (ended(events).ending, ended(events).error)
    assert {"waiting"} == set(desk.states().values())
    assert len(desk.grader.asked) <= 4


def test_engine_that_comes_back_loses_nothing(desk: Desk) -> None:
    """What was in flight when the engine died is graded once it answers again."""
    gone = threading.Event()
    died = threading.Event()

    def engine() -> None:
        if gone.is_set():
            gone.clear()
            raise EngineUnavailable("No engine answers")

    def does(_submission: Submission, _cancel: Cancel, before: int) -> Graded:
        if not before and not died.is_set():
            died.set()
            gone.set()
            return Graded(report(Status.ERRORED))
        return Graded(report())

    desk.grader = Scripted(desk.spec, does, engine)
    for number in range(6):
        desk.hand_in(f"s{number}", RIGHT.format(number))
    events = desk.run(engine_wait_s=30.0)

    assert {"passed"} == set(desk.states().values())
    assert [EngineAway, EngineBack] == [type(x) for x in events if isinstance(x, EngineAway | EngineBack)]


def test_missing_engine_at_the_start_is_an_error(desk: Desk) -> None:
    """Nothing is begun without an engine, and the error says what to do."""

    def engine() -> None:
        raise EngineUnavailable("No engine answers", hint="dockyard engine up")

    desk.grader = Scripted(desk.spec, lambda *_: Graded(report()), engine)
    desk.hand_in("a", RIGHT.format(1))

    with pytest.raises(EngineUnavailable):
        desk.run()
    assert {"a": "waiting"} == desk.states()


def test_fresh_run_without_an_engine_keeps_the_grades_that_there_are(desk: Desk) -> None:
    """What is to be graded again is forgotten once an engine answers, not before."""
    desk.hand_in("a", RIGHT.format(1))
    desk.run()

    def engine() -> None:
        raise EngineUnavailable("No engine answers", hint="dockyard engine up")

    desk.grader = Scripted(desk.spec, lambda *_: Graded(report()), engine)
    with pytest.raises(EngineUnavailable):
        desk.run(choice=Choice(fresh=True))

    assert {"a": "passed"} == desk.states()


def test_crash_of_one_submission_costs_no_other(desk: Desk) -> None:
    """A bug that one submission brings out makes its row ERRORED and says so."""

    def does(submission: Submission, _cancel: Cancel, _before: int) -> Graded:
        if submission.root.name == "a":
            raise ValueError("boom")
        return Graded(report())

    desk.grader = Scripted(desk.spec, does)
    desk.hand_in("a", RIGHT.format(1))
    desk.hand_in("b", RIGHT.format(2))
    desk.run()

    assert {"a": "errored", "b": "passed"} == desk.states()
    assert "ValueError: boom" in desk.graded()["a"].error


def test_submission_beyond_its_time_is_stopped(desk: Desk) -> None:
    """One that would never end is told to stop; the row says so and the rest is graded."""
    clock = desk.clock = Clock()

    def does(submission: Submission, cancel: Cancel, _before: int) -> Graded:
        if submission.root.name == "endless":
            clock.now_s += 61.0
            assert cancel.wait(30.0)
            raise Cancelled
        return Graded(report())

    desk.grader = Scripted(desk.spec, does)
    for name in ("endless", "a", "b", "c"):
        desk.hand_in(name, RIGHT.format(name))
    desk.run(limit_s=60.0, jobs=1)

    assert {"endless": "errored", "a": "passed", "b": "passed", "c": "passed"} == desk.states()
    assert "took longer than 60 s and was stopped" in desk.graded()["endless"].error


@pytest.fixture
def release(desk: Desk) -> threading.Event:
    """Three hand in, and one of them is graded until this is set, whatever it is told, beyond all its time."""
    released = threading.Event()
    clock = desk.clock = Clock()

    def does(submission: Submission, cancel: Cancel, _before: int) -> Graded:
        if submission.root.name == "deaf":
            clock.now_s += 61.0
            assert cancel.wait(30.0)
            clock.now_s += LOST_S + 1.0
            released.wait(60.0)
        return Graded(report())

    desk.grader = Scripted(desk.spec, does)
    for name in ("deaf", "a", "b"):
        desk.hand_in(name, RIGHT.format(name))
    return released


def test_lane_that_never_comes_back_is_replaced(desk: Desk, release: threading.Event) -> None:
    """A submission that hears no stop costs its row, not the run; what it says later is not believed."""
    run = desk.begin(limit_s=60.0, jobs=1)
    for event in run.events():
        if isinstance(event, GradingEnded) and event.student_id == "b":
            release.set()

    assert {"deaf": "errored", "a": "passed", "b": "passed"} == desk.states()


def test_lane_that_never_comes_back_does_not_hold_up_the_end(desk: Desk, release: threading.Event) -> None:
    """Once it is given up and all else is graded, the run is done, while what hears no stop still goes on."""
    began_s = time.monotonic()
    events = desk.run(limit_s=60.0, jobs=1)
    took_s = time.monotonic() - began_s
    release.set()

    assert took_s < 30.0
    assert ended(events).ending is Ending.DONE
    assert {"deaf": "errored", "a": "passed", "b": "passed"} == desk.states()


def test_run_ends_with_its_last_lane(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However seldom the lanes are looked after, the last one to end ends the run, though it said all it had to say."""
    monkeypatch.setattr("graders.cohort.run.TICK_S", 60.0)
    all_said = threading.Event()
    find_next = CohortRun._next

    def late(run: CohortRun, number: int) -> object:
        found = find_next(run, number)
        if found is None:
            # The main thread waits for an event by then, of which there is none any more.
            assert all_said.wait(30.0)
            time.sleep(0.05)
        return found

    monkeypatch.setattr(CohortRun, "_next", late)
    desk.grader = Scripted(desk.spec, lambda *_: Graded(report()))
    for name in ("a", "b", "c"):
        desk.hand_in(name, RIGHT.format(name))
    began_s = time.monotonic()
    told = 0
    for event in desk.begin(jobs=2).events():
        told += isinstance(event, GradingEnded)
        if told == 3:
            all_said.set()

    assert time.monotonic() - began_s < 30.0
    assert {"a": "passed", "b": "passed", "c": "passed"} == desk.states()


def test_stop_leaves_the_rest_waiting(desk: Desk) -> None:
    """After a stop nothing new begins, what runs is told to stop, and what was done is kept."""

    def does(submission: Submission, cancel: Cancel, _before: int) -> Graded:
        if submission.root.name != "s0":
            assert cancel.wait(30.0)
            raise Cancelled
        return Graded(report())

    desk.grader = Scripted(desk.spec, does)
    for number in range(9):
        desk.hand_in(f"s{number}", RIGHT.format(number))
    events = []
    for event in desk.begin().events():
        events.append(event)
        if isinstance(event, GradingEnded) and event.student_id == "s0":
            desk.cancel.set()

    assert Ending.STOPPED is ended(events).ending
    assert {"passed": 1, "waiting": 8} == {x: list(desk.states().values()).count(x) for x in ("passed", "waiting")}
    assert len(desk.grader.asked) <= 3
    assert "stopped" == desk.book.runs()[0].ending


def test_seconds_cost_nothing_unless_they_count(desk: Desk, tmp_path: Path) -> None:
    """A timing check that failed is advice in a cohort, its points are given; when timing counts it fails the row."""
    text = TEXT + LIMITS + '[[checks]]\nuse = "slow-start"\npoints = 3\n[service]\nport = 8000\nready = "/ready"\n'
    (desk.spec.root / "exercise.toml").write_text(text)
    desk.spec = read_exercise(desk.spec.root)
    slow = replace(report(), outcomes=(*report().outcomes, *report(Status.FAILED, "slow-start").outcomes))
    desk.grader = Scripted(desk.spec, lambda *_: Graded(slow))
    desk.hand_in("a", RIGHT.format(1))
    desk.run()
    first = desk.graded()["a"]
    assert first.report is not None
    outcome = first.report.outcome("slow-start")

    assert (GradeState.PASSED, 5) == (first.state, first.report.points)
    assert (Status.FAILED, False, 3) == (outcome.status, outcome.required, outcome.points)
    assert "advice" in outcome.reason

    desk.run(timing_counts=True, jobs=1)
    second = desk.graded()["a"]
    assert second.report is not None

    assert (GradeState.FAILED, 2, "") == (
        second.state,
        second.report.points,
        second.report.outcome("slow-start").reason,
    )
    assert ["a"] == desk.grader.asked


def test_failure_that_load_may_have_caused_is_looked_at_once_more(desk: Desk) -> None:
    """A run that was cut short beside others is made again alone, and that verdict stands."""
    beside = []
    running = threading.Semaphore(0)

    def does(submission: Submission, _cancel: Cancel, before: int) -> Graded:
        if submission.root.name == "a" and not before:
            return Graded(report(Status.FAILED), cut_short=True)
        if submission.root.name == "a":
            beside.append(list(desk.states().values()).count("waiting"))
        running.release()
        return Graded(report())

    desk.grader = Scripted(desk.spec, does)
    for name in ("a", "b", "c", "d"):
        desk.hand_in(name, RIGHT.format(name))
    desk.run()

    assert {"passed"} == set(desk.states().values())
    assert [1] == beside, "All others were done by then"


def test_plain_failure_is_graded_once(desk: Desk) -> None:
    """A failure that has nothing to do with time is not made twice."""
    desk.grader = Scripted(desk.spec, lambda *_: Graded(report(Status.FAILED)))
    desk.hand_in("a", RIGHT.format(1))
    desk.hand_in("b", RIGHT.format(2))
    desk.run()

    assert ["a", "b"] == sorted(desk.grader.asked)


def test_submission_that_changes_while_others_are_graded_is_graded_as_it_is(desk: Desk) -> None:
    """The grade belongs to the content that was graded; a twin from before goes its own way."""

    def does(submission: Submission, _cancel: Cancel, _before: int) -> Graded:
        if submission.root.name == "a":
            desk.hand_in("b", BROKEN.format(5))
        return local_grader(desk.spec).grade(submission, Cancel(), lambda _event: None)

    desk.grader = Scripted(desk.spec, does)
    desk.hand_in("a", RIGHT.format(1))
    desk.hand_in("b", RIGHT.format(2))
    desk.hand_in("c", RIGHT.format(2))
    desk.run(jobs=1)

    assert {"a": "passed", "b": "failed", "c": "passed"} == desk.states()
    assert {"a": "", "b": "", "c": ""} == {name: row.same_as for name, row in desk.graded().items()}


def what_counts(desk: Desk) -> list[tuple[object, ...]]:
    """All of the gradebook but times and counts of attempts."""
    found: list[tuple[object, ...]] = []
    for row in desk.book.rows():
        outcomes = [(x.id, x.status, x.points) for x in row.report.outcomes] if row.report is not None else []
        found.append((row.row, row.state, row.content_sha256, row.same_as, row.error, outcomes))
    return found
