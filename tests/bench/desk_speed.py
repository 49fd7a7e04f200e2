"""How soon the first lesson is on screen, and how soon a key is painted while a build floods its log.

`python -m tests.bench.desk_speed [FROGMOUTH]` prints the figures; with the path of that program, its time for the same
lesson too. All programs run in a pseudo-terminal on the same machine, one after the other in turn, and are timed from
outside: from the start of the process, or from writing a key, to the bytes that paint it. The processor's seconds are
told beside those of the clock, because they hold on a machine that does something else too.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Generator
from pathlib import Path

from course.event import SessionEvent
from graders.cancel import Cancel
from graders.event import BuildLog, Purpose
from tests.course.tui.conftest import ScriptedSession, building, make_desk_session, no_engine
from tests.e2e.progress import pass_before

ROOT = Path(__file__).parents[2]
ROWS, COLUMNS = 40, 140
EMPTY = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("first content")
Empty().run()
"""
EXERCISE = "ship-the-classifier"
"""Of lesson 1.4, the course's longest, 500 lines and more."""
WORDS = "You have a model that works"
"""How it begins."""
TURNS = 7
KEYS = [chr(code) for code in range(0x0400, 0x0480)]
"""Letters that no log line holds."""
LINES_A_BATCH = 200
BATCH_S = 0.01


class Program:
    """A program in a pseudo-terminal."""

    def __init__(self, argv: list[str], home: str) -> None:
        self.began = time.perf_counter()
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            env = {"HOME": home, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
            os.chdir(ROOT)
            os.execve(argv[0], argv, {**env, "PATH": os.environ["PATH"], "DOCKER_HOST": f"unix://{home}/none"})
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def until(self, words: str, timeout_s: float = 60.0) -> float:
        """Seconds until these words were painted."""
        began, seen = time.perf_counter(), b""
        wanted = words.encode()
        while time.perf_counter() - began < timeout_s:
            if select.select([self._fd], [], [], 0.5)[0]:
                seen = (seen + os.read(self._fd, 65536))[-200_000:]
                if wanted in seen:
                    return time.perf_counter() - began
        raise TimeoutError(words)

    def drain(self, during_s: float) -> None:
        """Read what comes, as a terminal does."""
        end = time.perf_counter() + during_s
        while (left := end - time.perf_counter()) > 0:
            if select.select([self._fd], [], [], left)[0]:
                os.read(self._fd, 65536)

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._fd, keys)

    def worked_s(self) -> float:
        """Seconds that the processor has spent in its main thread, which is the one that paints."""
        facts = Path(f"/proc/{self._pid}/task/{self._pid}/schedstat").read_text(encoding="ascii")
        return int(facts.split()[0]) / 1e9

    def close(self) -> float:
        """End it; the seconds that the processor worked for it."""
        os.kill(self._pid, signal.SIGKILL)
        usage = os.wait4(self._pid, 0)[2]
        os.close(self._fd)
        return usage.ru_utime + usage.ru_stime


class FloodingSession(ScriptedSession):
    """A check whose build prints without an end."""

    def check(
        self,
        exercise: str,
        *,
        path: Path | None = None,
        static_only: bool = False,
        fresh: bool = False,
        cancel: Cancel | None = None,
    ) -> Generator[SessionEvent]:
        """20,000 lines a second until it is stopped."""
        yield from (event for event in building("begin") if not isinstance(event, BuildLog))
        number = 0
        while cancel is not None and not cancel.wait(BATCH_S):
            lines = tuple(f"line {number + row} of a log that never ends" for row in range(LINES_A_BATCH))
            number += LINES_A_BATCH
            yield BuildLog(Purpose.GRADED, lines)


def flood(folder: str) -> None:
    """The desk with a check that floods; run in the child."""
    from course.tui.app import run
    from course.tui.memory import Memory

    small = make_desk_session(Path(folder))
    session = FloodingSession(small.paths, environ={}, open_engine=no_engine)
    Memory(session.paths.state / "desk.json").welcome()
    run(session, environ={})


def first_content(frogmouth: str) -> dict[str, object]:
    """Seconds to the first content of an empty app, of the desk and of frogmouth with the same lesson: the medians."""
    dockyard = str(Path(sys.executable).parent / "dockyard")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        state = Path(home) / ".local/share/dockyard"
        state.mkdir(parents=True)
        (state / "desk.json").write_text('{"welcomed": true}')
        environ = {"HOME": home, "PATH": os.environ["PATH"]}
        pass_before(ROOT, Path(home), EXERCISE)
        subprocess.run([dockyard, "start", EXERCISE], env=environ, check=True, capture_output=True)
        lesson = Path(home) / "lesson.md"
        text = (ROOT / "lessons/packaging-for-production/lesson.md").read_text(encoding="utf-8")
        lesson.write_text(text.split("---\n", 2)[2], encoding="utf-8")
        programs = {
            "empty": ([sys.executable, "-c", EMPTY], "first content"),
            "desk": ([dockyard], WORDS),
            **({"frogmouth": ([frogmouth, str(lesson)], WORDS)} if frogmouth else {}),
        }
        clock: dict[str, list[float]] = {name: [] for name in programs}
        cpu: dict[str, list[float]] = {name: [] for name in programs}
        for _ in range(TURNS + 1):
            for name, (argv, words) in programs.items():
                program = Program(argv, home)
                program.until(words)
                clock[name].append(time.perf_counter() - program.began)
                cpu[name].append(program.close())
    figures: dict[str, object] = {"lesson_lines": len(text.splitlines())}
    for unit, times in (("clock", clock), ("cpu", cpu)):
        medians = {name: statistics.median(values[1:]) for name, values in times.items()}
        figures[f"{unit}_s"] = medians
        figures[f"{unit}_desk_to"] = {name: medians["desk"] / medians[name] for name in medians if name != "desk"}
    return figures


def key_to_paint() -> dict[str, float]:
    """Milliseconds from a key to its paint while the log floods: of the clock, and of the desk's main thread."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        program = Program([sys.executable, "-m", "tests.bench.desk_speed", "flood", folder], folder)
        program.until("no engine")
        program.drain(2.0)
        program.type(b"\x1bOS\x1b[15~")
        program.until("of a log that never ends")
        program.drain(2.0)
        clock: list[float] = []
        cpu: list[float] = []
        for key in KEYS:
            worked_s = program.worked_s()
            program.type(key.encode())
            clock.append(program.until(key) * 1000)
            cpu.append((program.worked_s() - worked_s) * 1000)
            program.drain(0.03)
        program.close()
    return {"keys": len(KEYS), **_spread(clock, "ms"), **_spread(cpu, "cpu_ms")}


def _spread(values: list[float], unit: str) -> dict[str, float]:
    """The middle, the 99th percentile and the most."""
    ordered = sorted(values)
    p99 = ordered[int(len(ordered) * 0.99) - 1]
    return {f"median_{unit}": statistics.median(ordered), f"p99_{unit}": p99, f"worst_{unit}": ordered[-1]}


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["flood"]:
        flood(sys.argv[2])
        return
    figures = {
        "first_content": first_content(sys.argv[1] if sys.argv[1:] else shutil.which("frogmouth") or ""),
        "key_to_paint_while_flooding": key_to_paint(),
    }
    print(json.dumps({"load": os.getloadavg()[0], **figures}, indent=1))


if __name__ == "__main__":
    main()
