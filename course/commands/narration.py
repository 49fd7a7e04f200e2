"""Owns how a check in progress reads on standard error; must never touch the report.

In a terminal there is one status line with a clock and a line a finished step above it; elsewhere there are plain
lines only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from course.commands.output import say, styled
from course.commands.verbosity import Verbosity
from course.event import CheckRecorded, SessionEvent
from course.terminal import StatusLine, bar
from graders.event import (
    BasePreparing,
    BuildFinished,
    BuildLog,
    BuildStepChanged,
    CheckFinished,
    GradeStarted,
    Notice,
    Purpose,
    RunFinished,
    StageStarted,
)
from graders.outcome import Outcome, Status
from graders.safe_text import clean

if TYPE_CHECKING:
    from graders.engine.base import BuildStep

STATUS_COLOURS = {Status.PASSED: "green", Status.FAILED: "red", Status.SKIPPED: "yellow", Status.ERRORED: "magenta"}


class Narrator:
    """Tells events as they come."""

    def __init__(self, status: StatusLine | None, verbosity: Verbosity, write: Callable[[str], None] = say) -> None:
        self._status = status
        self._verbosity = verbosity
        self._write = write
        self._planned = 0
        self._decided: dict[str, Status] = {}
        self._last_base = ""

    def tell(self, event: SessionEvent) -> None:  # noqa: PLR0912  one branch an event
        """Say what an event means to somebody who waits."""
        match event:
            case GradeStarted():
                self._planned = len(event.checks)
                self._show(f"Checking {clean(event.exercise)}")
            case StageStarted():
                self._line(event.text, status=True)
            case BasePreparing():
                self.base(event)
            case BuildStepChanged():
                self._step(event.purpose, event.step)
            case BuildLog() if self._verbosity is Verbosity.VERBOSE:
                for line in event.lines:
                    self._line(f"      {clean(line)}")
            case BuildFinished():
                # A rebuild check may want its build to fail, so only the graded build's end is news.
                if event.purpose is Purpose.GRADED:
                    ended = "The build failed" if event.error else "Built"
                    self._line(f"  {ended} after {event.elapsed_s:.1f} s")
            case RunFinished() if self._verbosity is Verbosity.VERBOSE:
                code = "was stopped" if event.exit_code is None else f"ended with {event.exit_code}"
                self._line(f"  A run {code} after {event.elapsed_s:.1f} s")
            case Notice() if self._verbosity is Verbosity.VERBOSE:
                self._line(f"  Note: {clean(event.text)}")
            case CheckFinished():
                self._check(event.outcome)
            case CheckRecorded():
                self._recorded(event)
            case _:
                pass

    def headline(self, text: str) -> None:
        """Say which piece of a longer work begins."""
        self._decided.clear()
        self._line(clean(text), status=True)

    def note(self, text: str) -> None:
        """Say something that stays."""
        self._line(clean(text))

    def detail(self, text: str) -> None:
        """Say what a piece of a longer work does just now: a line only for those who asked for more."""
        if self._verbosity is Verbosity.VERBOSE:
            self._line(f"  {clean(text)}")
        else:
            self._show(clean(text))

    def verdict(self, ok: bool, name: str, text: str, elapsed_s: float) -> None:
        """Say how a piece of a longer work ended."""
        word = styled("ok   ", "green") if ok else styled("wrong", "red", bold=True)
        self._line(f"  {word} {clean(name)}  {clean(text)}  {elapsed_s:.1f} s")

    def base(self, event: BasePreparing) -> None:
        """Say how far a base image is."""
        text = f"{clean(event.reference)}: {clean(event.text)}"
        if self._status is not None:
            self._show(f"{text} {bar(event.fraction)}".rstrip())
            return
        # Without a terminal a line a phase is enough; a percentage a line is not.
        if text != self._last_base:
            self._last_base = text
            self._line(text)

    def _step(self, purpose: Purpose, step: BuildStep) -> None:
        """A step of a build: internal ones and those of rebuilds only when asked for more."""
        from graders.engine.base import StepStatus

        name = clean(step.name, max_len=200)
        if step.status is StepStatus.RUNNING:
            self._show(name)
            return
        internal = step.line is None or name.startswith("[internal]")
        if (internal or purpose is not Purpose.GRADED) and self._verbosity is not Verbosity.VERBOSE:
            return
        where = "        " if step.line is None else f"line {step.line:<3}"
        if step.status is StepStatus.CACHED:
            ended = styled("CACHED", "cyan")
        elif step.status is StepStatus.FAILED:
            ended = styled(f"FAILED after {step.elapsed_s:.1f} s", "red")
        else:
            ended = f"{step.elapsed_s:.1f} s"
        self._line(f"  {where} {name}  {ended}")

    def _check(self, outcome: Outcome) -> None:
        self._decided[outcome.id] = outcome.status
        if self._verbosity is Verbosity.VERBOSE:
            word = styled(f"{outcome.status:<7}", STATUS_COLOURS[outcome.status])
            self._line(f"  {word} {outcome.id}: {clean(outcome.claim)}")
        elif self._status is not None:
            self._show(f"{len(self._decided)} of {self._planned} checks decided")

    def _recorded(self, event: CheckRecorded) -> None:
        if event.first_pass:
            self._line(styled("Passed for the first time.", "green", bold=True))
        for number in event.unlocked:
            self._line(f"Lesson {number} is open now: dockyard start {number}")

    def _show(self, text: str) -> None:
        """Put into the status line; nothing where there is none."""
        if self._status is not None:
            self._status.show(text)

    def _line(self, text: str, *, status: bool = False) -> None:
        """A line that stays; `status`: in a terminal the status line says it instead."""
        if self._verbosity is Verbosity.QUIET:
            return
        if self._status is None:
            self._write(text)
        elif status:
            self._status.show(text, restart=True)
        else:
            self._status.print(text)
