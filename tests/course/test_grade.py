"""Tests of `dockyard grade` and `dockyard override`: what they say, write and end with."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Protocol

import pytest
from click.testing import Result

from course.commands.cohort_progress import CohortNarrator, Tally, table
from course.commands.verbosity import Verbosity
from graders.cohort.gradebook.book import FILE_NAME, open_gradebook
from graders.cohort.row import GradeState
from graders.cohort.run_event import EngineAway, GradingEnded, GradingStage, GradingStarted, RunPlanned
from graders.engine.base import Engine
from graders.engine.fake.engine import FakeEngine
from graders.errors import EngineUnavailable
from tests.conftest import REAL_ENVIRON
from tests.course.command_line import dockyard
from tests.graders.cohort.small_exercise import small_exercise

ROOT = Path(__file__).parents[2]
ANSWERS = {
    "ada": "FROM python:3.11-slim\nRUN echo 1\n",
    "bo": "FROM python:3.11-slim\nRUN exit 3\n",
    "carl": "FROM python:3.11-slim\nRUN echo 1\n",
}
ROSTER = "id,name\nada,Ada Lee\nbo,=HYPERLINK()\ncarl,Carl\ndora,Dora\n"
HOSTILE = "ev\x1b]0;owned\x07il\u202egnp"


class Grade(Protocol):
    """Runs `dockyard ARGS` in a folder that holds `in`, `small` and `roster.csv`."""

    def __call__(self, *args: str, engine: Callable[[], Engine] = ...) -> Result: ...


@pytest.fixture
def cohort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An exercise, three submissions of which two are identical, and a roster of four."""
    small_exercise(tmp_path / "small", '[build]\nbases = ["python:3.11-slim"]\n')
    for name, text in ANSWERS.items():
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "Dockerfile").write_text(text)
    (tmp_path / "roster.csv").write_text(ROSTER)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def grade(cohort: Path) -> Grade:
    """The command line on an engine in memory."""

    def invoke(*args: str, engine: Callable[[], Engine] = FakeEngine) -> Result:
        assert cohort.is_dir()
        return dockyard(*args, engine=engine)

    return invoke


def no_engine() -> Engine:
    """What opening an engine does on a machine without one."""
    raise EngineUnavailable("No engine answers", hint="Start one: dockyard engine up")


WORDS = ("grade", "in", "--exercise", "small", "--out", "out", "--roster", "roster.csv")


def test_cohort_is_graded_and_handed_back(grade: Grade, cohort: Path) -> None:
    """Each row is in the tables and has a folder; the log has a line for each that was graded."""
    result = grade(*WORDS, "-j", "1")
    rows = list(csv.DictReader((cohort / "out" / "gradebook.csv").read_text("utf-8-sig").splitlines()))

    assert 0 == result.exit_code
    assert "1 of 4 rows can't be graded: 1 missing" in result.stderr
    assert "4 rows: 2 to grade, 1 identical to another, 1 with nothing to grade" in result.stderr
    assert "1/2 passed   ada  3/3 points" in result.stderr
    assert "and 1 identical" in result.stderr
    assert "2/2 failed   bo  1/3 points" in result.stderr
    assert "2  passed" in result.stdout
    assert 4 == len(rows)
    assert "=HYPERLINK()" not in [value for row in rows for value in row.values()]
    assert {"ada", "bo", "carl", "dora"} == {path.name for path in (cohort / "out" / "students").iterdir()}
    assert (cohort / "out" / "report.html").is_file()


def test_second_run_grades_nothing_and_says_so_in_json(grade: Grade) -> None:
    """What is unchanged is kept; the data on standard output are JSON and nothing else."""
    grade(*WORDS)
    document = json.loads(grade(*WORDS, "--format", "json", engine=no_engine).stdout)

    assert (0, "done", 4) == (document["graded"], document["ending"], document["rows"])
    assert {"waiting": 0, "passed": 2, "failed": 1, "errored": 0, "ungraded": 1} == document["counts"]


