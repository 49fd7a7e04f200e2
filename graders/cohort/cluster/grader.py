"""Owns grading a submission on some worker of a cluster, and on another when that one is lost.

    with ClusterGrader(connect, spec, facts, say=say, clock=time.monotonic) as grader:
        grader.open()                       # who is there, who can't grade and why
        CohortRun(..., grader=grader, settings=RunSettings(jobs=grader.slots))

It is a `Grader`, so a run is the same as on one machine. It must never know what carries the orders.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from graders.cohort.cluster.link import Link, WorkerLost
from graders.cohort.cluster.muster import CodeFacts, Fault
from graders.cohort.cluster.parcel import (
    Answer,
    AnswerKind,
    Order,
    pack_exercise,
    pack_files,
    pack_notices,
    pack_order,
    unpack,
)
from graders.cohort.cluster.workforce import WATCH_S, Member, Workforce
from graders.cohort.grade_key import decides
from graders.cohort.lane import Graded
from graders.cohort.run_settings import longest_s
from graders.errors import Cancelled, GraderError
from graders.event import BuildStarted, Purpose, StageStarted
from graders.outcome import Level
from graders.safe_text import clean

if TYPE_CHECKING:
    from graders.cancel import Cancel
    from graders.cohort.lane import Tell
    from graders.exercise import ExerciseSpec
    from graders.submission import Submission

MAX_LOST = 2
"""Workers that may be lost over one submission before it is given back to the run."""


class ClusterGrader:
    """Grades on the workers of a cluster; several threads call it at once."""

    def __init__(
        self,
        connect: Callable[[], Link],
        spec: ExerciseSpec,
        facts: CodeFacts,
        *,
        say: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._spec = spec
        self._exercise = pack_exercise(spec)
        self._decides = decides(spec, graders=facts.graders)
        self._limit_s = longest_s(spec.limits, len(spec.checks))
        self._workforce = Workforce(connect, spec.build.bases, facts, say=say, clock=clock)

    def __enter__(self) -> ClusterGrader:
        """Nothing yet: `open` connects."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the scheduler go."""
        self._workforce.close()

    @property
    def slots(self) -> int:
        """Submissions that the workers grade at once now."""
        return self._workforce.slots

    def open(self) -> None:
        """Connect and ask every worker what it is. Raises EngineUnavailable when none can grade."""
        self._workforce.open()

    def say_through(self, say: Callable[[str], None]) -> None:
        """From now on, what the user should know goes there."""
        self._workforce.say = say

    def limit_s(self, jobs: int) -> float:
        """A bound for one submission in a run, even if all slots but one are lost: each worker keeps its own."""
        return (jobs + 2) * self._limit_s

    def prepare(self) -> None:
        """Raises EngineUnavailable when no worker can grade."""
        self._workforce.muster()

    def probe(self) -> None:
        """Raises EngineUnavailable when no worker can grade."""
        self._workforce.muster()

    def grade(self, submission: Submission, cancel: Cancel, tell: Tell) -> Graded:
        """Grade one on some worker, and on another if that one is lost. Raises GraderError and Cancelled."""
        # The workers have their base images: no lane needs to wait for another one's build.
        tell(BuildStarted(Purpose.GRADED))
        lost: list[str] = []
        while True:
            member = self._workforce.claim(cancel, lambda: _stage(tell, "Waiting for a worker"), lost)
            try:
                answer = self._ask(member, submission, cancel, tell)
            except WorkerLost as failure:
                lost.append(member.address)
                if len(lost) >= MAX_LOST:
                    text = f"{len(lost)} workers were lost while they graded it, the last was {member.label}"
                    raise GraderError(f"{text}: {failure.message}") from failure
                continue
            finally:
                self._workforce.release(member)
            if answer.kind is AnswerKind.GRADED:
                return self._graded(member, answer, submission)
            message, hint = clean(answer.message, max_len=500), clean(answer.hint, max_len=500)
            if answer.kind is AnswerKind.STOPPED:
                cancel.raise_if_set()
                # A worker whose process ends stops what it grades.
                message = f"{member.label} stopped grading it"
            if answer.kind is AnswerKind.UNFIT:
                self._workforce.set_unfit(member, Fault(message, hint))
            if answer.kind is AnswerKind.TROUBLE or len(lost) + 1 >= MAX_LOST:
                raise GraderError(f"{message} (on {member.label})", hint=hint)
            lost.append(member.address)

    def _ask(self, member: Member, submission: Submission, cancel: Cancel, tell: Tell) -> Answer:
        """Send the order and wait for what comes back. Raises WorkerLost, LinkDown, GraderError and Cancelled."""
        link, job, awake = self._workforce.link, secrets.token_hex(8), threading.Event()
        order = Order(
            job,
            link.topic,
            self._decides,
            self._limit_s,
            self._exercise,
            pack_files(submission),
            pack_notices(submission),
        )
        where = member.name or member.address
        sent = link.send(
            member.address,
            job,
            pack_order(order),
            done=awake.set,
            stage=lambda text: _stage(tell, f"{text} on {where}"),
        )
        forget = cancel.on_cancel(awake.set)
        try:
            while (data := sent.answer()) is None:
                if cancel.is_set:
                    sent.drop()
                    link.stop(member.address, job)
                    raise Cancelled
                self._workforce.await_from(member, awake)
                awake.wait(WATCH_S)
                awake.clear()
            return unpack(data, Answer)
        finally:
            forget()
            sent.drop()
            self._workforce.await_no_more(member, awake)

    def _graded(self, member: Member, answer: Answer, submission: Submission) -> Graded:
        from graders.formats.json import loads

        try:
            report = loads(answer.report)
        except ValueError as error:
            raise GraderError(f"{member.label} sent a report that can't be read: {error}") from error
        if report.content_sha256 != submission.content_sha256 or report.exercise != self._spec.id:
            text = "sent the report of another submission: a fault of ours, please report it"
            raise GraderError(f"{member.label} {text}")
        return Graded(report, answer.cut_short)


def _stage(tell: Tell, text: str) -> None:
    tell(StageStarted(Level.DOCKERFILE, text))
