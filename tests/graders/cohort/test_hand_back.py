"""Tests of all that a graded cohort leaves: written in one pass, whole, and taken away when it no longer holds."""

from __future__ import annotations

import csv
import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from graders.cohort.gradebook.book import FILE_NAME, CohortFacts, Grade, open_gradebook
from graders.cohort.gradebook.worth import LatePolicy
from graders.cohort.hand_back.outputs import CohortExercise, HandBackOptions, HandedBack, exercise_of
from graders.cohort.hand_back.run import LOCK, write_all
from graders.cohort.hand_back.settings import FILE_NAME as SETTINGS
from graders.cohort.hand_back.settings import HandBackSettings, read_settings
from graders.cohort.row import GradedRow, GradeState, Override, Row, RowState, Student
from graders.errors import GradebookError
from graders.exercise import read_exercise
from graders.formats import gradescope
from graders.formats import json as report_json
from graders.outcome import Status
from tests.graders.cohort.made_rows import DUE, EXERCISE, NOW, graded, made_rows, outcome, report
from tests.rows import rows

EXERCISES = Path(__file__).parents[3] / "exercises"
ANN, BEN = Student("ann"), Student("ben")
FAILED = report(outcome(1, Status.FAILED), sha256="f" * 64)


def written(
    out: Path, rows: Iterable[GradedRow], exercise: CohortExercise = EXERCISE, late: LatePolicy | None = None
) -> HandedBack:
    """Everything, written into `out`."""
    return write_all(out, rows, exercise, HandBackOptions(NOW, late or LatePolicy()))


def counts(out: Path) -> dict[str, str]:
    """Id -> what counts, as the plain table has it."""
    with (out / "gradebook.csv").open(encoding="utf-8-sig", newline="") as file:
        return {line["id"]: line["counts"] for line in csv.DictReader(file)}


def test_files_of_a_student_are_what_the_formats_write(tmp_path: Path) -> None:
    """Byte for byte, whatever stands in them: a program that reads the one can read the other."""
    strange = replace(FAILED, notices=('é \u202e \x1b]0;x\x07 \\ " /', ""), bases=())
    written(tmp_path, [graded(ANN, strange), graded(BEN, report())])

    for name, each in (("ann", strange), ("ben", report())):
        folder = tmp_path / "students" / name
        assert report_json.dumps(each) == (folder / "report.json").read_text()
        assert gradescope.dumps(each) == (folder / "results.json").read_text()


def test_each_student_has_a_folder_with_four_files(tmp_path: Path) -> None:
    """Words, report, JUnit and Gradescope's results stand in a folder of the student's own."""
    out = tmp_path / "out"
    told = written(out, [graded(ANN, FAILED), graded(BEN, report())])

    assert (2, 2) == (told.rows, told.students)
    assert ["feedback.md", "junit.xml", "report.json", "results.json"] == sorted(
        path.name for path in (out / "students" / "ann").iterdir()
    )
    assert "What" in (out / "students" / "ann" / "feedback.md").read_text()
    assert "failed" == json.loads((out / "students" / "ann" / "report.json").read_text())["status"]
    assert told.page == out / "report.html"
    assert told.page_bytes == told.page.stat().st_size


def test_lateness_and_hand_never_touch_the_score_of_any_file(tmp_path: Path) -> None:
    """Gradescope's score and the report's points are what the submission reached, late and overridden as it is."""
    out = tmp_path / "out"
    row = graded(ANN, FAILED)
    late = replace(row, row=replace(row.row, handed_in_at=DUE + timedelta(days=2)), override=Override(9, "Talked"))
    written(out, [late], late=LatePolicy(DUE, percent_per_day=50))
    folder = out / "students" / "ann"

    assert 0 == json.loads((folder / "results.json").read_text())["score"]
    assert 0 == json.loads((folder / "report.json").read_text())["points"]
    assert {"ann": "9"} == counts(out)


def test_errored_row_leaves_no_score_anywhere(tmp_path: Path) -> None:
    """Gradescope gets no score for what could not be decided, and the table an empty cell."""
    out = tmp_path / "out"
    written(out, [graded(ANN, report(outcome(0, Status.PASSED), outcome(1, Status.ERRORED)))])

    assert "score" not in json.loads((out / "students" / "ann" / "results.json").read_text())
    assert {"ann": ""} == counts(out)


def test_files_that_no_longer_hold_are_taken_away(tmp_path: Path) -> None:
    """Who is gone from the cohort has no folder, who handed in nothing any more no report; other files stay."""
    out = tmp_path / "out"
    written(out, [graded(ANN, report()), graded(BEN, report()), graded(Student("cy"), report())])
    (out / "students" / "cy" / "mine.txt").write_text("kept")
    written(out, [GradedRow(Row(ANN, RowState.MISSING, "Handed in nothing"), GradeState.UNGRADED)])

    assert ["feedback.md"] == [path.name for path in (out / "students" / "ann").iterdir()]
    assert not (out / "students" / "ben").exists()
    assert ["mine.txt"] == [path.name for path in (out / "students" / "cy").iterdir()]


def test_duplicate_and_stranger_have_a_line_and_no_folder(tmp_path: Path) -> None:
    """A second submission does not overwrite the feedback of the first, and a stranger gets nothing back."""
    out = tmp_path / "out"
    again = GradedRow(Row(ANN, RowState.DUPLICATE, "An older one"), GradeState.UNGRADED)
    stranger = GradedRow(Row(Student("x"), RowState.UNMATCHED, "Not on the roster"), GradeState.UNGRADED)
    told = written(out, [graded(ANN, report()), again, stranger])

    assert (3, 1) == (told.rows, told.students)
    assert "Passed" in (out / "students" / "ann" / "feedback.md").read_text()


