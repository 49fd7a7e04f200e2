"""Tests of runs that are killed, and of two runs at once: nothing is lost and nothing is graded twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from graders.cohort.out_lock import out_lock
from graders.errors import GradebookError
from tests.graders.cohort import run_once
from tests.graders.cohort.gradebook_lines import book_lines
from tests.graders.cohort.small_exercise import small_exercise

ROOT = Path(__file__).parents[3]
COUNT = 12
DOCKERFILES = (
    "FROM python:3.11-slim\nRUN sleep 0.02\nRUN echo {}\n",
    "FROM python:3.11-slim\nRUN sleep 0.02\nRUN exit {}\n",
    "FROM python\nRUN echo {}\n",
)


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    """An exercise and submissions, every fourth of them a copy."""
    small_exercise(tmp_path / "small")
    for number in range(COUNT):
        folder = tmp_path / "in" / f"s{number:02}"
        folder.mkdir(parents=True)
        original = number - 3 if number % 4 == 3 else number
        (folder / "Dockerfile").write_text(DOCKERFILES[original % 3].format(original + 1))
    return tmp_path


def start(cohort: Path, out: str) -> subprocess.Popen[str]:
    """A run in a process of its own."""
    words = [str(cohort / "small"), str(cohort / "in"), str(cohort / out), "2"]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.graders.cohort.run_once", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def killed_after(cohort: Path, out: str, lines: int) -> list[str]:
    """Kill a run as soon as it said that much; the lines that it got to say."""
    process = start(cohort, out)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate(timeout=60)
    return [*said, *rest.splitlines(keepends=True)]


def test_run_that_is_killed_again_and_again_ends_in_the_same_gradebook(cohort: Path) -> None:
    """Killed while it begins, between and after rows, and gone on with: every row as in a run in peace."""
    assert 0 == run_once.main(cohort / "small", cohort / "in", cohort / "peace", 2)
    done: list[str] = []
    for lines in (1, 5):
        done += [line for line in killed_after(cohort, "war", lines) if line.startswith("GradingEnded")]
    last = start(cohort, "war")
    said, trouble = last.communicate(timeout=120)

    assert (0, "") == (last.returncode, trouble)
    assert book_lines(cohort / "peace") == book_lines(cohort / "war")
    assert COUNT == len(book_lines(cohort / "war"))
    again = [line for line in said.splitlines() if f"{line}\n" in done]
    assert [] == again, "What was written is not graded again"


def test_second_run_at_the_same_time_is_refused(tmp_path: Path) -> None:
    """Two runs never write into one folder; the second is told which process holds it, and the lock ends with it."""
    with (
        out_lock(tmp_path / "out"),
        pytest.raises(GradebookError, match=f"Another run is grading into .*process {os.getpid()}"),
        out_lock(tmp_path / "out"),
    ):
        pytest.fail("Both were let in")
    with out_lock(tmp_path / "out"):
        pass


def test_folder_that_can_not_be_made_is_an_error(tmp_path: Path) -> None:
    """An --out below a file names the trouble instead of a traceback."""
    (tmp_path / "file").write_text("")

    with pytest.raises(GradebookError, match="can't be written to"), out_lock(tmp_path / "file" / "out"):
        pytest.fail("It was let in")