def test_missing_engine_says_the_next_command_and_keeps_grades(grade: Grade, cohort: Path) -> None:
    """Nothing is graded without an engine, and what was graded before stays, also with --fresh."""
    first = grade(*WORDS, engine=no_engine)
    grade(*WORDS)
    second = grade(*WORDS, "--fresh", engine=no_engine)
    book = open_gradebook(cohort / "out" / FILE_NAME, create=False)
    states = [row.state for row in book.rows()]
    book.close()

    assert [3, 3] == [first.exit_code, second.exit_code]
    assert "dockyard engine up" in first.stderr
    assert [GradeState.PASSED, GradeState.FAILED, GradeState.PASSED, GradeState.UNGRADED] == states


def test_only_and_fresh_grade_what_was_chosen(grade: Grade) -> None:
    """One student is graded again; a slip in the id grades nobody and names the nearest."""
    grade(*WORDS)
    again = grade(*WORDS, "--only", "bo", "--fresh")
    slip = grade(*WORDS, "--only", "caarl")

    assert "4 rows: 1 to grade, 1 with nothing to grade, 2 not chosen" in again.stderr
    assert 2 == slip.exit_code
    assert "Did you mean 'carl'?" in slip.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--out", "in/out"), "lies in in, and would be taken for a submission"),
        (("--out", "out", "--timing-counts", "-j", "2"), "needs -j 1"),
        (("--out", "out", "--due", "soon"), "'soon' is no date: write 2026-11-20"),
        (("--out", "roster.csv/x"), "can't be written to"),
        (("--out", "out", "--roster", "small/exercise.toml"), "no column is an id"),
    ],
)
def test_what_can_not_be_done_is_refused_before_anything_is_graded(
    grade: Grade, words: tuple[str, ...], message: str
) -> None:
    """The error names what was seen, and the exit code is 2."""
    result = grade("grade", "in", "--exercise", "small", *words)

    assert 2 == result.exit_code
    assert message in result.stderr


def test_place_that_is_no_cohort_says_what_to_give(grade: Grade) -> None:
    """One submission alone is refused with a hint, and leaves no rows."""
    result = grade("grade", "in/ada", "--exercise", "small", "--out", "out")

    assert 2 == result.exit_code
    assert "one folder or archive each" in result.stderr


def test_roster_of_others_is_noticed(grade: Grade, cohort: Path) -> None:
    """When nobody who handed in is on the roster, that is said with examples, and no engine is asked."""
    (cohort / "roster.csv").write_text("id,name\ns1,Zoe\n")
    result = grade(*WORDS, engine=no_engine)

    assert "4 of 4 rows can't be graded: 1 missing, 3 unmatched" in result.stderr
    assert "are the roster's ids those in it?" in result.stderr
    assert "unmatched  ada: Nobody on the roster is ada" in result.stderr


def test_hostile_names_reach_the_log_without_their_sequences(grade: Grade, cohort: Path) -> None:
    """Neither what a folder is called nor what a Dockerfile makes the engine say can move the terminal."""
    (cohort / "in" / HOSTILE).mkdir()
    (cohort / "in" / HOSTILE / "Dockerfile").write_text("FROM python:3.11-slim\n")
    (cohort / "in" / "eve").mkdir()
    (cohort / "in" / "eve" / "Dockerfile").write_text("FROM python:3.11-slim\nRUN echo '\x1b[2J' && exit 7\n")
    result = grade("grade", "in", "--exercise", "small", "--out", "out", "-v")

    assert 0 == result.exit_code
    assert not [line for line in (result.stderr + result.stdout).splitlines() if not line.isprintable()]
    assert "5 rows: 3 to grade, 1 identical to another, 1 with nothing to grade" in result.stderr


def test_points_given_by_hand_outlive_a_regrade(grade: Grade, cohort: Path) -> None:
    """An override needs a reason, is listed, and stays where the same row is graded anew."""
    grade(*WORDS)
    without = grade("override", "out", "bo", "2")
    given = grade("override", "out", "bo", "2", "--reason", "The proxy\x1b[31m was down")
    grade(*WORDS, "--fresh")
    listed = grade("override", "out")
    row = next(
        row
        for row in csv.DictReader((cohort / "out" / "gradebook.csv").read_text("utf-8-sig").splitlines())
        if "bo" in row.values()
    )

    assert (2, 0) == (without.exit_code, given.exit_code)
    assert "need a reason" in without.stderr
    assert "bo  2  The proxy was down" in listed.stdout
    assert "The proxy was down" in row.values()


