"""Owns the reading of a roster; must never guess a date or an id.

Understood are plain CSV files and the exports of Canvas (gradebook) and Moodle (grading worksheet, participants).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path

from graders.cohort.row import Student
from graders.errors import SubmissionError
from graders.limits import MIB
from graders.safe_text import clean

_CAP_BYTES = 16 * MIB
IDS = (
    "id", "studentid", "studentnumber", "idnumber", "orgdefinedid", "matriculationnumber", "matrikelnummer", "sid",
    "username", "login", "loginid", "sisuserid", "sisloginid", "userid", "email", "emailaddress", "identifier",
)  # fmt: skip
"""Headers of an id, the first one that is filled in counts; written without case, blanks and punctuation."""
NAMES = ("name", "fullname", "student", "studentname", "displayname")
FIRST_NAMES, LAST_NAMES = ("firstname", "givenname"), ("lastname", "surname", "familyname")
GROUPS = ("group", "groups", "section", "team", "class", "tutorial")
DUES = ("due", "duedate", "dueat", "deadline", "dueon")
LMS_ID = "identifier"
DATE_HINT = "Write dates like 2026-11-20 or 2026-11-20T18:00+01:00; without a zone they are this machine's time."
ID_HINT = "The first line names the columns: id, name, and if you like group and due."
_PARTICIPANT = re.compile(r"\D*(\d+)\s*")


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    cells: list[str]

    def cell(self, column: int | None) -> str:
        return self.cells[column].strip() if column is not None and column < len(self.cells) else ""


def read_roster(path: Path) -> tuple[Student, ...]:
    """The students in the roster's order. Raises SubmissionError that names the line and the column."""
    lines = list(_lines(path))
    if not lines:
        raise SubmissionError(f"{path.name} is empty", hint=ID_HINT)
    header, rows = lines[0], lines[1:]
    titles = [re.sub(r"[\W_]+", "", title.casefold()) for title in header.cells]
    filled = [name for name in IDS if name in titles and any(row.cell(titles.index(name)) for row in rows)]
    known = filled or [name for name in IDS if name in titles]
    if not known:
        told = ", ".join(clean(cell, max_len=40) for cell in header.cells)
        raise SubmissionError(f"{path.name}, line {header.number}: no column is an id; it has: {told}", hint=ID_HINT)
    id_at = titles.index(known[0])
    columns = {title: index for index, title in reversed(list(enumerate(titles)))}
    seen: dict[str, int] = {}
    students: list[Student] = []
    for row in rows:
        if row.cell(id_at) == "" and row.cells[0].strip().startswith("Points Possible"):
            continue
        where = f"{path.name}, line {row.number}, column {clean(header.cells[id_at].strip(), max_len=40)}"
        student_id = row.cell(id_at)
        if known[0] == LMS_ID:
            student_id = _participant(student_id)
        if not student_id:
            raise SubmissionError(f"{where}: the id is missing", hint="Every student needs an id of their own.")
        if not student_id.isprintable() or len(student_id) > 200:
            raise SubmissionError(f"{where}: {student_id[:40]!a} is no id", hint="Ids are letters and digits.")
        before = seen.setdefault(student_id.casefold(), row.number)
        if before != row.number:
            raise SubmissionError(
                f"{where}: {student_id} is on line {before} already", hint="Every student needs an id of their own."
            )
        students.append(_student(row, columns, student_id, path.name, header))
    if not students:
        raise SubmissionError(f"{path.name} names no student", hint=ID_HINT)
    return tuple(students)


def _student(row: _Line, columns: dict[str, int], student_id: str, file_name: str, header: _Line) -> Student:
    first, last = (row.cell(_column(columns, titles)) for titles in (FIRST_NAMES, LAST_NAMES))
    name = row.cell(_column(columns, NAMES)) or f"{first} {last}"
    due_at = _column(columns, DUES)
    due = row.cell(due_at)
    lms_id = _participant(row.cell(columns.get(LMS_ID)))
    title = header.cell(due_at)
    return Student(
        id=student_id,
        name=clean(name, max_len=200),
        group=clean(row.cell(_column(columns, GROUPS)), max_len=200),
        due=_date(due, f"{file_name}, line {row.number}, column {clean(title, max_len=40)}") if due else None,
        lms_id="" if lms_id == student_id else lms_id,
    )


def _lines(path: Path) -> Iterator[_Line]:
    """The lines that hold anything, with their numbers in the file."""
    text = _text(path)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _Line(number, cells)
            number = reader.line_num + 1
    except csv.Error as error:
        raise SubmissionError(f"{path.name}, line {reader.line_num}: {error}", hint="Save it as CSV again.") from error


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_CAP_BYTES + 1)
    except OSError as error:
        raise SubmissionError(f"The roster {path} can't be read: {error.strerror}", hint="Give a CSV file.") from error
    if len(data) > _CAP_BYTES:
        raise SubmissionError(f"The roster {path} is larger than {_CAP_BYTES // MIB} MiB", hint="Give a CSV file.")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise SubmissionError(f"{path.name} is a spreadsheet, not CSV", hint="Save it as CSV (UTF-8) and give that.")
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _column(columns: dict[str, int], titles: tuple[str, ...]) -> int | None:
    return next((columns[title] for title in titles if title in columns), None)


def _participant(text: str) -> str:
    """Moodle writes "Participant 123", in the site's language."""
    match = _PARTICIPANT.fullmatch(text)
    return match[1] if match else text


def _date(text: str, where: str) -> datetime:
    """A day alone ends at its last second."""
    dotted = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T](\d{1,2}:\d{2}))?", text)
    if dotted:
        day, month, year, clock = dotted.groups()
        text = f"{year}-{int(month):02}-{int(day):02}" + (f"T{clock:0>5}" if clock else "")
    try:
        found = datetime.fromisoformat(text)
        if re.fullmatch(r"[\d-]+", text):
            found = datetime.combine(found, time(23, 59, 59))
        return found if found.tzinfo else found.astimezone()
    except (ValueError, OverflowError, OSError) as error:
        raise SubmissionError(f"{where}: {clean(text, max_len=40)} is no date", hint=DATE_HINT) from error
