"""Owns the gradebook's SQLite file: opening, bringing up, keeping aside; must never know what a row means.

The file is in WAL mode, with its schema's version in `user_version`: killing its writer at any moment loses
nothing that was committed.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from graders.errors import GradebookError

SCHEMA_VERSION = 1
BUSY_S = 10.0
"""How long a call waits for another program that is writing."""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
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


class GradebookFile:
    """One open file; several threads may use it. Every method raises `GradebookError` and nothing else."""

    def __init__(self, path: Path, *, now: Callable[[], datetime], create: bool = True) -> None:
        self.path = path
        self._now = now
        self._lock = threading.RLock()
        self._identity: tuple[int, int] | None = None
        if not create and not path.exists():
            raise GradebookError(
                f"There is no gradebook {path}", hint="Make one: dockyard grade SUBMISSIONS --exercise EX --out DIR"
            )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise GradebookError(
                f"The folder {path.parent} can't be made: {error.strerror}", hint="Choose another --out."
            ) from error
        with self._translated():
            self._connection = self._connect()
            try:
                self._prepare(self._connection)
            except BaseException:
                self._connection.close()
                raise

    def now(self) -> str:
        """The time of day as it is written into the file."""
        return self._now().isoformat(timespec="seconds")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is kept, or nothing."""
        with self._lock, self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own at one moment's state, which may be read slowly while others write."""
        with self._translated():
            connection = self._connect()
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                connection.close()

    def close(self) -> None:
        """Let the file go; safe to call twice."""
        with self._lock:
            self._connection.close()

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        status = self.path.stat()
        self._identity = (status.st_dev, status.st_ino)
        version = _bring_up(connection)
        if version > SCHEMA_VERSION:
            connection.close()
            raise self._keep_aside("newer", f"comes from a newer Dockyard (format {version})")
        if version == 0 or connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            connection.close()
            raise self._keep_aside("damaged", "is damaged")
        # Switching needs a moment alone with the file; without it all works, more slowly.
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in _DAMAGED or "no such table" in str(error) or "no such column" in str(error):
                raise self._keep_aside("damaged", "is damaged") from error
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise GradebookError(
                    f"The gradebook {self.path} is in use by another program",
                    hint="Wait until it is done, then try again.",
                ) from error
            raise GradebookError(
                f"The gradebook {self.path} can't be used: {error}",
                hint="See that its folder can be written to and that the disk is not full.",
            ) from error
        except OSError as error:
            raise GradebookError(
                f"The gradebook {self.path} can't be used: {error.strerror}",
                hint="See that its folder can be written to and that the disk is not full.",
            ) from error

    def _keep_aside(self, word: str, what: str) -> GradebookError:
        """Rename the file and what belongs to it, unless another program did; the error that says so."""
        stem = f"{self.path.stem}.{word}-{self._now():%Y%m%d-%H%M%S}"
        aside, number = self.path.with_name(f"{stem}{self.path.suffix}"), 2
        while aside.exists():
            aside, number = self.path.with_name(f"{stem}-{number}{self.path.suffix}"), number + 1
        try:
            status = self.path.stat()
            if (status.st_dev, status.st_ino) != self._identity:
                return GradebookError(f"The gradebook {self.path} {what}", hint="Another program kept it aside.")
            self.path.rename(aside)
            for ending in ("-wal", "-shm"):
                beside = Path(f"{self.path}{ending}")
                if beside.exists():
                    beside.rename(f"{aside}{ending}")
        except OSError as error:
            return GradebookError(
                f"The gradebook {self.path} {what} and can't be kept aside: {error.strerror}",
                hint=f"Move it away: mv {self.path} {aside}",
            )
        return GradebookError(
            f"The gradebook {self.path} {what}; it is kept as {aside}",
            hint="Run the same command again to grade anew, overrides left out. Put the old one back to go on with it.",
        )


def _bring_up(connection: sqlite3.Connection) -> int:
    """Make the tables in an empty file; the version that the file then has, 0 for one that is none of ours."""
    version, has_tables = _look(connection)
    if version or has_tables:
        return version
    connection.execute("BEGIN IMMEDIATE")
    version, has_tables = _look(connection)
    if not version and not has_tables:
        for statement in _SCHEMA:
            connection.execute(statement)
        version = SCHEMA_VERSION
        connection.execute(f"PRAGMA user_version = {version}")
    connection.execute("COMMIT")
    return version


def _look(connection: sqlite3.Connection) -> tuple[int, bool]:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    return version, tables > 0