@rows("student_id", ["../../etc", "/etc/passwd", "..", ".hidden", "con", "a/b", "", "\udcff", "x" * 300])
def test_no_id_leads_out_of_the_place(tmp_path: Path, student_id: str) -> None:
    """Whatever a student is called, the files lie in a folder of `students`."""
    out = tmp_path / "out"
    written(out, [graded(Student(student_id), report())])
    (folder,) = (out / "students").iterdir()

    assert (folder / "feedback.md").is_file()
    assert {"out"} == {path.name for path in tmp_path.iterdir()} - {"home"}


def test_override_is_kept_through_a_regrade(tmp_path: Path) -> None:
    """Points given by hand stand after the submission was graded again, until they are taken back."""
    out = tmp_path / "out"
    book = open_gradebook(out / FILE_NAME, now=lambda: NOW)
    book.set_cohort([Row(ANN, RowState.READY, place=Path("a"))], CohortFacts(EXERCISE.id, EXERCISE.title, 10))
    book.record("ann", Grade(GradeState.FAILED, "k1", "f" * 64, FAILED))
    book.override("ann", Override(6, "Explained it in person"))
    book.forget(["ann"])
    book.record("ann", Grade(GradeState.PASSED, "k2", "a" * 64, report()))
    written(out, book.rows())
    kept = counts(out)
    book.override("ann", None)
    written(out, book.rows())
    book.close()

    assert {"ann": "6"} == kept
    assert {"ann": "10"} == counts(out)


def test_writing_twice_changes_no_file(tmp_path: Path) -> None:
    """The same rows and the same moment make the same bytes, and files of students are not touched again."""
    out = tmp_path / "out"
    rows = list(made_rows(40))
    written(out, rows)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in out.rglob("*") if path.is_file()}
    written(out, rows)
    after = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in out.rglob("*") if path.is_file()}
    students = {path for path in before if "students" in path.parts}

    assert {path: data for path, (data, _) in before.items()} == {path: data for path, (data, _) in after.items()}
    assert [before[path] for path in students] == [after[path] for path in students]


def test_late_policy_is_kept_from_one_writing_to_the_next(tmp_path: Path) -> None:
    """A run that says only the date, or nothing, keeps what was said of per cent before."""
    out = tmp_path / "out"
    policy = LatePolicy(DUE, free_days=1, percent_per_day=10, cap_percent=50)
    written(out, [], late=policy)
    written(out, [])
    written(out, [], late=LatePolicy(due=datetime(2026, 12, 1, tzinfo=UTC)))

    assert HandBackSettings(replace(policy, due=datetime(2026, 12, 1, tzinfo=UTC))) == read_settings(out)


@rows("text", ["", "{", "[]", '{"schema": "dockyard/hand-back/v2"}', '{"schema": 3, "late": 4}'])
def test_settings_that_are_not_ours_are_named(tmp_path: Path, text: str) -> None:
    """A damaged or newer settings file is an error that names it, and stays as it is."""
    (tmp_path / SETTINGS).write_text(text)
    with pytest.raises(GradebookError, match=SETTINGS):
        written(tmp_path, [])

    assert text == (tmp_path / SETTINGS).read_text()


def test_place_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    """A file where the students' folder should be is named, with the next command."""
    (tmp_path / "students").write_text("in the way")
    with pytest.raises(GradebookError, match="students") as caught:
        written(tmp_path, [graded(ANN, report())])

    assert "dockyard report" in caught.value.hint


def test_submissions_are_compared_when_they_can_be_read(tmp_path: Path) -> None:
    """Copies show as alike; a submission that is gone since is counted, and equal content is read once."""
    reads: list[str] = []

    def read(row: Row) -> Mapping[str, bytes] | None:
        reads.append(row.student.id)
        return None if row.student.id == "cy" else {"Dockerfile": b"FROM x\nRUN make it mine && make it good\n"}

    exercise = replace(EXERCISE, read_files=read)
    rows = [graded(ANN, FAILED), graded(BEN, FAILED, same_as="ann"), graded(Student("cy"), report(sha256="c" * 64))]
    told = written(tmp_path, rows, exercise)
    page = told.page.read_text()

    assert ["ann", "cy"] == reads
    assert 1 == told.pairs
    assert "2 students hold the same files, byte for byte" in page
    assert "1 could not be read again" in page
    assert "never a verdict" in page


def test_exercise_s_own_files_are_nobody_s_own(tmp_path: Path) -> None:
    """Two students who hand in the solution of a real exercise are not said to be alike in their own lines."""
    spec = read_exercise(EXERCISES / "first-image")
    exercise = exercise_of(spec)
    rows = []
    for student in (ANN, BEN):
        row = graded(student, report(sha256=student.id))
        rows.append(replace(row, row=Row(student, RowState.READY, place=spec.solution)))
    told = written(tmp_path, rows, exercise)

    assert 2 == len(exercise.given)
    assert "2 of them hold nothing but what was given" in told.page.read_text()


def test_two_writings_wait_for_each_other(tmp_path: Path) -> None:
    """`dockyard report` while a run ends: the second writes when the first is done, never into its files."""
    descriptor = os.open(tmp_path / LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(written, tmp_path, [graded(ANN, report())])
        with pytest.raises(TimeoutError):
            second.result(timeout=0.2)
        waited = not (tmp_path / "report.html").exists()
        os.close(descriptor)

        assert 1 == second.result(timeout=60).rows
    assert waited


def test_rows_are_told_as_they_are_written(tmp_path: Path) -> None:
    """Who waits hears of each row."""
    seen: list[int] = []
    write_all(tmp_path, made_rows(5), EXERCISE, HandBackOptions(NOW, progress=seen.append))

    assert [1, 2, 3, 4, 5] == seen