def test_override_leaves_a_newer_gradebook_where_it_is(grade: Grade, cohort: Path) -> None:
    """What a newer Dockyard wrote is refused, and neither changed nor moved."""
    grade(*WORDS)
    path = cohort / "out" / FILE_NAME
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.commit()
    before, names = path.read_bytes(), sorted(path.parent.iterdir())
    result = grade("override", "out", "bo", "2", "--reason", "Half of it was mine")

    assert 2 == result.exit_code
    assert "of another version of Dockyard" in result.stderr
    assert before == path.read_bytes()
    assert names == sorted(path.parent.iterdir())


def test_table_fits_its_window_whatever_a_student_is_called() -> None:
    """No line is wider than the window and no more lines than it has; sequences in names are gone."""
    tally = Tally(lambda: 10.0)
    tally.take(RunPlanned(rows=300, nothing_to_grade=0, kept=0, same=0, to_grade=300))
    for lane in range(1, 65):
        tally.take(GradingStarted(f"{HOSTILE}{lane}" * 5, lane))
        tally.take(GradingStage(f"{HOSTILE}{lane}" * 5, lane, "Building the image\x1b[2J" * 10))
    tally.take(GradingEnded("x", 3, GradeState.PASSED, 1.0))
    tally.take(EngineAway("gone\x1b[2J", 60.0))
    for columns, lines in ((80, 24), (140, 40), (20, 5)):
        painted = table(tally, "small", columns, lines)

        assert len(painted) < lines
        assert all(len(line) < columns and line.isprintable() for line in painted)
    assert "1 of 300" in table(tally, "small", 80, 24)[0]
    assert "63 running, 236 in the queue, 1 passed" == table(tally, "small", 80, 24)[1]
    assert "... and" in table(tally, "small", 80, 24)[-1]


def test_live_table_is_taken_away_before_a_line_that_stays() -> None:
    """What is painted goes up as many lines as it painted before; at the end nothing of it is left."""
    raw: list[str] = []
    with CohortNarrator("small", Verbosity.NORMAL, size=lambda: (80, 24), write_raw=raw.append) as narrator:
        narrator.tell(RunPlanned(rows=2, nothing_to_grade=0, kept=0, same=0, to_grade=2))
        narrator.tell(GradingStarted("ada", 1))
        narrator.tell(GradingEnded("ada", 1, GradeState.ERRORED, 1.0, why="disk\x1b[2J full"))
    text = "".join(raw)

    assert "errored" in text
    assert "disk full" in text
    assert "\x1b[2J" not in text
    assert raw[-1].endswith("F\x1b[J")


@pytest.mark.engine
@pytest.mark.usefixtures("python_base")
def test_polite_kill_leaves_no_container_and_says_how_to_go_on(cohort: Path, engine: Engine) -> None:
    """SIGTERM while containers run: they are removed, rows wait, and the exit code says interrupted."""
    for name in ("ada", "bo", "carl"):
        (cohort / "in" / name / "Dockerfile").write_text(f"FROM python:3.11-slim\nRUN sleep 60 && echo {name}\n")
    before = set(engine.leftovers())
    process = subprocess.Popen(
        [sys.executable, "-m", "course", *WORDS, "-j", "2", "-v"],
        cwd=cohort,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={
            **REAL_ENVIRON,
            "PYTHONPATH": str(ROOT),
            "HOME": os.environ["HOME"],
            "DOCKER_HOST": f"unix://{engine.info().socket.removeprefix('unix://')}",
        },
    )
    assert process.stderr is not None
    said: list[str] = []
    while sum("Building the image" in line for line in said) < 2:
        line = process.stderr.readline()
        assert line, said
        said.append(line)
    process.send_signal(signal.SIGTERM)
    stdout, stderr = process.communicate(timeout=60)

    assert 130 == process.returncode
    assert "Stopped. What is graded is kept in out: give the same command again" in stderr
    assert "3  waiting" in stdout
    assert set() == set(engine.leftovers()) - before
