"""Owns one check that runs in a thread, and what is told about it; must never touch a widget."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue

from course.errors import CourseError
from course.event import CheckRecorded, SessionEvent
from course.progress import Attempt
from course.session import Session
from course.tui.marks import seconds
from graders.cancel import Cancel
from graders.errors import Cancelled, GraderError
from graders.event import (
    BasePreparing,
    BuildFinished,
    BuildStarted,
    GradeEvent,
    GradeFinished,
    RunFinished,
    StageStarted,
)
from graders.safe_text import clean

_BAR_CELLS = 16


class CheckRun:
    """A check under way. `work` runs in a thread; everything else belongs to the screen's own thread."""

    def __init__(self, session: Session, exercise: str, clock: Callable[[], float], *, fresh: bool = False) -> None:
        self._session = session
        self.exercise = exercise
        self.cancel = Cancel()
        self.doing = "Starting"
        """A short phrase for the status line."""
        self.before: Attempt | None = None
        """The recorded check before this one; None when there was none."""
        self.recorded: CheckRecorded | None = None
        self.error: CourseError | GraderError | None = None
        """Why there is no report; None when there is one or the learner stopped the check."""
        self.stopped = False
        """Whether the learner's stop ended it."""
        self._fresh = fresh
        self._clock = clock
        self._began = clock()
        self._events: SimpleQueue[SessionEvent] = SimpleQueue()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the check began."""
        return self._clock() - self._began

    def work(self) -> None:
        """Grade to the end; called in a thread. What goes wrong is kept, not raised."""
        try:
            self.before = next(iter(self._session.attempts(self.exercise)[-1:]), None)
            for event in self._session.check(self.exercise, fresh=self._fresh, cancel=self.cancel):
                self._events.put(event)
        except Cancelled:
            self.stopped = True
        except (CourseError, GraderError) as error:
            self.error = error

    def drain(self) -> list[GradeEvent]:
        """The events that came since the last call; `doing` and `recorded` follow them."""
        events: list[GradeEvent] = []
        while True:
            try:
                event = self._events.get_nowait()
            except Empty:
                return events
            if isinstance(event, CheckRecorded):
                self.recorded = event
            else:
                self._follow(event)
                events.append(event)

    def status(self, *, step: str, decided: tuple[int, int]) -> str:
        """The status line: what is being done, how far it is, and how to stop it."""
        if self.cancel.is_set:
            return "Stopping the check"
        done, planned = decided
        parts = [seconds(self.elapsed_s)]
        if planned:
            parts.append(f"{done} of {planned} decided")
        return "  ".join([*parts, f"{self.doing}: {clean(step)}" if step else self.doing])

    def _follow(self, event: GradeEvent) -> None:
        match event:
            case StageStarted(text=text):
                self.doing = clean(text)
            case BasePreparing(text=text, fraction=fraction):
                self.doing = f"{clean(text)} {_bar(fraction)}".rstrip()
            case BuildStarted(purpose=purpose):
                self.doing = purpose.value.capitalize()
            case BuildFinished():
                self.doing = "Reading what the build left"
            case RunFinished():
                self.doing = "Running your container"
            case GradeFinished():
                self.doing = "Recording the result"
            case _:
                pass


def _bar(fraction: float | None) -> str:
    """ "[====    ] 50%"; empty when the end can't be told."""
    if fraction is None:
        return ""
    share = min(max(fraction, 0.0), 1.0)
    full = round(share * _BAR_CELLS)
    return f"[{'=' * full}{' ' * (_BAR_CELLS - full)}] {share:.0%}"
