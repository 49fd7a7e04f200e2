"""Owns which submission a run grades next; must never grade one. One thread at a time may use a backlog."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable

from graders.cohort.plan import Job


class Backlog:
    """The submissions that wait for a lane."""

    def __init__(self) -> None:
        self._waiting: deque[Job] = deque()
        self._alone: deque[Job] = deque()
        """For a look with nothing beside it, once nothing else is left."""

    def __len__(self) -> int:
        return len(self._waiting) + len(self._alone)

    def extend(self, jobs: Iterable[Job]) -> None:
        """These are graded too, in this order."""
        self._waiting.extend(jobs)

    def take(self, at_work: Collection[Job]) -> Job | None:
        """The next one that may be graded beside those at work; None: there is none, or not yet."""
        if self._waiting:
            return None if any(job.alone for job in at_work) else self._waiting.popleft()
        return self._alone.popleft() if self._alone and not at_work else None

    def put_back(self, job: Job, *, last: bool) -> None:
        """It is graded again: next, or `last`, when all others are done."""
        (self._alone if last else self._waiting).appendleft(job)

    def part(self, job: Job) -> None:
        """Those that were identical to it are so no longer, and are graded without it."""
        if job.followers:
            first, *rest = job.followers
            self._waiting.append(Job(first, job.key, job.content_sha256, rest))
            job.followers = []
