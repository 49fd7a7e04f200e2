"""Tests of rosters: plain ones, those of platforms, and the line and column of what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from graders.cohort.collect.roster import read_roster
from graders.cohort.row import Student
from graders.errors import SubmissionError
from tests.rows import rows


def read(tmp_path: Path, text: str | bytes) -> tuple[Student, ...]:
    """The students of a roster with this text."""
    path = tmp_path / "roster.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_roster(path)


def test_plain_roster_has_ids_names_groups_and_dates(tmp_path: Path) -> None:
    """A day alone ends at its last second, a moment with a zone is taken as it is."""
    text = (
        "ID;Name;Group;Due date\ns1;Ada Lee;A;2026-11-20\ns2;Björn;B;2026-11-20T18:00+01:00\n\ns3;Chloé;;20.11.2026\n"
    )
    ada, bjorn, chloe = read(tmp_path, text)
    midnight = datetime(2026, 11, 20, 23, 59, 59).astimezone()

    assert ("s1", "Ada Lee", "A", midnight) == (ada.id, ada.name, ada.group, ada.due)
    assert datetime(2026, 11, 20, 17, 0, tzinfo=UTC) == bjorn.due
    assert timedelta(hours=1) == (bjorn.due.utcoffset() if bjorn.due else None)
    assert ("s3", "Chloé", "", midnight) == (chloe.id, chloe.name, chloe.group, chloe.due)


def test_exports_of_platforms_are_understood(tmp_path: Path) -> None:
    """Moodle's participant number is what its downloads call a student; Canvas has a line that is no student."""
    moodle = "Identifier,Full name,ID number,Group\nParticipant 77,Ada Lee,s1,A\n"
    canvas = 'Student,ID,SIS User ID,Section,Homework (9)\n    Points Possible,,,,10\n"Lee, Ada",77,x1,A,\n'

    assert (Student("s1", "Ada Lee", "A", lms_id="77"),) == read(tmp_path, moodle)
    assert (Student("77", "Lee, Ada", "A"),) == read(tmp_path, canvas)


@rows("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encoding_of_a_spreadsheet_program_is_understood(tmp_path: Path, encoding: str) -> None:
    """Names come out right however the file was saved."""
    (student,) = read(tmp_path, "id\tname\ns1\tBjörn Müller\n".encode(encoding))

    assert Student("s1", "Björn Müller") == student


@rows(
    ("text", "message"),
    [
        ("", "is empty"),
        ("colour,size\nred,1\n", "line 1: no column is an id; it has: colour, size"),
        ("id,name\n", "names no student"),
        ("id,name\ns1,Ada\n,Bo\n", "line 3, column id: the id is missing"),
        ("id,name\ns1,Ada\ns2,Bo\nS1,Carl\n", "line 4, column id: S1 is on line 2 already"),
        ("id,due\ns1,next week\n", "line 2, column due: next week is no date"),
        ("id,name\ns\x1b[2J1,Ada\n", r"no id"),
        (b"PK\x03\x04rest", "is a spreadsheet, not CSV"),
        ('id,name\ns1,"' + "x" * 200_000 + '"\n', "field larger than field limit"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    """An error names the file, the line and the column, says what to do, and can be printed."""
    with pytest.raises(SubmissionError, match=message) as caught:
        read(tmp_path, text)

    assert caught.value.hint
    assert caught.value.message.isprintable()


def test_roster_that_can_not_be_read_is_an_error(tmp_path: Path) -> None:
    """A file that is not there, or far too large, is refused."""
    with pytest.raises(SubmissionError, match="can't be read"):
        read_roster(tmp_path / "nowhere.csv")
    with (tmp_path / "large.csv").open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    with pytest.raises(SubmissionError, match="larger than 16 MiB"):
        read_roster(tmp_path / "large.csv")
