"""Owns how the grading of a cohort reads on standard error; must never touch a result.

In a terminal there is a table that is painted over itself: how far it is, the time left, and what each lane does.
Lines that stay go above it. Elsewhere there are plain lines only, one a row.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType

import click

from course.amount import span
from course.commands.output import say, say_raw
from course.commands.verbosity import Verbosity
from course.terminal import Clockwork, bar
from graders.cohort.row import GradeState, Row, RowState
from graders.cohort.run_event import (
    CohortEvent,
    EngineAway,
    EngineBack,
    GradingEnded,
    GradingStage,
    GradingStarted,
    RowRead,
    RunEnded,
    RunPlanned,
)
from graders.safe_text import clean

TICK_S = 0.25
READ_STEP = 500
"""Without a terminal, reading a large cohort says so every that many rows."""
COLOURS = {
    GradeState.PASSED: "green",
    GradeState.FAILED: "red",
    GradeState.ERRORED: "magenta",
    GradeState.UNGRADED: "yellow",
    GradeState.WAITING: "cyan",
}
NAME_WIDTH = 24
LOST_SHOWN = 5


@dataclass
class Tally:
    """What is known of a run from its events."""

    clock: Callable[[], float]
    to_grade: int = 0
    """Submissions that an engine is asked for; those of which another one is the twin are not among them."""
    finished: int = 0
    states: dict[GradeState, int] = field(default_factory=dict)
    """Rows that this run decided, twins among them."""
    lanes: dict[int, tuple[str, str, float]] = field(default_factory=dict)
    """Lane -> student, what is done, and since when."""
    began_s: float = 0.0
    away: str = ""
    reading: str = ""

    def take(self, event: CohortEvent) -> None:
        """Note an event."""
        match event:
            case RowRead():
                self.reading = f"Reading submissions: {event.done} of {event.total}"
            case RunPlanned():
                self.to_grade, self.began_s, self.reading = event.to_grade, self.clock(), ""
            case GradingStarted():
                self.lanes[event.lane] = (event.student_id, "Reading the Dockerfile", self.clock())
            case GradingStage():
                if event.lane in self.lanes:
                    name, _, since_s = self.lanes[event.lane]
                    self.lanes[event.lane] = (name, event.text, since_s)
            case GradingEnded():
                self.lanes.pop(event.lane, None)
                if event.state is not GradeState.WAITING:
                    self.finished += 1
                    self.states[event.state] = self.states.get(event.state, 0) + 1 + event.same
            case EngineAway():
                self.away = event.text
            case EngineBack():
                self.away = ""
            case _:
                pass

    @property
    def rate_per_s(self) -> float:
        """Submissions a second since grading began; 0 while there is nothing to tell it from."""
        elapsed_s = self.clock() - self.began_s
        return self.finished / elapsed_s if self.finished and elapsed_s > 0 else 0.0

    def pace(self) -> str:
        """The rate and the time left, for a person; empty while nothing is known."""
        rate = self.rate_per_s
        if not rate:
            return ""
        left_s = (self.to_grade - self.finished) / rate
        return f"{rate * 60:.1f} a minute, {span(left_s)} left"


def table(tally: Tally, title: str, columns: int, lines: int) -> list[str]:
    """The lines of the live table, none wider than the terminal, no more of them than it has."""
    if tally.reading:
        return [tally.reading[: columns - 1]]
    share = tally.finished / tally.to_grade if tally.to_grade else 1.0
    waiting = max(0, tally.to_grade - tally.finished - len(tally.lanes))
    counts = [(str(state), count) for state, count in tally.states.items()]
    numbers = [("running", len(tally.lanes)), ("in the queue", waiting), *counts]
    head = [
        f"{title}  {bar(share)}  {tally.finished} of {tally.to_grade}  {tally.pace()}".rstrip(),
        ", ".join(f"{count} {word}" for word, count in numbers),
    ]
    if tally.away:
        head.append(f"The engine does not answer, waiting for it: {clean(tally.away)}")
    rows = []
    for lane, (name, text, since_s) in sorted(tally.lanes.items()):
        shown = clean(name, max_len=NAME_WIDTH)
        rows.append(f"{lane:>3}  {shown:<{NAME_WIDTH + 2}}  {clean(text)}  {tally.clock() - since_s:.0f} s")
    room = max(1, lines - len(head) - 2)
    if len(rows) > room:
        rows[room - 1 :] = [f"     ... and {len(rows) - room + 1} more"]
    return [line[: columns - 1] for line in head + rows]


def _ended_line(event: GradingEnded, finished: int, to_grade: int) -> str:
    """A line that says how one submission ended."""
    name = clean(event.student_id, max_len=80)
    if event.state is GradeState.WAITING:
        return f"        again  {name}: {clean(event.why)}"
    word = click.style(f"{event.state:<8}", fg=COLOURS[event.state])
    points = f"  {event.points}/{event.max_points} points" if event.max_points else ""
    same = f"  and {event.same} identical" if event.same else ""
    why = f"  {clean(event.why)}" if event.why else ""
    return f"{finished:>4}/{to_grade} {word} {name}{points}  {event.elapsed_s:.1f} s{same}{why}"


class CohortNarrator:
    """Tells the events of a run: with a live table where `size` tells columns and lines, else a line a row."""

    def __init__(
        self,
        title: str,
        verbosity: Verbosity,
        *,
        size: Callable[[], tuple[int, int]] | None = None,
        write: Callable[[str], None] = say,
        write_raw: Callable[[str], None] = say_raw,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._title = clean(title, max_len=40)
        self._verbosity = verbosity
        self._size = size if verbosity is not Verbosity.QUIET else None
        self._write = write
        self._write_raw = write_raw
        self._tally = Tally(clock)
        self._painted = 0
        self._clockwork = Clockwork("cohort-table", self._tick, TICK_S)

    def __enter__(self) -> CohortNarrator:
        """Begin to paint."""
        if self._size is not None:
            self._clockwork.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the table away."""
        if self._size is not None:
            self._clockwork.stop()
            with self._clockwork.lock:
                self._erase()
                self._size = None

    def tell(self, event: CohortEvent) -> None:
        """Say what an event means to somebody who waits."""
        with self._clockwork.lock:
            self._tally.take(event)
            for line in self._lines(event):
                self._print(line)

    def collecting(self, done: int, total: int) -> None:
        """Say how many students' submissions were looked through."""
        with self._clockwork.lock:
            self._tally.reading = f"Looking through what was handed in: {done} of {total}"
            if self._size is None and total > READ_STEP and done % READ_STEP == 0:
                self._print(self._tally.reading)

    def note(self, line: str) -> None:
        """Say something that stays above the table."""
        with self._clockwork.lock:
            self._print(line)

    def _lines(self, event: CohortEvent) -> list[str]:
        tally, live = self._tally, self._size is not None
        match event:
            case RunPlanned():
                return _planned_lines(event)
            case RowRead() if not live and event.total > READ_STEP and event.done % READ_STEP == 0:
                return [tally.reading]
            case GradingEnded():
                notable = event.state in (GradeState.ERRORED, GradeState.UNGRADED)
                if live and not notable and self._verbosity is not Verbosity.VERBOSE:
                    return []
                return [_ended_line(event, tally.finished, tally.to_grade)]
            case GradingStage() if self._verbosity is Verbosity.VERBOSE and not live:
                return [f"        {clean(event.student_id, max_len=80)}: {clean(event.text)}"]
            case EngineAway():
                return [f"The engine does not answer, waiting {event.wait_s:.0f} s for it: {clean(event.text)}"]
            case EngineBack():
                return ["The engine answers again"]
            case _:
                return []

    def _print(self, line: str) -> None:
        if self._verbosity is Verbosity.QUIET:
            return
        if self._size is None:
            self._write(line)
            return
        self._erase()
        self._write_raw(f"{line}\n")
        self._paint()

    def _tick(self) -> None:
        self._erase()
        self._paint()

    def _erase(self) -> None:
        if self._painted:
            self._write_raw(f"\x1b[{self._painted}F\x1b[J")
            self._painted = 0

    def _paint(self) -> None:
        if self._size is None or not (self._tally.to_grade or self._tally.reading):
            return
        lines = table(self._tally, self._title, *self._size())
        # Lines don't wrap while the table is painted: what is too wide in a narrower window is cut.
        self._write_raw("\x1b[?7l" + "".join(f"{line}\x1b[K\n" for line in lines) + "\x1b[?7h")
        self._painted = len(lines)


