"""Holds what a look into a file tells while another program makes it, and how it is brought up."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from graders.sqlite_file import bring_up, look
from tests.rows import rows


@rows("moment", range(4))
def test_look_sees_one_moment_of_a_file_that_another_program_makes(tmp_path: Path, moment: int) -> None:
    """Tables of version 0 are somebody else's file, which is kept aside: half of ours must not look like it."""
    file = tmp_path / "progress.db"
    statements = 0

    def make_meanwhile(_: str) -> None:
        nonlocal statements
        if statements == moment:
            with (
                closing(sqlite3.connect(file, isolation_level=None, timeout=0)) as other,
                suppress(sqlite3.OperationalError),
            ):
                other.executescript("BEGIN IMMEDIATE; CREATE TABLE hints (id); PRAGMA user_version = 2; COMMIT")
        statements += 1

    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.set_trace_callback(make_meanwhile)

        seen = look(connection)

    assert seen in {(0, False), (2, True)}


ONE, TWO = ("CREATE TABLE things (id)",), ("ALTER TABLE things ADD COLUMN name",)


@rows(
    ("before", "steps", "after", "columns"),
    [
        ("", (ONE,), 1, ["id"]),
        ("", (ONE, TWO), 2, ["id", "name"]),
        ("CREATE TABLE things (id); PRAGMA user_version = 1", (ONE, TWO), 2, ["id", "name"]),
        ("CREATE TABLE things (other); PRAGMA user_version = 3", (ONE, TWO), 3, ["other"]),
        ("CREATE TABLE things (other)", (ONE, TWO), 0, ["other"]),
    ],
    ids=["new", "new by two steps", "older", "newer", "not ours"],
)
def test_file_is_brought_up_from_where_it_stands(
    before: str, steps: tuple[tuple[str, ...], ...], after: int, columns: list[str]
) -> None:
    """Only the steps that it lacks are made; a newer file and a stranger's are left as they are."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(before)

        assert after == bring_up(connection, steps)
        assert (after, True) == look(connection)
        assert columns == [row[1] for row in connection.execute("PRAGMA table_info(things)")]
