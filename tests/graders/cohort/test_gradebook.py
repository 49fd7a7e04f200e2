"""Tests of the gradebook: what it keeps, through what, and what it refuses."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graders.cohort.gradebook.book import CohortFacts, Grade, Gradebook, open_gradebook
from graders.cohort.row import GradeState, Override, Row, RowState, Student
from graders.errors import GradebookError
from graders.finding import Finding
from graders.outcome import Level, Outcome, Status
from graders.report import Report
from tests.rows import rows

FACTS = CohortFacts("cache-order", "Order", 3, "d", "s")
DUE = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
FAILED = Outcome(
    "runs-as-root",
    "Not root",
    Level.DOCKERFILE,
    Status.FAILED,
    points=0,
    max_points=3,
    findings=(Finding("USER \x1b[31m\udc80 is root", line=2),),
)
REPORT = Report("cache-order", (FAILED,), "c" * 64, "2026-11-21T10:00:00+00:00", 1.5)


def ready(student_id: str, **changes: object) -> Row:
    """A row that can be graded."""
    row = Row(Student(student_id), RowState.READY, place=Path("handed-in") / student_id)
    return replace(row, **changes)  # type: ignore[arg-type]


def grade(state: GradeState = GradeState.FAILED, key: str = "k1", **changes: object) -> Grade:
    """A grade with a report."""
    return replace(Grade(state, key, "c" * 64, REPORT), **changes)  # type: ignore[arg-type]


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Gradebook]:
    """A new gradebook."""
    opened = open_gradebook(tmp_path / "out" / "gradebook.sqlite", now=lambda: datetime(2026, 11, 21, tzinfo=UTC))
    yield opened
    opened.close()


def test_rows_come_back_as_they_were_put_in(book: Gradebook) -> None:
    """Every field of a row survives the file, in the order given."""
    rows = (
        Row(
            Student("zoe", "Zoe Ünal", "a", DUE),
            RowState.READY,
            place=Path("z.zip"),
            inside="app",
            handed_in_at=DUE,
            commit="abc",
        ),
        Row(Student("ann", "Ann"), RowState.MISSING, "Handed in nothing"),
        Row(Student("zoe"), RowState.DUPLICATE, "An older one", Path("old.zip")),
    )
    book.set_cohort(rows, FACTS)

    assert rows == tuple(graded.row for graded in book.rows())
    assert rows == tuple(book.cohort_rows())
    assert [GradeState.WAITING, GradeState.UNGRADED, GradeState.UNGRADED] == [x.state for x in book.rows()]
    assert FACTS == book.facts()


def test_grade_comes_back_with_its_report(book: Gradebook) -> None:
    """A report with hostile text survives as it was."""
    book.set_cohort([ready("ann")], FACTS)
    book.record("ann", grade())
    (row,) = book.rows()

    assert GradeState.FAILED is row.state
    assert REPORT == row.report
    assert (1, datetime(2026, 11, 21, tzinfo=UTC)) == (row.attempts, row.graded_at)


def test_rows_that_share_a_report_keep_it_once(book: Gradebook) -> None:
    """A row that is the same as another one holds its report without a copy."""
    book.set_cohort([ready("ann"), ready("bob")], FACTS)
    book.record_all([("ann", grade()), ("bob", grade(same_as="ann", attempted=False))])
    _, bob = book.rows()

    assert (REPORT, "ann", 0) == (bob.report, bob.same_as, bob.attempts)
    with sqlite3.connect(book.path) as connection:
        assert (1,) == connection.execute("SELECT count(*) FROM reports").fetchone()
    connection.close()


def test_grades_and_overrides_outlive_a_new_collection(book: Gradebook) -> None:
    """A student who is away in one collection and back in the next has lost nothing."""
    book.set_cohort([ready("ann"), ready("bob")], FACTS)
    book.record("bob", grade(GradeState.PASSED))
    book.override("bob", Override(2, "Late by agreement"))
    book.set_cohort([ready("ann")], FACTS)
    book.set_cohort([ready("bob"), ready("ann")], FACTS)
    bob, _ = book.rows()

    assert (GradeState.PASSED, Override(2, "Late by agreement")) == (bob.state, bob.override)


def test_override_outlives_a_regrade_until_it_is_taken_back(book: Gradebook) -> None:
    """Points by hand stay beside whatever grading finds."""
    book.set_cohort([ready("ann")], FACTS)
    book.override("ann", Override(1, "Typing error in the exercise"))
    book.forget(["ann"])
    book.record("ann", grade())
    assert Override(1, "Typing error in the exercise") == next(book.rows()).override

    book.override("ann", None)

    assert next(book.rows()).override is None


def test_override_of_a_stranger_is_refused(book: Gradebook) -> None:
    """Points for nobody would be lost, so they are refused."""
    book.set_cohort([ready("ann")], FACTS)

    with pytest.raises(GradebookError, match="no student 'eve'"):
        book.override("eve", Override(1, "x"))


def test_forgotten_row_waits_again_and_keeps_its_count(book: Gradebook) -> None:
    """What is graded afresh is counted as another attempt."""
    book.set_cohort([ready("ann")], FACTS)
    book.record("ann", grade())
    book.forget(["ann"])
    assert (GradeState.WAITING, None) == (next(book.rows()).state, next(book.rows()).report)

    book.record("ann", grade())

    assert 2 == next(book.rows()).attempts


def test_unreadable_submission_turns_its_row(book: Gradebook) -> None:
    """A row that looked ready and can't be read says why and is not graded."""
    book.set_cohort([ready("ann")], FACTS)
    book.record_unreadable(replace(ready("ann"), state=RowState.UNREADABLE, reason="There is no Dockerfile"))
    (row,) = book.rows()

    assert (GradeState.UNGRADED, RowState.UNREADABLE, "There is no Dockerfile") == (
        row.state,
        row.row.state,
        row.row.reason,
    )


