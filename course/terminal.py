"""Owns what we know about the terminal and what moves in it; must never decide what is said."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import NamedTuple, TextIO

TICK_S = 0.1
"""How often the status line is painted again."""
FRAMES = "|/-\\"
DUMB = ("", "dumb", "unknown")
"""Values of TERM of terminals that can only print."""


class Terminal(NamedTuple):
    """Facts about the streams that a command was started with."""

    stdin: bool
    """Whether standard input is a terminal; likewise the next two."""
    stdout: bool
    stderr: bool
    columns: int
    lines: int
    colours: int
    """How many colours the terminal shows: 0, 8, 256 or 16,777,216."""
    encoding: str
    """Encoding of standard output, lower case."""
    moves: bool = True
    """Whether a line can be written over, and the screen be used as a whole."""

    @property
    def interactive(self) -> bool:
        """Whether somebody sits there who sees a question and can answer it."""
        return self.stdin and self.stderr

    @property
    def full_screen(self) -> bool:
        """Whether the desk can be shown."""
        return self.stdin and self.stdout and self.moves


def look(environ: Mapping[str, str], *, no_colour: bool = False) -> Terminal:
    """Find out about the standard streams. `no_colour` and a set NO_COLOR both take the colours away."""
    columns, lines = _size()
    return Terminal(
        stdin=_is_tty(sys.stdin),
        stdout=_is_tty(sys.stdout),
        stderr=_is_tty(sys.stderr),
        columns=columns,
        lines=lines,
        colours=0 if no_colour else colours(environ),
        encoding=(getattr(sys.stdout, "encoding", None) or "ascii").lower(),
        moves=environ.get("TERM", "") not in DUMB,
    )


def colours(environ: Mapping[str, str]) -> int:
    """How many colours the environment promises. Source: no-color.org; the COLORTERM convention."""
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR") or term in DUMB:
        return 0
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return 256**3
    return 256 if "256" in term else 8


def _is_tty(stream: TextIO | None) -> bool:
    """Whether the stream is a terminal; a closed or missing one is not."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def _size() -> tuple[int, int]:
    """Columns and lines of the first standard stream that is a terminal, else 80 by 24."""
    for number in (2, 1, 0):
        try:
            size = os.get_terminal_size(number)
        except OSError:
            continue
        if size.columns and size.lines:
            return size.columns, size.lines
    return 80, 24


class Clockwork:
    """Paints again every `tick_s` in a thread of its own, so that silence of the work is not silence of the screen."""

    def __init__(self, name: str, paint: Callable[[], None], tick_s: float) -> None:
        self.lock = threading.Lock()
        """Held while `paint` runs; whoever else paints holds it too."""
        self._paint = paint
        self._tick_s = tick_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, once."""
        self._thread.start()

    def stop(self) -> None:
        """Wait for the last painting; there is none after this."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._tick_s):
            with self.lock:
                self._paint()


class StatusLine:
    """One line at the foot of a terminal that says what is going on, with a clock; lines go above it."""

    def __init__(self, write: Callable[[str], None], columns: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._columns = columns
        self._clock = clock
        self._text = ""
        self._since = 0.0
        self._frame = 0
        self._clockwork = Clockwork("status-line", self._tick, TICK_S)

    def __enter__(self) -> StatusLine:
        """Begin to paint."""
        self._clockwork.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the line away."""
        self._clockwork.stop()
        with self._clockwork.lock:
            self._text = ""
            self._write("\r\x1b[K")

    def show(self, text: str, *, restart: bool = False) -> None:
        """Say this from now on; the clock starts again when `restart` is set or there was no text."""
        with self._clockwork.lock:
            if restart or not self._text:
                self._since = self._clock()
            self._text = text
            self._paint()

    def print(self, line: str) -> None:
        """Put a finished line above."""
        with self._clockwork.lock:
            self._write(f"\r\x1b[K{line}\n")
            self._paint()

    def _tick(self) -> None:
        self._frame += 1
        self._paint()

    def _paint(self) -> None:
        if not self._text:
            return
        elapsed = f"{self._clock() - self._since:.0f} s"
        room = max(10, self._columns - len(elapsed) - 6)
        text = self._text if len(self._text) <= room else f"{self._text[: room - 3]}..."
        self._write(f"\r\x1b[K{FRAMES[self._frame % len(FRAMES)]} {text}  {elapsed}")


def bar(fraction: float | None, width: int = 20) -> str:
    """A progress bar of plain characters: "[=====     ]  50%"; empty when the end can't be told."""
    if fraction is None:
        return ""
    share = min(1.0, max(0.0, fraction))
    filled = round(share * width)
    return f"[{'=' * filled}{' ' * (width - filled)}] {share:4.0%}"
