"""Owns the grading of a cohort: lanes side by side, each result written as it comes; must never judge or draw.

    run = CohortRun(book, rows, spec, settings, read=read, grader=grader, cancel=cancel, clock=time.monotonic)
    for event in run.events(): ...

Lanes are threads: they wait for an engine (see tests/bench/cohort.py for what the waiting hides). A row is written in
one transaction, so whatever is killed at whatever moment loses the submissions in flight and nothing else.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from graders.cancel import Cancel
from graders.cohort.backlog import Backlog
from graders.cohort.collect.unpack import unread
from graders.cohort.grade_key import decides, is_doubtful, key_of, scored
from graders.cohort.gradebook.book import Grade, Gradebook
from graders.cohort.lane import Graded, Grader
from graders.cohort.plan import Job, Read, make_plan
from graders.cohort.row import GradeState, Row
from graders.cohort.run_book import count_states, set_cohort
from graders.cohort.run_event import (
    CohortEvent,
    Ending,
    EngineAway,
    EngineBack,
    GradingEnded,
    GradingStage,
    GradingStarted,
    RunEnded,
)
from graders.cohort.run_settings import RunSettings, longest_s
from graders.errors import Cancelled, EngineError, GraderError, SubmissionError
from graders.event import BuildStarted, GradeEvent, StageStarted
from graders.exercise import ExerciseSpec
from graders.outcome import Status
from graders.report import Verdict

TICK_S = 0.2
"""How often the lanes are looked after."""
ENGINE_POLL_S = 1.0
LOST_S = 60.0
"""How long a lane that was told to stop may take before it is given up."""
STOP_S = 15.0
"""How long a stopped run waits for its lanes to remove what they made."""
MAX_TRIES = 2
"""How often a row that ends ERRORED is graded in one run while the engine answers."""
MAX_TRIES_GONE = 3
"""The same for a row whose engine was gone afterwards: the third time it stands to reason that the row kills it."""


@dataclass(slots=True)
class _Lane:
    """What a lane is at."""

    job: Job
    cancel: Cancel
    began_s: float
    overdue_s: float | None = None
    """When it was told to stop for taking too long."""


class CohortRun:
    """One run over a cohort."""

    def __init__(
        self,
        book: Gradebook,
        rows: Sequence[Row],
        spec: ExerciseSpec,
        settings: RunSettings,
        *,
        read: Read,
        grader: Grader,
        cancel: Cancel,
        clock: Callable[[], float],
    ) -> None:
        self._book = book
        self._rows = rows
        self._spec = spec
        self._settings = settings
        self._read = read
        self._grader = grader
        self._cancel = cancel
        self._clock = clock
        self._decides = decides(spec)
        self._limit_s = settings.limit_s or longest_s(spec.limits, len(spec.checks))
        self._changed = threading.Condition()
        """Guards what follows; notified whenever a lane may find something to do."""
        self._backlog = Backlog()
        self._lanes: dict[int, _Lane] = {}
        self._away = False
        self._ending: Ending | None = None
        self._error: GraderError | None = None
        self._graded = 0
        self._last_lane = 0
        self._threads: dict[int, threading.Thread] = {}
        """Lanes that go on, by their number: one takes itself out as its last act, a lost one is taken out."""
        self._warm = False
        """Whether the base image is there: the first lane sees to it while the others wait."""
        self._events: queue.Queue[CohortEvent | None] = queue.Queue()
        """What lanes say; None from a lane that has ended."""

    def events(self) -> Generator[CohortEvent]:
        """Grade what is to be graded; the last event is `RunEnded`.

        Raises GradebookError, and EngineError when no engine answers at the start.
        """
        began_s = self._clock()
        if self._settings.choice.fresh:
            self._grader.prepare()  # Before grades are forgotten: without an engine there would be no others.
        rescored = set_cohort(self._book, self._rows, self._spec, timing_counts=self._settings.timing_counts)
        try:
            plan = yield from make_plan(
                self._book,
                self._rows,
                self._settings.choice,
                decided_by=self._decides,
                read=self._read,
                cancel=self._cancel,
            )
        except Cancelled:
            yield self._end(Ending.STOPPED, began_s)
            return
        yield replace(plan.told, rescored=rescored)
        number = self._book.begin_run(self._settings.jobs, self._settings.dockyard)
        if plan.jobs:
            self._grader.prepare()
            self._backlog.extend(plan.jobs)
            del plan
            yield from self._work()
        if self._error is not None and not isinstance(self._error, EngineError):
            raise self._error
        ending = self._ending or (Ending.STOPPED if self._cancel.is_set else Ending.DONE)
        self._book.end_run(number, str(ending), self._graded)
        self._book.tidy()
        yield self._end(ending, began_s)

    def _end(self, ending: Ending, began_s: float) -> RunEnded:
        error = self._error
        return RunEnded(
            ending,
            count_states(self._book),
            self._graded,
            self._clock() - began_s,
            error.message if error is not None else "",
            error.hint if error is not None else "",
        )

    # The main thread

    def _work(self) -> Generator[CohortEvent]:
        """Start the lanes, pass on what they say, and look after them until all is done or given up."""
        for _ in range(min(self._settings.jobs, len(self._backlog))):
            self._start_lane()
        forget = self._cancel.on_cancel(self._stop_lanes)
        try:
            while self._threads:
                yield from self._said(wait_s=TICK_S)
                if self._cancel.is_set or self._ending is not None:
                    break
                self._look_after()
        finally:
            forget()
            with self._changed:
                running = list(self._threads.values())
            if running:
                self._stop_lanes()
            ends_s = self._clock() + STOP_S
            for thread in running:
                thread.join(max(0.0, ends_s - self._clock()))
        yield from self._said()

    def _said(self, *, wait_s: float = 0.0) -> Generator[CohortEvent]:
        """What lanes have said since the last call; when that is nothing, what one says within this time."""
        with suppress(queue.Empty):
            event = self._events.get(block=wait_s > 0, timeout=wait_s)
            while True:
                if event is not None:
                    yield event
                event = self._events.get_nowait()

    def _look_after(self) -> None:
        """Stop what takes too long; a new lane for each that doesn't come back."""
        now_s = self._clock()
        with self._changed:
            for number, lane in list(self._lanes.items()):
                if lane.overdue_s is None and now_s - lane.began_s > self._limit_s:
                    lane.overdue_s = now_s
                    threading.Thread(target=lane.cancel.set, name="overdue", daemon=True).start()
                elif lane.overdue_s is not None and now_s - lane.overdue_s > LOST_S:
                    del self._lanes[number]
                    self._threads.pop(number, None)
                    self._close(number, lane, None, f"{self._too_long()}, and did not stop when told to")
                    self._start_lane()

    def _start_lane(self) -> None:
        with self._changed:
            self._last_lane += 1
            number = self._last_lane
            thread = threading.Thread(target=self._lane, args=(number,), name=f"lane-{number}", daemon=True)
            self._threads[number] = thread
        thread.start()

    def _stop_lanes(self) -> None:
        with self._changed:
            self._ending = self._ending or Ending.STOPPED
            running = list(self._lanes.values())
            self._changed.notify_all()
        for lane in running:
            lane.cancel.set()

    # A lane's thread

    def _lane(self, number: int) -> None:
        try:
            while (lane := self._next(number)) is not None:
                self._grade(number, lane)
        except GraderError as error:
            # The gradebook can't be written: nothing that is graded from now on could be kept.
            self._give_up(Ending.STOPPED, error)
        except BaseException:
            self._give_up(Ending.STOPPED, GraderError("A lane of the run crashed", hint="Please report it."))
            raise
        finally:
            with self._changed:
                self._threads.pop(number, None)
            self._events.put(None)

    def _next(self, number: int) -> _Lane | None:
        """The next submission for this lane, once there is one; None when all is done or given up."""
        with self._changed:
            while True:
                if self._ending is not None or self._cancel.is_set:
                    return None
                job = self._take()
                if job is not None:
                    lane = _Lane(job, Cancel(), self._clock())
                    self._lanes[number] = lane
                    return lane
                if not (self._backlog or self._lanes or self._away):
                    return None
                self._changed.wait()

    def _take(self) -> Job | None:
        if self._away or (self._lanes and not self._warm):
            return None
        return self._backlog.take([lane.job for lane in self._lanes.values()])

    def _grade(self, number: int, lane: _Lane) -> None:
        job = lane.job
        self._events.put(GradingStarted(job.student_id, number, job.alone))
        graded: Graded | None = None
        error = ""
        try:
            submission = self._read(job.row)
            self._follow(job, key_of(self._decides, submission), submission.content_sha256)
            graded = self._grader.grade(submission, lane.cancel, lambda event: self._tell(number, job, event))
        except SubmissionError as failure:
            self._drop(number, lane, failure)
            return
        except Cancelled:
            error = self._too_long() if lane.overdue_s is not None else ""
        except GraderError as failure:
            error = failure.message
        except Exception as bug:  # noqa: BLE001 - a bug that one submission brings out must not cost the others
            error = f"Grading crashed ({type(bug).__name__}: {bug}): a fault of ours, please report it"
        with self._changed:
            if self._lanes.get(number) is not lane:
                return  # Given up: its row was closed and another lane took its place.
            if graded is None and not error:
                del self._lanes[number]
                self._changed.notify_all()
                return
        self._decide(number, lane, graded, error)

    def _decide(self, number: int, lane: _Lane, graded: Graded | None, error: str) -> None:
        """Write a result, or have it made again where it may not be the submission's doing."""
        job = lane.job
        job.tries += 1
        gone: EngineError | None = None
        again = ""
        if graded is None or graded.report.verdict is Verdict.ERRORED:
            try:
                self._grader.probe()
            except EngineError as failure:
                gone = failure
            if job.tries < (MAX_TRIES if gone is None else MAX_TRIES_GONE) and lane.overdue_s is None:
                again = gone.message if gone is not None else "the engine had trouble"
        elif self._settings.second_look and self._settings.jobs > 1 and not job.alone:
            report = scored(graded.report, self._spec, timing_counts=self._settings.timing_counts)
            if is_doubtful(report, cut_short=graded.cut_short):
                again, job.alone = "it will be looked at once more with nothing beside it", True
        with self._changed:
            if self._lanes.pop(number, None) is not lane:
                return
            self._graded += 1
            if again:
                self._backlog.put_back(job, last=job.alone and gone is None)
                self._events.put(
                    GradingEnded(job.student_id, number, GradeState.WAITING, self._clock() - lane.began_s, why=again)
                )
            else:
                self._close(number, lane, graded, error)
            polls = gone is not None and not self._away
            self._away = self._away or polls
            self._warm = True
            self._changed.notify_all()
        if polls and gone is not None:
            self._wait_for_engine(gone)

    def _close(self, number: int, lane: _Lane, graded: Graded | None, error: str) -> None:
        """Write the row, and all that are identical to it."""
        job = lane.job
        if graded is None:
            state, report = GradeState.ERRORED, None
        else:
            report = scored(graded.report, self._spec, timing_counts=self._settings.timing_counts)
            state = GradeState(report.verdict.value)
        grade = Grade(state, job.key, job.content_sha256, report, error)
        same = replace(grade, same_as=job.student_id, attempted=False)
        rows = [(job.student_id, grade), *((row.student.id, same) for row in job.followers)]
        self._book.record_all(rows)
        self._events.put(
            GradingEnded(
                job.student_id,
                number,
                state,
                self._clock() - lane.began_s,
                report.points if report is not None else 0,
                report.max_points if report is not None else 0,
                len(job.followers),
                error or _reason(graded),
            )
        )

    def _drop(self, number: int, lane: _Lane, failure: SubmissionError) -> None:
        """A submission that could be read when the run was planned can't be read now."""
        with self._changed:
            if self._lanes.pop(number, None) is not lane:
                return
            self._book.record_unreadable(unread(lane.job.row, failure))
            self._backlog.part(lane.job)
            self._changed.notify_all()
        elapsed_s = self._clock() - lane.began_s
        self._events.put(GradingEnded(lane.job.student_id, number, GradeState.UNGRADED, elapsed_s, why=failure.message))

    def _follow(self, job: Job, key: str, content_sha256: str) -> None:
        """What lies there now is what is graded; those that were identical to what lay there go their own way."""
        if key != job.key:
            with self._changed:
                self._backlog.part(job)
                job.key, job.content_sha256 = key, content_sha256

    def _tell(self, number: int, job: Job, event: GradeEvent) -> None:
        if isinstance(event, StageStarted):
            self._events.put(GradingStage(job.student_id, number, event.text))
        elif isinstance(event, BuildStarted) and not self._warm:
            with self._changed:
                self._warm = True
                self._changed.notify_all()

    def _wait_for_engine(self, gone: EngineError) -> None:
        """Ask for the engine until it answers, or for as long as the settings say."""
        wait_s = self._settings.engine_wait_s
        self._events.put(EngineAway(gone.message, wait_s))
        deadline_s = self._clock() + wait_s
        while not self._cancel.wait(ENGINE_POLL_S) and self._ending is None:
            try:
                self._grader.probe()
            except EngineError as failure:
                if self._clock() >= deadline_s:
                    self._give_up(Ending.ENGINE, failure)
                    return
            else:
                self._events.put(EngineBack())
                break
        with self._changed:
            self._away = False
            self._changed.notify_all()

    def _give_up(self, ending: Ending, error: GraderError) -> None:
        with self._changed:
            self._error = self._error or error
            self._ending = self._ending or ending
        self._stop_lanes()

    def _too_long(self) -> str:
        return f"Grading took longer than {self._limit_s:.0f} s and was stopped"


def _reason(graded: Graded | None) -> str:
    if graded is None or graded.report.verdict is not Verdict.ERRORED:
        return ""
    return next((outcome.reason for outcome in graded.report.outcomes if outcome.status is Status.ERRORED), "")