def test_rescoring_changes_points_and_verdict(book: Gradebook) -> None:
    """A required check that became advisory no longer fails those who shared the report."""
    book.set_cohort([ready("ann"), ready("bob")], FACTS)
    passed = replace(FAILED, id="build-fails", status=Status.PASSED, points=1, max_points=1, findings=())
    report = replace(REPORT, outcomes=(FAILED, passed))
    book.record_all([("ann", grade(report=report)), ("bob", grade(report=report, same_as="ann"))])
    book.rescore(lambda old: replace(old, outcomes=(replace(old.outcomes[0], required=False), old.outcomes[1])))

    assert [GradeState.PASSED, GradeState.PASSED] == [row.state for row in book.rows()]


def test_gradebook_of_another_exercise_is_refused(book: Gradebook) -> None:
    """Grades of two exercises never meet in one file."""
    book.set_cohort([ready("ann")], FACTS)

    with pytest.raises(GradebookError, match="is of the exercise cache-order, not of first-image"):
        book.set_cohort([], replace(FACTS, exercise="first-image"))
    assert ["ann"] == [row.row.student.id for row in book.rows()]


def test_second_ready_row_of_a_student_is_refused(book: Gradebook) -> None:
    """A grade belongs to one submission, so only one may be ready; nothing of the cohort is kept then."""
    with pytest.raises(GradebookError, match="'ann' has more than one submission"):
        book.set_cohort([ready("ann"), ready("ann")], FACTS)
    assert [] == list(book.rows())


def test_reading_goes_on_at_one_moments_state_while_results_come(book: Gradebook) -> None:
    """A slow reader sees the state of when it began, and stops nobody from writing."""
    book.set_cohort([ready("ann"), ready("bob")], FACTS)
    reading = book.rows()
    next(reading)
    book.record("bob", grade())

    assert GradeState.WAITING is next(reading).state
    assert GradeState.FAILED is list(book.rows())[1].state


@rows(
    ("spoil", "word"),
    [
        (lambda path: path.write_bytes(b"no database at all" * 100), "damaged"),
        (lambda path: _execute(path, "PRAGMA user_version = 99"), "newer"),
        (lambda path: _execute(path, "DROP TABLE grades"), "damaged"),
        (lambda path: _execute(path, "PRAGMA user_version = 0"), "damaged"),
    ],
)
def test_spoilt_file_is_kept_aside_and_named(tmp_path: Path, spoil: object, word: str) -> None:
    """A file that can't be used is never reset: it lies beside under a name that the error gives."""
    path = tmp_path / "gradebook.sqlite"
    book = open_gradebook(path)
    book.set_cohort([ready("ann")], FACTS)
    book.close()
    assert callable(spoil)
    spoil(path)
    before = path.read_bytes()

    with pytest.raises(GradebookError) as caught:
        list(open_gradebook(path).rows())

    (aside,) = tmp_path.glob(f"gradebook.{word}-*.sqlite")
    assert str(aside) in caught.value.message
    assert before == aside.read_bytes()
    assert not path.exists()


def test_gradebook_that_must_be_there_is_not_made(tmp_path: Path) -> None:
    """Reading a gradebook that isn't there is an error, and leaves no empty one behind."""
    with pytest.raises(GradebookError, match="There is no gradebook"):
        open_gradebook(tmp_path / "gradebook.sqlite", create=False)
    assert [] == list(tmp_path.glob("gradebook*"))


def test_runs_are_remembered(book: Gradebook) -> None:
    """A run that never said its end is told from one that did."""
    number = book.begin_run(2, "1.0")
    book.begin_run(4, "1.1")
    book.end_run(number, "done", 17)

    first, second = book.runs()

    assert ("done", 17, 2) == (first.ending, first.graded, first.jobs)
    assert ("", "", 4) == (second.ending, second.ended_at, second.jobs)


def _execute(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
