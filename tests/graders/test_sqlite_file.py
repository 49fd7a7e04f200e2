"""Holds what a look into a file tells while another program makes it."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from graders.sqlite_file import look
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
