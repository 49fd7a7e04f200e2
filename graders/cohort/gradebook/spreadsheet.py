"""Owns the tables of grades for spreadsheets and LMS imports; must never write a formula, nor a zero for no grade.

Three files of the same grades:

- plain: everything, a line for every row.
- canvas: what Canvas' "Import Grades" takes: Student, ID, SIS User ID, SIS Login ID, Section, one assignment, and a
  second line with the points possible. Canvas looks for ID, then for the SIS ids, then for the name.
  Source: `lib/gradebook_importer.rb` of instructure/canvas-lms, read 2026-11.
- moodle: the grading worksheet of an assignment: it is found by "Identifier", "Grade" and "Last modified (grade)"; the
  same file goes into the course's CSV import, where "ID number" or "Email address" is mapped.
  Source: `mod/assign/feedback/offline/importgradeslib.php` of moodle/moodle, read 2026-11.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from graders.cohort.gradebook.worth import Score, number
from graders.cohort.hand_back.feedback import short_feedback
from graders.cohort.row import GradedRow, GradeState, RowState
from graders.outcome import Status
from graders.safe_text import clean

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet compute a cell. Source: OWASP, "CSV Injection", read 2026-11."""

PLAIN_COLUMNS = (
    "id",
    "name",
    "group",
    "state",
    "reason",
    "points",
    "max_points",
    "late_days",
    "late_percent",
    "points_after_late",
    "override_points",
    "override_reason",
    "counts",
    "handed_in_at",
    "due",
    "marked_late",
    "failed_checks",
    "attempts",
    "same_as",
    "commit",
    "content_sha256",
    "graded_at",
    "folder",
)
CANVAS_COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE_COLUMNS = (
    "Identifier",
    "Full name",
    "ID number",
    "Email address",
    "Status",
    "Grade",
    "Maximum Grade",
    "Last modified (grade)",
    "Feedback comments",
)


class Flavour(StrEnum):
    """Whom a table is for."""

    PLAIN = "plain"
    CANVAS = "canvas"
    MOODLE = "moodle"


FILE_NAMES = {
    Flavour.PLAIN: "gradebook.csv",
    Flavour.CANVAS: "gradebook-canvas.csv",
    Flavour.MOODLE: "gradebook-moodle.csv",
}


@dataclass(frozen=True, slots=True)
class Table:
    """What the tables are of."""

    assignment: str
    """The column's name in Canvas: the assignment's own, best with its number: "Order of layers (1234)"."""
    max_points: int


Writer = Callable[[GradedRow, Score, str], None]
"""Takes the rows one by one: row, what it counts, and the name of the student's folder, empty for none."""


@contextmanager
def open_tables(folder: Path, table: Table, flavours: Sequence[Flavour] = tuple(Flavour)) -> Iterator[Writer]:
    """Write the tables as rows come; each appears under its name when all rows went well. Raises OSError."""
    parts: list[tuple[Path, Path]] = []
    with ExitStack() as stack:
        with ExitStack() as files:
            lines: list[tuple[Flavour, Callable[[Sequence[str]], object]]] = []
            for flavour in flavours:
                target = folder / FILE_NAMES[flavour]
                part = target.with_name(f".{target.name}.part")
                parts.append((part, target))
                stack.callback(part.unlink, missing_ok=True)
                # Excel takes a file for UTF-8 only by its mark; Canvas and Moodle do without.
                coding = "utf-8-sig" if flavour is Flavour.PLAIN else "utf-8"
                file: TextIO = files.enter_context(part.open("w", encoding=coding, newline=""))
                write = csv.writer(file).writerow
                for line in _head(flavour, table):
                    write(line)
                lines.append((flavour, write))

            def row_to_all(row: GradedRow, score: Score, folder_name: str) -> None:
                for flavour, write in lines:
                    line = _line(flavour, row, score, folder_name)
                    if line is not None:
                        write([cell(value) for value in line])

            yield row_to_all
        for part, target in parts:
            part.replace(target)


def cell(value: str) -> str:
    """Text as a spreadsheet shows it and never computes it; numbers of ours never start like a formula."""
    text = clean(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) or value.startswith(FORMULA_STARTS) else text


def _head(flavour: Flavour, table: Table) -> Iterator[Sequence[str]]:
    if flavour is Flavour.PLAIN:
        yield PLAIN_COLUMNS
    elif flavour is Flavour.MOODLE:
        yield MOODLE_COLUMNS
    else:
        yield (*CANVAS_COLUMNS, cell(table.assignment))
        yield ("    Points Possible", "", "", "", "", str(table.max_points))


def _line(flavour: Flavour, row: GradedRow, score: Score, folder: str) -> Sequence[str] | None:
    if flavour is Flavour.PLAIN:
        return _plain(row, score, folder)
    if row.row.state in (RowState.DUPLICATE, RowState.UNMATCHED):
        return None
    return _canvas(row, score) if flavour is Flavour.CANVAS else _moodle(row, score)


def _plain(row: GradedRow, score: Score, folder: str) -> Sequence[str]:
    one, student = row.row, row.row.student
    override = row.override
    values = {
        "id": student.id,
        "name": student.name,
        "group": student.group,
        "state": str(one.state if row.state is GradeState.UNGRADED else row.state),
        "reason": one.reason or row.error,
        "points": number(score.points),
        "max_points": str(score.max_points),
        "late_days": "" if score.late_days is None else str(score.late_days),
        "late_percent": number(score.late_percent) if score.late_days is not None else "",
        "points_after_late": number(score.points_after_late),
        "override_points": "" if override is None else str(override.points),
        "override_reason": "" if override is None else override.reason,
        "counts": number(score.counts),
        "handed_in_at": one.handed_in_at.isoformat(timespec="seconds") if one.handed_in_at else "",
        "due": student.due.isoformat(timespec="seconds") if student.due else "",
        "marked_late": "yes" if one.marked_late else "",
        "failed_checks": " ".join(_failed_ids(row)),
        "attempts": str(row.attempts),
        "same_as": row.same_as,
        "commit": one.commit,
        "content_sha256": row.content_sha256,
        "graded_at": row.graded_at.isoformat(timespec="seconds") if row.graded_at else "",
        "folder": f"students/{folder}" if folder else "",
    }
    return [values[name] for name in PLAIN_COLUMNS]


def _canvas(row: GradedRow, score: Score) -> Sequence[str]:
    student = row.row.student
    canvas_id = student.lms_id or (student.id if student.id.isdecimal() else "")
    sis_id = student.id if student.id != canvas_id else ""
    return [student.name or student.id, canvas_id, sis_id, "", student.group, number(score.counts)]


def _moodle(row: GradedRow, score: Score) -> Sequence[str]:
    student = row.row.student
    email = student.id if "@" in student.id else ""
    return [
        f"Participant {student.lms_id}" if student.lms_id else "",
        student.name,
        "" if email else student.id,
        email,
        str(row.row.state if row.state is GradeState.UNGRADED else row.state),
        number(score.counts),
        str(score.max_points),
        "",
        short_feedback(row),
    ]


def _failed_ids(row: GradedRow) -> list[str]:
    """Ids of the required checks that failed, in the report's order."""
    if row.report is None:
        return []
    return [outcome.id for outcome in row.report.outcomes if outcome.required and outcome.status is Status.FAILED]
