"""Owns what a run needs of whatever carries orders to workers; must never know what is in them.

`graders.cohort.cluster.dask_link` is the real one; tests have one in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from graders.errors import EngineUnavailable, GraderError


class LinkDown(EngineUnavailable):
    """Nobody answers at the other end."""


class WorkerLost(GraderError):
    """A worker died, or does not answer: what it was given must go to another one."""


class Sent(Protocol):
    """An order on its way."""

    def answer(self) -> bytes | None:
        """What came back; None: nothing yet. Raises WorkerLost, and GraderError for what the worker can't run."""
        ...

    def drop(self) -> None:
        """Forget it, and take it back where it has not begun. Never raises."""
        ...


class Link(Protocol):
    """Carries orders; several threads call it at once."""

    @property
    def topic(self) -> str:
        """Under which workers tell how far they are."""
        ...

    def workers(self) -> frozenset[str]:
        """Addresses of the workers there are. Raises LinkDown."""
        ...

    def look(self, worker: str, question: bytes) -> bytes:
        """A worker's answer to a question. Raises WorkerLost, and GraderError when it can't understand it."""
        ...

    def send(
        self, worker: str, job: str, order: bytes, *, done: Callable[[], None], stage: Callable[[str], None]
    ) -> Sent:
        """Give a worker an order: `done` is called when there is an answer, `stage` with phrases on the way.

        Raises LinkDown.
        """
        ...

    def stop(self, worker: str, job: str) -> None:
        """Stop an order at a worker; returns when nothing of it runs there, or nobody can tell. Never raises."""
        ...

    def close(self) -> None:
        """Let go; safe to call twice."""
        ...
