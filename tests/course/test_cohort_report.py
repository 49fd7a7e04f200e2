"""Tests of `dockyard report`: results written again from a gradebook, with what is said of lateness kept."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from click.testing import Result

from course.paths import Paths
from graders.cohort.gradebook.book import FILE_NAME, CohortFacts, Grade, open_gradebook
from graders.cohort.hand_back.settings import FILE_NAME as SETTINGS
from graders.cohort.hand_back.settings import read_settings
from graders.cohort.row import GradeState, Override, Row, RowState, Student
from graders.outcome import Level, Outcome, Status
from graders.report import Report
from tests.course.command_line import dockyard

Run = Callable[..., Result]
OUTCOME = Outcome("unpinned-base", "Pinned", Level.DOCKERFILE, Status.PASSED, points=2, max_points=2)
LATE = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.fixture
def run(paths: Paths) -> Run:
    """The command line over the small course, without an engine."""

    return partial(dockyard, paths=paths)


def grade_into(out: Path, content: Path, exercise: str = "tiny") -> Path:
    """A gradebook of two students who handed in the same of their own, a day and some hours after the 20th."""
    book = open_gradebook(out / FILE_NAME)
    rows = []
    for name in ("ann", "ben"):
        place = content.parent / "handed-in" / name
        place.mkdir(parents=True, exist_ok=True)
        (place / "Dockerfile").write_text("FROM python:3.11-slim\nENV MADE_BY=me\nRUN make it\nRUN make more\n")
        rows.append(Row(Student(name), RowState.READY, place=place, handed_in_at=LATE))
    book.set_cohort(rows, CohortFacts(exercise, "A tiny image", 2))
    for name in ("ann", "ben"):
        report = Report(exercise, (OUTCOME,), "c" * 64, "2026-11-23T02:00:00+00:00", 1.0)
        book.record(name, Grade(GradeState.PASSED, "k1", "c" * 64, report))
    book.override("ben", Override(1, "Half of it was mine"))
    book.close()
    return out


def counts(out: Path) -> list[str]:
    """What counts, as the table has it."""
    with (out / "gradebook.csv").open(encoding="utf-8-sig", newline="") as file:
        return [line["counts"] for line in csv.DictReader(file)]


def test_report_writes_everything_and_says_where(run: Run, tmp_path: Path, content: Path) -> None:
    """Each file that is named on standard output is there."""
    out = grade_into(tmp_path / "out", content)
    result = run("report", str(out))
    first, *files = result.stdout.splitlines()

    assert 0 == result.exit_code
    assert "2 rows, 2 students, 1 alike" == first
    assert ["report.html", "gradebook.csv", "gradebook-canvas.csv", "gradebook-moodle.csv", "students"] == [
        Path(file).name for file in files
    ]
    assert all(Path(file).exists() for file in files)
    assert ["2", "1"] == counts(out)


def test_report_json_says_the_same(run: Run, tmp_path: Path, content: Path) -> None:
    """The data names its schema."""
    out = grade_into(tmp_path / "out", content)
    found = json.loads(run("report", str(out), "--format", "json").stdout)

    assert ("dockyard/cohort-report/v1", "tiny", 2, 2, True, 1) == tuple(
        found[key] for key in ("schema", "exercise", "rows", "students", "compared", "alike")
    )
    assert found["page_bytes"] == Path(found["page"]).stat().st_size


def test_lateness_is_said_once_and_holds(run: Run, tmp_path: Path, content: Path) -> None:
    """What was said stays for the next report, each number can be changed alone, and the date taken back."""
    out = grade_into(tmp_path / "out", content)
    run("report", str(out), "--due", "2026-11-20T12:00+00:00", "--late-percent", "20", "--assignment", "Tiny (7)")
    said = counts(out)
    run("report", str(out))
    kept = counts(out)
    run("report", str(out), "--late-free-days", "1")
    freed = counts(out)
    run("report", str(out), "--late-percent", "0", "--late-free-days", "0")
    nothing = counts(out)
    run("report", str(out), "--due", "none")

    assert ["1.2", "1"] == said == kept
    assert ["1.6", "1"] == freed
    assert ["2", "1"] == nothing
    assert read_settings(out).late.due is None
    assert "Tiny (7)" in (out / "gradebook-canvas.csv").read_text()


def test_report_of_an_exercise_that_is_not_here_compares_nothing(run: Run, tmp_path: Path, content: Path) -> None:
    """Without its starter nobody's own lines are known: that is said, and the rest is written."""
    out = grade_into(tmp_path / "out", content, "gone")
    result = run("report", str(out))

    assert 0 == result.exit_code
    assert "Submissions are not compared: the exercise gone is not here" in result.stderr
    assert "A tiny image" in (out / "report.html").read_text()
    assert "alike" not in result.stdout


def test_report_refuses_another_exercise(run: Run, tmp_path: Path, content: Path) -> None:
    """Naming an exercise that was not graded is an error, not a comparison with the wrong starter."""
    out = grade_into(tmp_path / "out", content)
    result = run("report", str(out), "--exercise", str(content / "exercises" / "other"))

    assert 2 == result.exit_code
    assert "of the exercise tiny, not of other" in result.stderr


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (("nowhere",), "is not there"),
        (("content",), "There is no gradebook in"),
        (("out", "--due", "friday"), "is no date"),
        (("out", "--late-percent", "120"), "120"),
        (("out", "--late-free-days", "-1"), "-1"),
    ],
)
def test_report_with_bad_input_ends_with_2(
    run: Run, tmp_path: Path, content: Path, args: tuple[str, ...], text: str
) -> None:
    """What was wrong is named, and nothing is written."""
    out = grade_into(tmp_path / "out", content)
    result = run("report", str(tmp_path / args[0]), *args[1:])

    assert 2 == result.exit_code
    assert text in result.stderr
    assert "Traceback" not in result.output
    assert not (out / "report.html").exists()


def test_report_of_a_gradebook_without_a_cohort_says_what_to_do(run: Run, tmp_path: Path) -> None:
    """A run that was stopped before it collected leaves nothing to report."""
    open_gradebook(tmp_path / "out" / FILE_NAME).close()
    result = run("report", str(tmp_path / "out"))

    assert 2 == result.exit_code
    assert "holds no cohort yet" in result.stderr


def test_report_with_damaged_settings_keeps_them(run: Run, tmp_path: Path, content: Path) -> None:
    """A settings file that can't be read is named with the command that mends it."""
    out = grade_into(tmp_path / "out", content)
    (out / SETTINGS).write_text("{")
    result = run("report", str(out))

    assert 2 == result.exit_code
    assert SETTINGS in result.stderr
    assert "{" == (out / SETTINGS).read_text()


def test_gradebook_is_not_changed_by_a_report(run: Run, tmp_path: Path, content: Path) -> None:
    """Grades, attempts and overrides are after a report what they were before."""
    out = grade_into(tmp_path / "out", content)
    book = open_gradebook(out / FILE_NAME)
    before = list(book.rows())
    run("report", str(out), "--late-percent", "50", "--due", "2026-11-20")

    assert before == list(book.rows())

    book.close()
