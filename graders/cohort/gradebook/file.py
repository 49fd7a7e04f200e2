"""Owns the tables of the gradebook's file; must never know what a row means."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from graders.errors import GradebookError
from graders.sqlite_file import FileKind, SqliteFile

_SCHEMA = (
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE students (
        position INTEGER PRIMARY KEY, id TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
        row TEXT NOT NULL)""",
    "CREATE INDEX students_by_id ON students (id)",
    "CREATE UNIQUE INDEX one_ready_row_each ON students (id) WHERE state = 'ready'",
    "CREATE TABLE reports (key TEXT PRIMARY KEY, json TEXT NOT NULL)",
    """CREATE TABLE grades (
        id TEXT PRIMARY KEY, state TEXT NOT NULL, key TEXT NOT NULL, content_sha256 TEXT NOT NULL,
        report TEXT REFERENCES reports (key), error TEXT NOT NULL, graded_at TEXT, same_as TEXT NOT NULL,
        attempts INTEGER NOT NULL)""",
    "CREATE INDEX grades_by_report ON grades (report)",
    "CREATE TABLE overrides (id TEXT PRIMARY KEY, points INTEGER NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL)",
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY, started_at TEXT NOT NULL, ended_at TEXT, jobs INTEGER NOT NULL,
        dockyard TEXT NOT NULL, ending TEXT NOT NULL, graded INTEGER NOT NULL)""",
)


_STEPS = (_SCHEMA,)
SCHEMA_VERSION = len(_STEPS)


class GradebookFile(SqliteFile):
    """One open file; several threads may use it. Every method raises `GradebookError` and nothing else."""

    def __init__(self, path: Path, *, now: Callable[[], datetime], create: bool = True) -> None:
        if not create and not path.exists():
            raise GradebookError(
                f"There is no gradebook {path}", hint="Make one: dockyard grade SUBMISSIONS --exercise EX --out DIR"
            )
        super().__init__(path, _KIND, now=now)


_KIND = FileKind(
    name="The gradebook",
    error=GradebookError,
    steps=_STEPS,
    anew="Run the same command again to grade anew, overrides left out. Put the old one back to go on with it.",
    no_folder="Choose another --out.",
)
