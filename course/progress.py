"""Owns the progress file: what a learner tried, passed, asked and answered; must never reset it in silence.

One SQLite file, in WAL mode, with its schema's version in `user_version`. Several programs may use it at once,
and several threads one `Progress`. Lessons stand in it by their folder, so that renumbering loses nothing.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from course.errors import ProgressError
from course.progress_schema import SCHEMA_VERSION, bring_up
from course.version import __version__

if TYPE_CHECKING:
    from graders.report import Report

BUSY_S = 10.0
"""How long a call waits for another program that is writing."""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One recorded check of the workspace."""

    exercise: str
    at: str
    """UTC, ISO 8601."""
    verdict: str
    points: int
    max_points: int
    content_sha256: str
    elapsed_s: float
    engine: str
    """Name and version of the engine that answered; empty when none did."""
    image_id: str
    """Empty when no image was built."""
    image_bytes: int | None
    build_s: float | None
    outcomes: tuple[tuple[str, str, str], ...]
    """(check id, level, status)."""
    rebuild_s: float | None = None
    """Seconds of the build after one source line changed; None when no check asked for it."""
    rebuild_stopped: bool = False
    """That build was stopped when the install ran again; `rebuild_s` is what it repeated, timed in the graded build."""
    steps: int | None = None
    """Instructions of the graded build, FROM left out; None when nothing was built, or by an older Dockyard."""
    cached_steps: int | None = None
    report_sha256: str = ""
    """SHA-256 of the report as `--format json` writes it; empty for attempts of an older Dockyard."""
    dockyard: str = ""
    """Version that graded; empty for attempts of an older Dockyard."""


@dataclass(frozen=True, slots=True)
class RightAnswer:
    """The first right answer to a quiz."""

    choice: int
    """0-based."""
    at: str
    """UTC, ISO 8601."""
    tries: int
    """Answers up to it, itself among them."""


@dataclass(frozen=True, slots=True)
class Record:
    """All that unlocking looks at, read at one moment."""

    passed: frozenset[str]
    """Exercises."""
    attempts: dict[str, int]
    """Exercise -> recorded attempts."""
    engine_answered: bool
    """Whether an engine decided a check of any attempt."""
    built: frozenset[str]
    """Exercises of which an image was built."""
    checks_passed: frozenset[tuple[str, str, str]]
    """(exercise, level, check id) of every outcome that once passed."""
    quizzes_right: frozenset[tuple[str, str]]
    """(lesson folder, quiz id) that were once answered right."""
    opened: tuple[str, ...]
    """Lesson folders, the last opened one last."""


