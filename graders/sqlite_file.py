"""Owns an SQLite file of ours: opening, bringing up, keeping aside; must never know what a row means.

The file is in WAL mode, with its schema's version in `user_version`: killing its writer at any moment loses
nothing that was committed. Several programs may use it at once, and several threads one `SqliteFile`.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

BUSY_S = 10.0
"""How long a call waits for another program that is writing."""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class MakeError(Protocol):
    """The class of an error of ours."""

    def __call__(self, message: str, *, hint: str = "") -> Exception:
        """The error; it is not raised here."""
        ...


class FileKind(NamedTuple):
    """What tells one such file from another."""

    name: str
    """As a sentence begins with it: "The progress file"."""
    error: MakeError
    """What every method raises, and nothing else."""
    steps: Sequence[Sequence[str]]
    """Statements that lead from one version of the schema to the next, the first from an empty file to version 1."""
    anew: str
    """Hint for a file that was kept aside."""
    no_folder: str
    """Hint for a folder that can't be made."""
    folder_mode: int = 0o777


class SqliteFile:
    """One open file. Every method raises the error of its kind and nothing else."""

    def __init__(self, path: Path, kind: FileKind, *, now: Callable[[], datetime], busy_s: float = BUSY_S) -> None:
        self.path = path
        self._kind = kind
        self._now = now
        self._busy_s = busy_s
        self._lock = threading.RLock()
        self._identity: tuple[int, int] | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=kind.folder_mode)
        except OSError as error:
            raise kind.error(
                f"The folder {path.parent} can't be made: {error.strerror}", hint=kind.no_folder
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
                self._roll_back()
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One moment's state, for reads that are over at once: other threads wait."""
        with self._lock, self._translated():
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._roll_back()

    @contextmanager
    def read_slowly(self) -> Iterator[sqlite3.Connection]:
        """One moment's state over a connection of its own, which may be read slowly while others write."""
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
        return sqlite3.connect(
            self.path, timeout=self._busy_s, isolation_level=None, check_same_thread=False, cached_statements=64
        )

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Bring an opened file to our schema, or keep it aside."""
        status = self.path.stat()
        self._identity = (status.st_dev, status.st_ino)
        version = bring_up(connection, self._kind.steps)
        if version > len(self._kind.steps):
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
        """Turn SQLite's errors into ours; a damaged file is kept aside."""
        name = f"{self._kind.name} {self.path}"
        unusable = "See that its folder can be written to and that the disk is not full."
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in _DAMAGED or "no such table" in str(error) or "no such column" in str(error):
                raise self._keep_aside("damaged", "is damaged") from error
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                hint = "Wait until it is done, then try again."
                raise self._kind.error(f"{name} is in use by another program", hint=hint) from error
            raise self._kind.error(f"{name} can't be used: {error}", hint=unusable) from error
        except OSError as error:
            raise self._kind.error(f"{name} can't be used: {error.strerror}", hint=unusable) from error

    def _keep_aside(self, word: str, what: str) -> Exception:
        """Rename the file and what belongs to it, unless another program did; the error that says so."""
        name = f"{self._kind.name} {self.path}"
        stem = f"{self.path.stem}.{word}-{self._now():%Y%m%d-%H%M%S}"
        aside, number = self.path.with_name(f"{stem}{self.path.suffix}"), 2
        while aside.exists():
            aside, number = self.path.with_name(f"{stem}-{number}{self.path.suffix}"), number + 1
        try:
            status = self.path.stat()
            if (status.st_dev, status.st_ino) != self._identity:
                return self._kind.error(f"{name} {what}", hint="Another program kept it aside.")
            self.path.rename(aside)
            for ending in ("-wal", "-shm"):
                beside = Path(f"{self.path}{ending}")
                if beside.exists():
                    beside.rename(f"{aside}{ending}")
        except OSError as error:
            return self._kind.error(
                f"{name} {what} and can't be kept aside: {error.strerror}",
                hint=f"Move it away: mv {self.path} {aside}",
            )
        return self._kind.error(f"{name} {what}; it is kept as {aside}", hint=self._kind.anew)


def bring_up(connection: sqlite3.Connection, steps: Sequence[Sequence[str]]) -> int:
    """Make the tables in an empty file, add what an older one lacks; the version that the file then has.

    A file of a newer version is left as it is, and so is one of version 0 that holds tables: it is not ours.
    """
    newest = len(steps)
    version, has_tables = look(connection)
    if version >= newest or (version == 0 and has_tables):
        return version
    connection.execute("BEGIN IMMEDIATE")
    version, has_tables = look(connection)
    if version < newest and not (version == 0 and has_tables):
        for statement in (statement for step in steps[version:] for statement in step):
            connection.execute(statement)
        version = newest
        connection.execute(f"PRAGMA user_version = {version}")
    connection.execute("COMMIT")
    return version


def look(connection: sqlite3.Connection) -> tuple[int, bool]:
    """The version of the schema, and whether there are tables: both of one moment, for others may be making them."""
    version, tables = connection.execute(
        "SELECT user_version, (SELECT count(*) FROM sqlite_master WHERE type = 'table') FROM pragma_user_version"
    ).fetchone()
    return int(version), tables > 0
