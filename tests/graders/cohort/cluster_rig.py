"""Owns a cluster in memory for tests: workers with engines in memory, and a link that carries orders by a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from graders.cohort.cluster.link import LinkDown, WorkerLost
from graders.cohort.cluster.muster import CodeFacts
from graders.cohort.cluster.parcel import Looked, pack, unpack
from graders.cohort.cluster.worker import WorkerDesk, WorkerTools
from graders.engine.base import Engine
from graders.engine.fake.engine import FakeEngine
from graders.errors import GraderError
from tests.graders.cohort.local_grader import local_grader

RIGHT = "FROM python:3.11-slim\nRUN echo {}\n"
BROKEN = "FROM python:3.11-slim\nRUN echo {} && false\n"
SLOW = "FROM python:3.11-slim\nRUN sleep 600\n"
FACTS = CodeFacts("1.0", "3.11.2", "c" * 64)
DEADLINE_S = 20.0


def make_desk(
    open_engine: Callable[[], Engine] = FakeEngine, *, dockyard: str = "1.0", python: str = "3.11.2", code: str = "c"
) -> WorkerDesk:
    """A worker on an engine in memory, of the same code as `FACTS` unless told otherwise."""
    return WorkerDesk(
        WorkerTools(
            open_engine,
            lambda spec: local_grader(spec, open_engine),
            dockyard,
            python=python,
            graders=code * 64,
            host="lab",
        )
    )


def eventually(holds: Callable[[], bool], limit_s: float = DEADLINE_S) -> bool:
    """Whether it comes to hold before a deadline."""
    deadline_s = time.monotonic() + limit_s
    while not holds():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.01)
    return True


@dataclass
class RigSent:
    """An order in a thread."""

    rig: Rig
    worker: str
    data: bytes | None = None
    lost: bool = False

    def answer(self) -> bytes | None:
        """What came back."""
        if self.lost:
            raise WorkerLost("It is gone")
        return self.data

    def drop(self) -> None:
        """Nothing to take back."""


@dataclass
class Rig:
    """A scheduler and its workers."""

    desks: dict[str, WorkerDesk] = field(default_factory=dict)
    slots: int = 1
    down: bool = False
    baffled: frozenset[str] = frozenset()
    """Workers that have no Dockyard."""
    deaf: frozenset[str] = frozenset()
    """Workers that do not answer."""
    dies: dict[str, Callable[[], None]] = field(default_factory=dict)
    """Worker -> what is called when it dies of the next order."""
    orders: list[tuple[str, str]] = field(default_factory=list)
    """(worker, job) in the order in which they were sent."""
    running: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)
    """Worker -> most orders that it had at once."""
    sent: list[RigSent] = field(default_factory=list)
    opened: int = 0
    closed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    topic: str = "topic"

    def connect(self) -> Rig:
        """Connect."""
        if self.down:
            raise LinkDown("The scheduler rig can't be reached: nobody there", hint="Start one.")
        self.opened += 1
        return self

    def lose(self, worker: str) -> None:
        """Let a worker die."""
        with self.lock:
            self.desks.pop(worker, None)
        for sent in self.sent:
            sent.lost = sent.lost or sent.worker == worker

    def workers(self) -> frozenset[str]:
        """Who is there."""
        if self.down:
            raise LinkDown("The scheduler does not answer any more")
        return frozenset(self.desks)

    def look(self, worker: str, question: bytes) -> bytes:
        """Ask one."""
        if worker in self.deaf or worker not in self.desks:
            raise WorkerLost("It does not answer")
        if worker in self.baffled:
            raise GraderError("ModuleNotFoundError: No module named 'course'")
        looked = unpack(self.desks[worker].look(question, self.slots), Looked)
        return pack(looked)

    def send(
        self, worker: str, job: str, order: bytes, *, done: Callable[[], None], stage: Callable[[str], None]
    ) -> RigSent:
        """Grade in a thread."""
        if self.down:
            raise LinkDown("The scheduler does not answer any more")
        sent = RigSent(self, worker)
        with self.lock:
            self.orders.append((worker, job))
            self.sent.append(sent)
            desk = self.desks.get(worker)
            died = self.dies.pop(worker, None)
        if died is not None:
            self.lose(worker)
            died()
        if desk is None or died is not None:
            return sent

        def work() -> None:
            with self.lock:
                self.running[worker] = self.running.get(worker, 0) + 1
                self.most[worker] = max(self.most.get(worker, 0), self.running[worker])
            sent.data = desk.grade(order, lambda _topic, _job, text: stage(text))
            with self.lock:
                self.running[worker] -= 1
            done()

        threading.Thread(target=work, daemon=True).start()
        return sent

    def stop(self, worker: str, job: str) -> None:
        """Stop one."""
        desk = self.desks.get(worker)
        if desk is not None:
            desk.stop(job)

    def close(self) -> None:
        """Let go."""
        self.closed += 1
