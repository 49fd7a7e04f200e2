"""Tests of `dockyard checklist --cohort`: what gradebooks prove of a level, student by student."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from click.testing import Result

from course.catalog import ChecklistItem, Level, read_catalog
from course.cohort_checklist import Standing, cohort_checklist, level_of
from course.paths import Paths
from graders.cohort.gradebook.book import FILE_NAME, CohortFacts, Grade, open_gradebook
from graders.cohort.row import GradedRow, GradeState, Override, Row, RowState, Student
from graders.outcome import Level as CheckLevel
from graders.outcome import Outcome, Status
from graders.report import ImageSummary, Report
from tests.course.command_line import dockyard
from tests.rows import rows

Run = Callable[..., Result]
ITEMS = (
    ChecklistItem("An engine answers", "engine"),
    ChecklistItem("It builds", "built", exercise="ship"),
    ChecklistItem("It runs", "ran", exercise="ship"),
    ChecklistItem("Nothing leaks", "outcome", exercise="ship", check="leaked-file"),
    ChecklistItem("Ship is passed", "passed", exercise="ship"),
    ChecklistItem("Order is passed", "passed", exercise="order"),
)
LEVEL = Level(1, "Images", (), ITEMS)
IMAGE = ImageSummary("sha256:" + "a" * 64, 1)


def outcome(check_id: str, status: Status, level: CheckLevel = CheckLevel.CONTAINER) -> Outcome:
    """An outcome of a required check."""
    return Outcome(check_id, "A claim", level, status, points=0, max_points=1)


def graded(student_id: str, *outcomes: Outcome, built: bool = True, static: bool = False) -> GradedRow:
    """A row with a report."""
    report = Report("ship", outcomes, "c" * 64, "2026-11-21", 1.0, image=IMAGE if built else None, static_only=static)
    return GradedRow(Row(Student(student_id), RowState.READY), GradeState(report.verdict.value), report)


def standings(row: GradedRow) -> str:
    """How a row stands with the lines that its exercise proves: a letter each."""
    (student,) = cohort_checklist(LEVEL, {"ship": [row]}, {"ship": 10}).students
    return "".join(standing.value[0] for standing in student.standings[1:5])


RAN = outcome("exits-with-error", Status.PASSED)
TIGHT = outcome("leaked-file", Status.PASSED, CheckLevel.IMAGE)
LEAKS = outcome("leaked-file", Status.FAILED, CheckLevel.IMAGE)


@rows(
    ("row", "expected"),
    [
        (graded("ann", RAN, TIGHT), "dddd"),
        (graded("ann", RAN, LEAKS), "ddoo"),
        (graded("ann", outcome("exits-with-error", Status.FAILED), TIGHT), "dodo"),
        (graded("ann", outcome("build-fails", Status.FAILED, CheckLevel.IMAGE), built=False), "oooo"),
        (graded("ann", RAN, outcome("leaked-file", Status.ERRORED, CheckLevel.IMAGE)), "ddww"),
        (graded("ann", RAN, TIGHT, static=True), "oooo"),
        (GradedRow(Row(Student("ann"), RowState.READY), GradeState.WAITING), "wwww"),
        (GradedRow(Row(Student("ann"), RowState.READY), GradeState.ERRORED, error="No engine"), "wwww"),
        (GradedRow(Row(Student("ann"), RowState.MISSING), GradeState.UNGRADED), "oooo"),
        (replace(graded("ann", RAN, LEAKS), override=Override(10, "Shown")), "ddbb"),
        (replace(graded("ann", RAN, LEAKS), override=Override(9, "Shown")), "ddoo"),
    ],
)
def test_line_is_proved_by_its_report_alone(row: GradedRow, expected: str) -> None:
    """Each proof asks for its own evidence; an error is nobody's open line, and all points by hand are told apart."""
    assert expected == standings(row)


def test_what_no_gradebook_can_prove_is_unseen() -> None:
    """An engine on a student's machine, and an exercise that was not graded, count neither for nor against."""
    found = cohort_checklist(LEVEL, {"ship": [graded("ann", RAN, TIGHT)]}, {"ship": 10})
    (student,) = found.students

    assert [Standing.UNSEEN, Standing.UNSEEN] == [student.standings[0], student.standings[5]]
    assert [False, True, True, True, True, False] == [line.seen for line in found.lines]
    assert not student.complete


def test_student_with_every_exercise_is_complete() -> None:
    """Two gradebooks prove the lines of both, whatever their order of students; who is in one alone is not complete."""
    rows = [graded("ann", RAN, TIGHT), graded("ben", RAN, TIGHT)]
    found = cohort_checklist(LEVEL, {"ship": rows, "order": rows[:1]}, {"ship": 10, "order": 5})

    assert [("ann", True), ("ben", False)] == [(student.id, student.complete) for student in found.students]
    assert Standing.OPEN is found.students[1].standings[5]
    assert not found.complete


