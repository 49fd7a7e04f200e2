"""Owns the tests of the program as a process: pipes, terminals, signals, encodings, bugs."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.course import command_line

ROOT = Path(__file__).parents[2]
LEVELS = ("dockerfile", "image", "rebuild", "container")
DOCKYARD = (sys.executable, "-m", "course")
CHECKING = """
import signal, sys, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # `nohup make test` has it ignored
from course.session import Session
from graders.errors import Cancelled
from graders.event import StageStarted
from graders.outcome import Level

def check(self, exercise, *, path=None, static_only=False, fresh=False, cancel):
    yield StageStarted(Level.IMAGE, "Building the image")
    while not cancel.is_set:
        time.sleep(0.02)
    print("CLEANED UP", file=sys.stderr)
    raise Cancelled

Session.check = check
sys.argv = ["dockyard", "check", "ship-the-classifier"]
from course.__main__ import main
main()
"""
"""The real program over a check that only ends when it is cancelled."""


def dockyard(*args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the program without a terminal."""
    return subprocess.run(
        [*DOCKYARD, *args],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def read_until(terminal: int, enough: Callable[[str], bool], timeout_s: float = 20.0) -> str:
    """What a terminal shows until it is enough, or the program behind it has left."""
    shown = ""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and not enough(shown):
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                data = os.read(terminal, 65536)
            except OSError:
                break
            if not data:
                break
            shown += data.decode("utf-8", "replace")
    return shown


def test_without_terminal_prints_the_outline() -> None:
    """In a pipe the desk is never started."""
    done = dockyard()

    assert done.returncode == 0
    assert "ship-the-classifier" in done.stdout
    assert "Next: " in done.stdout


@pytest.mark.parametrize("piped", ["stdin", "stdout"])
def test_with_half_a_terminal_prints_the_outline(piped: str) -> None:
    """The desk needs both standard input and standard output to be a terminal."""
    ours, theirs = pty.openpty()
    stdin, stdout = (subprocess.DEVNULL if piped == name else theirs for name in ("stdin", "stdout"))
    environ = {**os.environ, "TERM": "xterm"}
    process = subprocess.Popen(DOCKYARD, cwd=ROOT, env=environ, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL)
    os.close(theirs)
    shown = read_until(ours, lambda text: "Next: " in text)
    code = process.wait(20)
    os.close(ours)

    assert code == 0
    assert "\x1b[?1049h" not in shown
    assert ("Next: " in shown) is (piped == "stdin")


def test_reader_that_leaves_is_no_error() -> None:
    """`dockyard list | head -c1` prints no traceback, and keeps its own exit code."""
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [*DOCKYARD, "list"], cwd=ROOT, stdout=theirs, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    os.close(theirs)

    assert (done.returncode, done.stderr) == (0, "")


def test_closed_standard_streams_are_no_bug() -> None:
    """A program started with its streams closed still ends by itself."""
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m course list <&- >&- 2>&-"], cwd=ROOT, timeout=60, check=False
    )

    assert done.returncode == 0


def test_poor_encoding_prints_replacements() -> None:
    """A terminal that knows Latin 1 only gets question marks, not a traceback."""
    starter = "exercises/ship-the-classifier/starter"
    done = dockyard("check", "ship-the-classifier", "--static", "--path", starter, PYTHONIOENCODING="latin-1")

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "? Docker can read every instruction" in done.stdout


def test_bug_shows_traceback_and_how_to_report_it() -> None:
    """What nobody expected is shown whole, blamed on us, and never reads as a failed check."""
    program = (
        "import course.cli, sys\n"
        "sys.argv.append('--version')\n"
        "def broken(*args, **options):\n    raise ZeroDivisionError('a bug')\n"
        "course.cli.cli.main = broken\n"
        "from course.__main__ import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 3
    assert "ZeroDivisionError: a bug" in done.stderr
    assert "bug in Dockyard" in done.stderr.splitlines()[-1]


def test_check_with_dead_engine_keeps_static_outcomes_and_progress(tmp_path: Path) -> None:
    """Static outcomes still come, the rest is ERRORED with its remedy, the code is 3, and no attempt is recorded."""
    command_line.dockyard("--unlock-all", "start", "ship-the-classifier")
    work = Path(os.environ["HOME"]) / "dockyard" / "ship-the-classifier"
    shutil.copytree(ROOT / "exercises" / "ship-the-classifier" / "solution", work, dirs_exist_ok=True)

    done = dockyard("check", "ship-the-classifier", "--format", "json", DOCKER_HOST=f"unix://{tmp_path}/dead.sock")
    value = json.loads(done.stdout)
    statuses = {level: {check["status"] for check in value["checks"] if check["level"] == level} for level in LEVELS}

    assert (done.returncode, value["status"]) == (3, "errored")
    assert statuses == {
        "dockerfile": {"passed"},
        "image": {"errored"},
        "rebuild": {"errored"},
        "container": {"errored"},
    }
    assert "dockyard engine up" in done.stderr
    assert "never checked" in command_line.dockyard("list").stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_cancels_a_check_cleanly(number: signal.Signals) -> None:
    """ctrl+c, a polite kill and a closed terminal all let the check clean up, and end with 130."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHECKING], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert "Building the image" in process.stderr.readline()

    process.send_signal(number)
    _, told = process.communicate(timeout=20)

    assert process.returncode == 130
    assert "CLEANED UP" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("no_colour", [False, True])
def test_check_in_a_terminal_shows_a_status_line_with_a_clock(*, no_colour: bool) -> None:
    """With a terminal on standard error one line moves, and it is gone after ctrl+c; nothing of it is data."""
    ours, theirs = pty.openpty()
    environ = {**os.environ, "TERM": "xterm-256color"} | ({"NO_COLOR": "1"} if no_colour else {})
    process = subprocess.Popen(
        [sys.executable, "-c", CHECKING], cwd=ROOT, env=environ, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs,
        start_new_session=True, text=True,
    )  # fmt: skip
    os.close(theirs)
    shown = read_until(ours, lambda text: text.count("Building the image") > 3)
    process.send_signal(signal.SIGINT)
    shown += read_until(ours, lambda text: "Stopped on request" in text)
    data = process.communicate(timeout=20)[0]
    os.close(ours)

    assert process.returncode == 130
    assert data == ""
    assert "\r\x1b[K| Building the image  0 s" in shown or "\r\x1b[K/ Building the image  0 s" in shown
    assert ("\x1b[31m" in shown) is not no_colour
    assert "Stopped on request" in shown.rsplit("\x1b[K", 1)[1]


def test_reset_asks_in_a_terminal(tmp_path: Path) -> None:
    """In a terminal "no" changes nothing and says so."""
    command_line.dockyard("--workspace", str(tmp_path / "w"), "start", "first-image")
    dockerfile = tmp_path / "w" / "first-image" / "Dockerfile"
    dockerfile.write_text("FROM mine\n")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*DOCKYARD, "--workspace", str(tmp_path / "w"), "reset", "first-image"],
        cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    read_until(ours, lambda text: "[y/N]" in text)
    os.write(ours, b"n\n")
    shown = read_until(ours, lambda text: "Nothing was changed" in text)
    code = process.wait(20)
    os.close(ours)

    assert (code, dockerfile.read_text()) == (1, "FROM mine\n")
    assert "Nothing was changed" in shown
