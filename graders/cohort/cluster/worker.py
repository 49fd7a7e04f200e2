"""Owns what a worker of a cluster does: say what it is, grade an order on its own engine, stop when told.

It must never know how the bytes came: the same desk serves a Dask worker and a test.
"""

from __future__ import annotations

import os
import platform
import shutil
import socket
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from graders.cancel import Cancel
from graders.cohort.cluster.parcel import (
    Answer,
    AnswerKind,
    Looked,
    Order,
    Question,
    pack,
    unpack,
    unpack_exercise,
    unpack_order,
    unpack_submission,
)
from graders.cohort.grade_key import decides
from graders.cohort.lane import Graded, Grader, sweep
from graders.errors import Cancelled, EngineError, GraderError
from graders.event import StageStarted
from graders.report import Verdict
from graders.source_sum import source_sum
from graders.temporary_folder import explained, temporary_folder

if TYPE_CHECKING:
    from graders.engine.base import Engine
    from graders.event import GradeEvent
    from graders.exercise import ExerciseSpec

STOP_S = 10.0
"""How long a stopped grading may take to remove what it made, before whoever waits for that goes on."""
REMEMBERED = 1000
"""Orders that were stopped before they began, of which a worker still knows."""
FOLDER = "dockyard-order-"
"""How the names begin of the folders that hold exercises; then comes the process that made them."""
OTHER_CODE = "It grades by other code than this run, or by another Python"

Tell = Callable[[str, str, str], None]
"""Gets the topic, the job and a short phrase for a status line."""


@dataclass(frozen=True, slots=True)
class WorkerTools:
    """What a worker grades with."""

    open_engine: Callable[[], Engine]
    grader_of: Callable[[ExerciseSpec], Grader]
    """Makes what grades on that engine."""
    dockyard: str
    """Version."""
    python: str = field(default_factory=platform.python_version)
    graders: str = field(default_factory=source_sum)
    """Hash of the code that grades, as it was when this process began."""
    host: str = field(default_factory=socket.gethostname)


@dataclass(slots=True)
class _Job:
    """An order that is being graded."""

    cancel: Cancel
    ended: threading.Event


class WorkerDesk:
    """Grades orders; several threads call it at once."""

    def __init__(self, tools: WorkerTools) -> None:
        self._tools = tools
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}
        self._stopped: deque[str] = deque(maxlen=REMEMBERED)
        self._sweeping = threading.Lock()
        self._swept = False

    def look(self, question: bytes, slots: int, name: str = "") -> bytes:
        """Say what this worker is (`Looked`, packed): its code, its engine, and which base images are there.

        `name` is what it was called when it was started; empty: it goes by its machine's.
        """
        tools = self._tools
        asked = unpack(question, Question)
        engine, bases, message, hint = "", {}, "", ""
        try:
            self._sweep()
            with closing(tools.open_engine()) as opened:
                info = opened.info()
                engine = f"{info.name} {info.version}"
                for reference in asked.bases:
                    image = opened.image(reference)
                    bases[reference] = image.id if image is not None else ""
        except GraderError as failure:
            engine, bases, message, hint = "", {}, failure.message, failure.hint
        looked = Looked(
            name or tools.host,
            slots,
            tools.dockyard,
            tools.python,
            tools.graders,
            engine,
            bases,
            message=message,
            hint=hint,
        )
        return pack(looked)

    def grade(self, data: bytes, tell: Tell) -> bytes:
        """Grade an order; the packed `Answer`. Never raises for what an order holds."""
        try:
            order = unpack_order(data)
            return pack(self._answer(order, tell))
        except Cancelled:
            return pack(Answer(AnswerKind.STOPPED))
        except EngineError as failure:
            return pack(Answer(AnswerKind.UNFIT, message=failure.message, hint=failure.hint))
        except GraderError as failure:
            return pack(Answer(AnswerKind.TROUBLE, message=failure.message, hint=failure.hint))
        except Exception as bug:  # noqa: BLE001 - a bug that one submission brings out must not cost the others
            text = f"Grading crashed ({type(bug).__name__}: {bug}): a fault of ours, please report it"
            return pack(Answer(AnswerKind.TROUBLE, message=text))

    def stop(self, job: str) -> bool:
        """Stop an order, also one that has not begun; whether nothing of it runs any more."""
        with self._lock:
            self._stopped.append(job)
            running = self._jobs.get(job)
        if running is None:
            return True
        running.cancel.set()
        return running.ended.wait(STOP_S)

    def stop_all(self) -> None:
        """Stop every order, for the end of the process."""
        with self._lock:
            running = list(self._jobs.values())
        for job in running:
            job.cancel.set()
        deadline_s = time.monotonic() + STOP_S
        for job in running:
            job.ended.wait(max(0.0, deadline_s - time.monotonic()))

    def _answer(self, order: Order, tell: Tell) -> Answer:
        from graders.formats.json import dumps

        with (
            self._running(order.job) as cancel,
            _time_limit(order.limit_s, cancel) as overdue,
            temporary_folder(f"{FOLDER}{os.getpid()}-") as folder,
        ):
            with explained("The exercise can't be laid out in a temporary folder"):
                spec = unpack_exercise(order.exercise, folder)
            if decides(spec, graders=self._tools.graders) != order.decides:
                return Answer(AnswerKind.UNFIT, message=OTHER_CODE)
            submission = unpack_submission(order, spec.limits)
            self._sweep()
            grader = self._tools.grader_of(spec)

            def pass_on(event: GradeEvent) -> None:
                if isinstance(event, StageStarted):
                    tell(order.topic, order.job, event.text)

            try:
                graded = grader.grade(submission, cancel, pass_on)
            except Cancelled:
                if not overdue.is_set():
                    raise
                text = f"Grading took longer than {order.limit_s:.0f} s and was stopped"
                return Answer(AnswerKind.TROUBLE, message=text)
            self._raise_for_engine(grader, graded)
            return Answer(AnswerKind.GRADED, dumps(graded.report), graded.cut_short)

    def _raise_for_engine(self, grader: Grader, graded: Graded) -> None:
        """Raises EngineError when a report is ERRORED because the engine is gone: then it says nothing."""
        if graded.report.verdict is Verdict.ERRORED:
            grader.probe()

    def _sweep(self) -> None:
        """Remove, once, what a worker that was killed left on this engine. Raises EngineError.

        Only before this process grades for the first time: what it made itself would count as left over.
        """
        with self._sweeping:
            if self._swept:
                return
            sweep(self._tools.open_engine)
            _remove_folders_of_the_dead()
            self._swept = True

    @contextmanager
    def _running(self, name: str) -> Iterator[Cancel]:
        job = _Job(Cancel(), threading.Event())
        with self._lock:
            if name in self._stopped:
                raise Cancelled
            self._jobs[name] = job
        try:
            yield job.cancel
        finally:
            with self._lock:
                self._jobs.pop(name, None)
            job.ended.set()


def _remove_folders_of_the_dead() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*-*"):
        maker = folder.name.removeprefix(FOLDER).partition("-")[0]
        with suppress(OSError):
            if maker.isdecimal() and not Path("/proc", maker).exists() and folder.stat().st_uid == os.getuid():
                shutil.rmtree(folder)


@contextmanager
def _time_limit(limit_s: float, cancel: Cancel) -> Iterator[threading.Event]:
    """Throw the switch after a while; the event says that it was for that."""
    overdue = threading.Event()

    def throw() -> None:
        overdue.set()
        cancel.set()

    timer = threading.Timer(limit_s, throw)
    timer.daemon = True
    timer.start()
    try:
        yield overdue
    finally:
        timer.cancel()
