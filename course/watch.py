"""Owns the rounds of `dockyard watch`: when a check begins, and which save ends it; must never print.

A save during a check stops that check and begins anew: what it would say is about files that are no longer so.
"""

from __future__ import annotations

import stat
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course.errors import CourseError, WorkspaceError
from course.event import SessionEvent
from course.follower import Follower, Snapshot, differing
from course.progress import Attempt
from graders.cancel import Cancel
from graders.errors import Cancelled, GraderError
from graders.finding import Finding

if TYPE_CHECKING:
    from course.session import Session

DOCKERFILE = "Dockerfile"
LARGEST_BYTES = 1_000_000
"""A Dockerfile above this is left to the check, which says that it is too large."""


@dataclass(frozen=True, slots=True)
class RoundStarted:
    """A round begins."""

    changed: tuple[str, ...]
    """Files that are not as at the round before that came to an end; empty at the first."""
    before: Attempt | None
    """The recorded check before this one; None when there was none."""


@dataclass(frozen=True, slots=True)
class TextRead:
    """What the text alone shows, before anything is built."""

    findings: tuple[tuple[str, Finding], ...]
    """(check id, finding)."""


@dataclass(frozen=True, slots=True)
class RoundFailed:
    """A round could not come to an end; the next save begins another."""

    error: CourseError | GraderError


@dataclass(frozen=True, slots=True)
class RoundStopped:
    """A save stopped the check of this round; the next round begins."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A round is over; the next one waits for a save."""


WatchEvent = RoundStarted | TextRead | RoundFailed | RoundStopped | Waiting | SessionEvent


def watch(session: Session, exercise: str, stop: Cancel, *, static_only: bool) -> Generator[WatchEvent]:
    """Rounds until `stop` is thrown: one now, then one after each save. Raises CourseError when it can't begin."""
    folder = session.workspace.started_folder(exercise)
    seen: Snapshot | None = None
    with closing(Follower(folder)) as follower:
        stop.on_cancel(follower.wake)
        while not stop.is_set:
            cancel = Cancel()
            forget = stop.on_cancel(cancel.set)
            now = follower.begin(cancel)
            changed = () if seen is None else differing(seen, now)
            # What a stopped round began with counts only when there is nothing older to compare with.
            seen = now if seen is None else seen
            before = next(iter(session.attempts(exercise)[-1:]), None)
            yield RoundStarted(changed, before)
            try:
                yield TextRead(_findings(session, exercise))
                if not static_only:
                    yield from session.check(exercise, cancel=cancel)
            except Cancelled:
                if not stop.is_set:
                    yield RoundStopped()
                continue
            except (CourseError, GraderError) as error:
                yield RoundFailed(error)
            finally:
                forget()
            seen = now
            if not stop.is_set:
                yield Waiting()
                # `begin` cleared the wish to wake; a stop since then has set it again.
                follower.wait()


def _findings(session: Session, exercise: str) -> tuple[tuple[str, Finding], ...]:
    """What the dockerfile checks say. Raises WorkspaceError when the Dockerfile can't be read."""
    path = session.workspace.started_folder(exercise) / DOCKERFILE
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_BYTES:
            return ()
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise WorkspaceError(
            f"{path} can't be read: {error.strerror}", hint=f"To put the starter back: dockyard reset {exercise}"
        ) from error
    return session.static_findings(exercise, text)