def _planned_lines(event: RunPlanned) -> list[str]:
    """What is to do, for a person."""
    parts = [
        (event.to_grade, "to grade"),
        (event.kept, "graded before and unchanged"),
        (event.same, "identical to another"),
        (event.nothing_to_grade, "with nothing to grade"),
        (event.left_out, "not chosen"),
    ]
    lines = [f"{event.rows} rows: " + ", ".join(f"{count} {words}" for count, words in parts if count)]
    if event.rescored:
        lines.append(f"The exercise's points changed: {event.rescored} kept reports have the new ones")
    return lines


def collected_lines(rows: Sequence[Row], *, every: bool) -> list[str]:
    """What was found that can't be graded, counted; with `every` each of it with its reason."""
    lost = [row for row in rows if row.state is not RowState.READY]
    if not lost:
        return []
    counts = Counter(str(row.state) for row in lost)
    head = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    lines = [f"{len(lost)} of {len(rows)} rows can't be graded: {head}"]
    if len(lost) == len(rows):
        lines.append("So there is nothing to grade. Is this the right folder, and are the roster's ids those in it?")
    shown = lost if every else lost[:LOST_SHOWN] if len(lost) == len(rows) else []
    return lines + [
        f"        {row.state:<10} {clean(row.student.id, max_len=80)}: {clean(row.reason)}" for row in shown
    ]


def summary(event: RunEnded) -> str:
    """How the cohort stands, in one line."""
    counts = ", ".join(f"{count} {state}" for state, count in event.counts.items() if count)
    return f"{counts or 'No rows'}; {event.graded} graded in {span(event.elapsed_s)}"