class Progress:
    """The progress file, open. Every method raises `ProgressError` and nothing else."""

    def __init__(self, path: Path, *, now: Callable[[], datetime], busy_s: float = BUSY_S) -> None:
        self.path = path
        self._busy_s = busy_s
        self._now = now
        self._lock = threading.RLock()
        self._identity: tuple[int, int] | None = None
        self._connection = self._open()

    def record_attempt(self, report: Report) -> bool:
        """Keep a report's summary; True when it is the first pass of its exercise."""
        from course.build_numbers import build_numbers
        from graders.formats.json import dumps

        numbers = build_numbers(report)
        engine = f"{report.engine.name} {report.engine.version}" if report.engine is not None else ""
        image = report.image
        values = (
            report.exercise,
            self._stamp(),
            str(report.verdict),
            report.points,
            report.max_points,
            report.content_sha256,
            report.elapsed_s,
            engine,
            image.id if image is not None else "",
            image.size_bytes if image is not None else None,
            report.build.elapsed_s if report.build is not None else None,
            numbers.rebuild_s if numbers is not None else None,
            numbers is not None and numbers.rebuild_stopped,
            numbers.steps if numbers is not None else None,
            numbers.cached_steps if numbers is not None else None,
            sha256(dumps(report).encode()).hexdigest(),
            __version__,
        )
        with self._write() as connection:
            attempt = connection.execute(
                "INSERT INTO attempts (exercise, at, verdict, points, max_points, content_sha256, elapsed_s, engine,"
                " image_id, image_bytes, build_s, rebuild_s, rebuild_stopped, steps, cached_steps, report_sha256,"
                " dockyard) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                values,
            ).lastrowid
            connection.executemany(
                "INSERT OR REPLACE INTO outcomes VALUES (?,?,?,?,?,?)",
                [(attempt, x.id, str(x.level), str(x.status), x.points, x.max_points) for x in report.outcomes],
            )
            if report.verdict != "passed":
                return False
            added = connection.execute(
                "INSERT OR IGNORE INTO passes VALUES (?,?,?)", (report.exercise, attempt, self._stamp())
            )
            return added.rowcount == 1

    def attempts(self, exercise: str) -> tuple[Attempt, ...]:
        """All recorded attempts at an exercise, oldest first."""
        with self._read() as connection:
            rows = connection.execute(
                "SELECT id, exercise, at, verdict, points, max_points, content_sha256, elapsed_s, engine, image_id,"
                " image_bytes, build_s, rebuild_s, rebuild_stopped, steps, cached_steps, report_sha256, dockyard"
                " FROM attempts WHERE exercise = ? ORDER BY id",
                (exercise,),
            ).fetchall()
            outcomes: dict[int, list[tuple[str, str, str]]] = {row[0]: [] for row in rows}
            for attempt, *outcome in connection.execute(
                "SELECT attempt, check_id, level, status FROM outcomes WHERE attempt IN"
                " (SELECT id FROM attempts WHERE exercise = ?) ORDER BY attempt, check_id",
                (exercise,),
            ):
                outcomes[attempt].append((outcome[0], outcome[1], outcome[2]))
        return tuple(Attempt(*(*row[1:12], tuple(outcomes[row[0]]), row[12], bool(row[13]), *row[14:])) for row in rows)

    def engine_attempts(self) -> tuple[str, ...]:
        """Exercises that an engine decided a check of, the earliest first."""
        with self._read() as connection:
            rows = connection.execute(
                "SELECT exercise FROM attempts WHERE engine <> '' GROUP BY exercise ORDER BY min(id)"
            ).fetchall()
        return tuple(row[0] for row in rows)

    def record(self) -> Record:
        """All that unlocking looks at."""
        with self._read() as connection:
            ask = connection.execute
            return Record(
                passed=frozenset(row[0] for row in ask("SELECT exercise FROM passes")),
                attempts=dict(ask("SELECT exercise, count(*) FROM attempts GROUP BY exercise").fetchall()),
                engine_answered=bool(ask("SELECT EXISTS (SELECT 1 FROM attempts WHERE engine <> '')").fetchone()[0]),
                built=frozenset(row[0] for row in ask("SELECT DISTINCT exercise FROM attempts WHERE image_id <> ''")),
                checks_passed=frozenset(
                    ask(
                        "SELECT DISTINCT exercise, level, check_id FROM outcomes JOIN attempts ON attempt = attempts.id"
                        " WHERE status = 'passed'"
                    ).fetchall()
                ),
                quizzes_right=frozenset(ask("SELECT DISTINCT lesson, quiz FROM answers WHERE correct = 1").fetchall()),
                opened=tuple(row[0] for row in ask("SELECT lesson FROM openings ORDER BY id")),
            )

    def record_hint(self, exercise: str, strongest: int) -> int:
        """Go up one step on the ladder of `strongest` hints, stay on its top; the strength to show now."""
        with self._write() as connection:
            row = connection.execute("SELECT max(strength) FROM hints WHERE exercise = ?", (exercise,)).fetchone()
            strength = min((row[0] or 0) + 1, strongest)
            connection.execute(
                "INSERT INTO hints (exercise, strength, at) VALUES (?,?,?)", (exercise, strength, self._stamp())
            )
            return strength

    def hints_shown(self, exercise: str) -> int:
        """The strongest hint that was shown; 0 for none."""
        with self._read() as connection:
            row = connection.execute("SELECT max(strength) FROM hints WHERE exercise = ?", (exercise,)).fetchone()
            return int(row[0] or 0)

    def record_answer(self, lesson: str, quiz: str, choice: int, *, correct: bool) -> None:
        """Keep an answer to a quiz."""
        with self._write() as connection:
            connection.execute(
                "INSERT INTO answers (lesson, quiz, choice, correct, at) VALUES (?,?,?,?,?)",
                (lesson, quiz, choice, int(correct), self._stamp()),
            )

    def answers(self, lesson: str) -> dict[str, int]:
        """Quiz id -> the last choice."""
        with self._read() as connection:
            rows = connection.execute("SELECT quiz, choice FROM answers WHERE lesson = ? ORDER BY id", (lesson,))
            return dict(rows.fetchall())

    def right_answer(self, lesson: str, quiz: str) -> RightAnswer | None:
        """The first right answer to a quiz; None when there was none yet."""
        with self._read() as connection:
            rows = connection.execute(
                "SELECT choice, at, correct FROM answers WHERE lesson = ? AND quiz = ? ORDER BY id", (lesson, quiz)
            ).fetchall()
        found = next((index for index, row in enumerate(rows) if row[2]), None)
        return None if found is None else RightAnswer(rows[found][0], rows[found][1], found + 1)

    def record_opening(self, lesson: str) -> None:
        """Remember a lesson as the last one opened."""
        with self._write() as connection:
            connection.execute("INSERT OR REPLACE INTO openings (lesson, at) VALUES (?,?)", (lesson, self._stamp()))

    def record_give_up(self, exercise: str) -> None:
        """Remember that the solution was asked for before a pass."""
        with self._write() as connection:
            connection.execute("INSERT OR IGNORE INTO give_ups VALUES (?,?)", (exercise, self._stamp()))

    def gave_up(self, exercise: str) -> bool:
        """Whether the solution was asked for before a pass."""
        with self._read() as connection:
            found = connection.execute("SELECT 1 FROM give_ups WHERE exercise = ?", (exercise,)).fetchone()
            return found is not None

    def close(self) -> None:
        """Let the file go; safe to call twice."""
        with self._lock:
            self._connection.close()

    def _stamp(self) -> str:
        return self._now().isoformat(timespec="seconds")

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise ProgressError(
                f"The folder {self.path.parent} can't be made: {error.strerror}",
                hint="Set XDG_DATA_HOME to a folder that you may write to.",
            ) from error
        with self._translated():
            connection = sqlite3.connect(
                self.path, timeout=self._busy_s, isolation_level=None, check_same_thread=False, cached_statements=64
            )
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
            return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Bring an opened file to our schema, or keep it aside."""
        status = self.path.stat()
        self._identity = (status.st_dev, status.st_ino)
        version = bring_up(connection)
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
    def _read(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._translated():
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._end("ROLLBACK")

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._end("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def _end(self, statement: str) -> None:
        if self._connection.in_transaction:
            self._connection.execute(statement)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn SQLite's errors into ours; a damaged file is kept aside."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            missing_table = "no such table" in str(error) or "no such column" in str(error)
            if code in _DAMAGED or missing_table:
                raise self._keep_aside("damaged", "is damaged") from error
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise ProgressError(
                    f"The progress file {self.path} is in use by another program",
                    hint="Wait until it is done, then try again.",
                ) from error
            raise ProgressError(
                f"The progress file {self.path} can't be used: {error}",
                hint="See that its folder can be written to and that the disk is not full.",
            ) from error
        except OSError as error:
            raise ProgressError(f"The progress file {self.path} can't be used: {error.strerror}") from error

    def _keep_aside(self, word: str, what: str) -> ProgressError:
        """Rename the file and what belongs to it, unless another program did; the error that says so."""
        aside = self.path.with_name(f"{self.path.stem}.{word}-{self._now():%Y%m%d-%H%M%S}{self.path.suffix}")
        number = 2
        while aside.exists():
            aside = self.path.with_name(
                f"{self.path.stem}.{word}-{self._now():%Y%m%d-%H%M%S}-{number}{self.path.suffix}"
            )
            number += 1
        try:
            status = self.path.stat()
            if (status.st_dev, status.st_ino) != self._identity:
                return ProgressError(f"The progress file {self.path} {what}", hint="Another program kept it aside.")
            self.path.rename(aside)
            for ending in ("-wal", "-shm"):
                beside = Path(f"{self.path}{ending}")
                if beside.exists():
                    beside.rename(f"{aside}{ending}")
        except OSError as error:
            return ProgressError(
                f"The progress file {self.path} {what} and can't be kept aside: {error.strerror}",
                hint=f"Move it away: mv {self.path} {aside}",
            )
        return ProgressError(
            f"The progress file {self.path} {what}; it is kept as {aside}",
            hint="Run the same command again to begin a new one. Put the old one back to go on with it.",
        )
