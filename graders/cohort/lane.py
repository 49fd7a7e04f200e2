"""Owns how a lane grades one submission, here or elsewhere; must never know of rows or of the gradebook.

A runner has as many lanes as it grades submissions at once; each lane is a thread that waits for `Grader.grade`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from graders.engine.base import BUILD_STOPPED
from graders.event import BuildFinished, GradeFinished, RunFinished
from graders.pipeline import grade

if TYPE_CHECKING:
    from graders.cancel import Cancel
    from graders.engine.base import Engine
    from graders.event import GradeEvent
    from graders.exercise import ExerciseSpec
    from graders.layers.store import LayerStore
    from graders.report import Report
    from graders.submission import Submission

Tell = Callable[["GradeEvent"], None]


@dataclass(frozen=True, slots=True)
class Graded:
    """What a lane gives back."""

    report: Report
    cut_short: bool = False
    """A run or a build was ended at its limit of time, or a build at that of the disk, which is weighed from outside:
    a busy machine, or what others wrote meanwhile, may have caused it."""


class Grader(Protocol):
    """Grades submissions; several threads call it at once."""

    def prepare(self) -> None:
        """Called before anything is graded: is the engine there? Raises EngineError."""
        ...

    def probe(self) -> None:
        """Called when grading went wrong: is the engine still there? Raises EngineError."""
        ...

    def grade(self, submission: Submission, cancel: Cancel, tell: Tell) -> Graded:
        """Grade one; `tell` gets the events, if they come this far. Raises EngineError and Cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class LocalGrader:
    """Grades on this machine's engine."""

    spec: ExerciseSpec
    open_engine: Callable[[], Engine]
    environ: Mapping[str, str]
    now: Callable[[], datetime]
    clock: Callable[[], float]
    nonce: Callable[[], str]
    layer_store: LayerStore | None = None

    def prepare(self) -> None:
        """Ask the engine, and remove what a run that was killed left on it. Raises EngineError."""
        sweep(self.open_engine)

    def probe(self) -> None:
        """Ask the engine. Raises EngineError."""
        with closing(self.open_engine()) as engine:
            engine.info()

    def grade(self, submission: Submission, cancel: Cancel, tell: Tell) -> Graded:
        """Grade one submission. Raises Cancelled, once all is removed."""
        cut_short = False
        events = grade(
            submission,
            self.spec,
            self.open_engine,
            cancel=cancel,
            nonce=self.nonce(),
            now=self.now,
            clock=self.clock,
            environ=self.environ,
            layer_store=self.layer_store,
        )
        with closing(events):
            for event in events:
                cut_short = cut_short or _is_cut_short(event)
                if isinstance(event, GradeFinished):
                    return Graded(event.report, cut_short)
                tell(event)
        raise AssertionError("Grading ended without a report")


def sweep(open_engine: Callable[[], Engine]) -> None:
    """Remove what a run that was killed left on an engine that answers. Raises EngineError."""
    with closing(open_engine()) as engine:
        engine.info()
        for run_id in {leftover.run_id for leftover in engine.leftovers()}:
            engine.remove(run_id)


def _is_cut_short(event: GradeEvent) -> bool:
    if isinstance(event, BuildFinished):
        return event.error.startswith(BUILD_STOPPED)
    return isinstance(event, RunFinished) and event.exit_code is None
