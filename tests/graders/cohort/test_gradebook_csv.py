"""Tests of the tables of grades: what Canvas and Moodle look for, no formula, no zero for no grade."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from graders.cohort.gradebook.spreadsheet import FILE_NAMES, PLAIN_COLUMNS, Flavour, Table, cell, open_tables
from graders.cohort.gradebook.worth import LatePolicy, score
from graders.cohort.row import GradedRow, GradeState, Override, Row, RowState, Student
from graders.outcome import Status
from tests.graders.cohort.made_rows import DUE, graded, outcome, report
from tests.rows import rows

POLICY = LatePolicy(DUE, percent_per_day=10)
ANN = Student("s1", "Ann Bee", "Group 1", lms_id="501")
LATE = replace(
    graded(ANN, report()),
    row=Row(ANN, RowState.READY, place=Path("a.zip"), handed_in_at=DUE + timedelta(hours=2), marked_late=True),
)
FAILED = graded(Student("ben@example.org"), report(outcome(1, Status.FAILED), outcome(3, Status.FAILED)))
MISSING = GradedRow(Row(Student("77", "Cy"), RowState.MISSING, "Handed in nothing"), GradeState.UNGRADED)
AGAIN = GradedRow(Row(ANN, RowState.DUPLICATE, "An older one"), GradeState.UNGRADED)


def tables(folder: Path, rows: Iterable[GradedRow], assignment: str = "Layers (9)") -> dict[Flavour, list[list[str]]]:
    """What the three tables hold, a list for each line."""
    with open_tables(folder, Table(assignment, 10)) as write:
        for row in rows:
            write(row, score(row, POLICY, 10), "s1" if row.row.student.id == "s1" else "")
    read = {}
    for flavour, name in FILE_NAMES.items():
        with (folder / name).open(encoding="utf-8-sig", newline="") as file:
            read[flavour] = list(csv.reader(file))
    return read


def test_plain_table_has_lateness_and_hand_in_columns_of_their_own(tmp_path: Path) -> None:
    """The points are what was reached; what lateness leaves, what was given by hand and what counts stand beside."""
    given = replace(LATE, override=Override(8, "=Talked"))
    head, line = tables(tmp_path, [given])[Flavour.PLAIN]
    values = dict(zip(head, line, strict=True))

    assert PLAIN_COLUMNS == tuple(head)
    assert ("10", "10", "1", "10", "9", "8", "8") == tuple(
        values[name]
        for name in (
            "points",
            "max_points",
            "late_days",
            "late_percent",
            "points_after_late",
            "override_points",
            "counts",
        )
    )
    assert ("'=Talked", "yes", "passed", "students/s1") == tuple(
        values[name] for name in ("override_reason", "marked_late", "state", "folder")
    )


def test_plain_table_has_a_line_for_every_row(tmp_path: Path) -> None:
    """Also who handed in nothing, or twice, has a line with a state and a reason, and no points at all."""
    head, *lines = tables(tmp_path, [FAILED, MISSING, AGAIN])[Flavour.PLAIN]
    failed, missing, again = (dict(zip(head, line, strict=True)) for line in lines)

    assert ("failed", "source-before-dependencies") == (failed["state"], failed["failed_checks"])
    assert ("missing", "Handed in nothing", "", "") == tuple(
        missing[name] for name in ("state", "reason", "points", "counts")
    )
    assert ("duplicate", "An older one") == (again["state"], again["reason"])


def test_plain_table_opens_in_a_spreadsheet_as_utf_8(tmp_path: Path) -> None:
    """The file begins with the mark by which a spreadsheet knows its coding; the imports do not."""
    tables(tmp_path, [LATE])

    starts = {
        flavour: (tmp_path / name).read_bytes().startswith(b"\xef\xbb\xbf") for flavour, name in FILE_NAMES.items()
    }

    assert {Flavour.PLAIN: True, Flavour.CANVAS: False, Flavour.MOODLE: False} == starts


def test_canvas_table_is_what_its_import_looks_for(tmp_path: Path) -> None:
    """Five columns by name, the assignment, a line of points possible, and an empty cell where there is no grade."""
    lines = tables(tmp_path, [LATE, FAILED, MISSING, AGAIN])[Flavour.CANVAS]

    assert [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Layers (9)"],
        ["    Points Possible", "", "", "", "", "10"],
        ["Ann Bee", "501", "s1", "", "Group 1", "9"],
        ["ben@example.org", "", "ben@example.org", "", "", "0"],
        ["Cy", "77", "", "", "", ""],
    ] == lines


def test_moodle_table_is_its_grading_worksheet(tmp_path: Path) -> None:
    """The participant's number identifies, an address stands in its column, and no grade is an empty cell."""
    head, ann, ben, cy = tables(tmp_path, [LATE, FAILED, MISSING, AGAIN])[Flavour.MOODLE]

    assert ["Identifier", "Full name", "ID number", "Email address"] == head[:4]
    assert ["Participant 501", "Ann Bee", "s1", "", "passed", "9", "10"] == ann[:7]
    assert ["", "", "", "ben@example.org", "failed", "0"] == ben[:6]
    assert ["", "Cy", "77", "", "missing", ""] == cy[:6]
    assert ben[-1].startswith("To mend: COPY . .")


FORMULAS = ("=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", " =cmd|' /C calc'!A0", '=HYPERLINK("x")')


@rows("text", FORMULAS)
def test_formula_is_neutralised_in_every_table(tmp_path: Path, text: str) -> None:
    """No cell of any table begins as a formula does, wherever the text came from."""
    student = Student(text, text, text)
    hostile = replace(
        graded(student, report(outcome(1, Status.FAILED, message=text))),
        override=Override(1, text),
    )
    unread = GradedRow(Row(Student(f"{text}2", text), RowState.UNREADABLE, text), GradeState.UNGRADED)
    for lines in tables(tmp_path, [hostile, unread], text).values():
        for line in lines:
            for value in line:
                assert not value.lstrip().startswith(("=", "+", "-", "@", "＝"))


def test_cell_is_one_clean_line() -> None:
    """A cell holds no line end, no escape sequence and no turned text."""
    assert "a b\ufffdc" == cell("a\nb\u202e\x1b[31mc")


def test_tables_that_fail_half_way_leave_the_old_ones(tmp_path: Path) -> None:
    """When rows can't be read to the end, no table changes and no part is left."""

    def rows() -> Iterable[GradedRow]:
        yield FAILED
        raise RuntimeError("the gradebook went away")

    before = tables(tmp_path, [LATE])
    with pytest.raises(RuntimeError):
        tables(tmp_path, rows())
    after = {flavour: (tmp_path / name).read_text("utf-8-sig") for flavour, name in FILE_NAMES.items()}

    assert all("Ann Bee" in text for text in after.values())
    assert 2 == len(before[Flavour.PLAIN])
    assert sorted(FILE_NAMES.values()) == sorted(path.name for path in tmp_path.iterdir() if path.is_file())