def test_stranger_and_second_submission_are_no_students() -> None:
    """Only rows that stand for a student of the roster are listed."""
    rows = [
        graded("ann", RAN, TIGHT),
        GradedRow(Row(Student("ann"), RowState.DUPLICATE), GradeState.UNGRADED),
        GradedRow(Row(Student("x"), RowState.UNMATCHED), GradeState.UNGRADED),
    ]

    assert ["ann"] == [student.id for student in cohort_checklist(LEVEL, {"ship": rows}, {}).students]


def test_level_is_the_one_that_asks_for_what_was_graded(content: Path) -> None:
    """Without a number the gradebooks say which level it is."""
    catalog = read_catalog(content)
    level = level_of(catalog, ["tiny"])

    assert level is not None
    assert 1 == level.number
    assert level_of(catalog, ["other"]) is None


@pytest.fixture
def run(paths: Paths) -> Run:
    """The command line over the small course, without an engine."""

    return partial(dockyard, paths=paths)


def grade_into(out: Path, exercise: str, built: tuple[bool, ...]) -> Path:
    """A gradebook in which each student's image was built or not."""
    book = open_gradebook(out / FILE_NAME)
    students = [Student(f"s{number}", "=Ann\x1b[31m", "A") for number in range(len(built))]
    book.set_cohort([Row(student, RowState.READY) for student in students], CohortFacts(exercise, "Tiny", 2))
    for student, is_built in zip(students, built, strict=True):
        report = graded(student.id, RAN, built=is_built).report
        book.record(student.id, Grade(GradeState.PASSED, f"k{student.id}", "c" * 64, report))
    book.close()
    return out


@rows(("built", "code"), [((True, True), 0), ((True, False), 1)])
def test_checklist_of_a_cohort_ends_with_what_is_missing(
    run: Run, tmp_path: Path, built: tuple[bool, ...], code: int
) -> None:
    """Everybody proved ends with 0, anybody open with 1; names are clean, and each line says how many."""
    result = run("checklist", "--cohort", str(grade_into(tmp_path / "out", "tiny", built)))

    assert code == result.exit_code
    assert f"2. The image builds: {sum(built)} of 2" in result.stdout
    assert "1. An engine answers: only on the student's own machine" in result.stdout
    assert f"{sum(built)} of 2 students have every line that an exercise proves" in result.stdout
    assert "\x1b" not in result.stdout


def test_checklist_of_a_cohort_as_json_and_csv(run: Run, tmp_path: Path) -> None:
    """Both name every line and every student; no cell is a formula."""
    folder = grade_into(tmp_path / "all" / "tiny", "tiny", (True,)).parent
    found = json.loads(run("checklist", "1", "--cohort", str(folder), "--format", "json").stdout)
    head, line = csv.reader(io.StringIO(run("checklist", "--cohort", str(folder), "--format", "csv").stdout))

    assert ("dockyard/cohort-checklist/v1", 1, True) == (found["schema"], found["level"], found["complete"])
    assert ["unseen", "done", "unseen"] == found["students"][0]["standings"]
    assert ["id", "name", "group", "complete", "An engine answers", "The image builds"] == head[:6]
    assert ["s0", "'=Ann", "A", "yes", "unseen", "done", "unseen"] == line


def test_checklist_of_the_wrong_cohort_says_what_it_asks_for(run: Run, tmp_path: Path) -> None:
    """A gradebook of an exercise that no checklist names, a wrong level, two of one, and none at all are told."""
    other = grade_into(tmp_path / "other", "other", (True,))
    grade_into(tmp_path / "two" / "a", "tiny", (True,))
    grade_into(tmp_path / "two" / "b", "tiny", (True,))
    told = {
        "No checklist asks for what was graded: other": run("checklist", "--cohort", str(other)),
        "The checklist of level 2 does not ask for": run("checklist", "2", "--cohort", str(tmp_path / "two" / "a")),
        "Two gradebooks are of the exercise tiny": run("checklist", "--cohort", str(tmp_path / "two")),
        "There is no gradebook in": run("checklist", "--cohort", str(tmp_path / "content")),
    }

    for text, result in told.items():
        assert 2 == result.exit_code
        assert text in result.stderr
    assert "Level 1 asks for tiny." in run("checklist", "--cohort", str(other)).stderr


@rows("args", [("--format", "csv"), ("--cohort", "out", "--format", "html")])
def test_checklist_in_a_form_that_it_has_not_is_refused(run: Run, tmp_path: Path, args: tuple[str, ...]) -> None:
    """A table is for cohorts, and a record to hand in is for one learner."""
    grade_into(tmp_path / "out", "tiny", (True,))
    result = run("checklist", *(str(tmp_path / arg) if arg == "out" else arg for arg in args))

    assert 2 == result.exit_code
    assert "--cohort" in result.stderr
