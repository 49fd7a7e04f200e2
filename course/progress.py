"""Owns the progress file: what a learner tried, passed, asked and answered; must never reset it in silence.

Several programs may use it at once, and several threads one `Progress`. Lessons stand in it by their folder, so that
renumbering loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from course.errors import ProgressError
from course.progress_schema import STEPS
from course.version import __version__
from graders.sqlite_file import BUSY_S, FileKind, SqliteFile

if TYPE_CHECKING:
    from graders.report import Report

_KIND = FileKind(
    name="The progress file",
    error=ProgressError,
    steps=STEPS,
    anew="Run the same command again to begin a new one. Put the old one back to go on with it.",
    no_folder="Set XDG_DATA_HOME to a folder that you may write to.",
    folder_mode=0o700,
)


class Attempt(NamedTuple):
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


class RightAnswer(NamedTuple):
    """The first right answer to a quiz."""

    choice: int
    """0-based."""
    at: str
    """UTC, ISO 8601."""
    tries: int
    """Answers up to it, itself among them."""


class Record(NamedTuple):
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
        self._file = SqliteFile(path, _KIND, now=now, busy_s=busy_s)

    def record_attempt(self, report: Report) -> bool:
        """Keep a report's summary; True when it is the first pass of its exercise."""
        from course.build_numbers import build_numbers
        from graders.formats.json import dumps

        numbers = build_numbers(report)
        engine = f"{report.engine.name} {report.engine.version}" if report.engine is not None else ""
        image = report.image
        values = (
            report.exercise,
            self._file.now(),
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
        with self._file.write() as connection:
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
                "INSERT OR IGNORE INTO passes VALUES (?,?,?)", (report.exercise, attempt, self._file.now())
            )
            return added.rowcount == 1

    def attempts(self, exercise: str) -> tuple[Attempt, ...]:
        """All recorded attempts at an exercise, oldest first."""
        with self._file.read() as connection:
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
        with self._file.read() as connection:
            rows = connection.execute(
                "SELECT exercise FROM attempts WHERE engine <> '' GROUP BY exercise ORDER BY min(id)"
            ).fetchall()
        return tuple(row[0] for row in rows)

    def record(self) -> Record:
        """All that unlocking looks at."""
        with self._file.read() as connection:
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
        with self._file.write() as connection:
            row = connection.execute("SELECT max(strength) FROM hints WHERE exercise = ?", (exercise,)).fetchone()
            strength = min((row[0] or 0) + 1, strongest)
            connection.execute(
                "INSERT INTO hints (exercise, strength, at) VALUES (?,?,?)", (exercise, strength, self._file.now())
            )
            return strength

    def hints_shown(self, exercise: str) -> int:
        """The strongest hint that was shown; 0 for none."""
        with self._file.read() as connection:
            row = connection.execute("SELECT max(strength) FROM hints WHERE exercise = ?", (exercise,)).fetchone()
            return int(row[0] or 0)

    def record_answer(self, lesson: str, quiz: str, choice: int, *, correct: bool) -> None:
        """Keep an answer to a quiz."""
        with self._file.write() as connection:
            connection.execute(
                "INSERT INTO answers (lesson, quiz, choice, correct, at) VALUES (?,?,?,?,?)",
                (lesson, quiz, choice, int(correct), self._file.now()),
            )

    def answers(self, lesson: str) -> dict[str, int]:
        """Quiz id -> the last choice."""
        with self._file.read() as connection:
            rows = connection.execute("SELECT quiz, choice FROM answers WHERE lesson = ? ORDER BY id", (lesson,))
            return dict(rows.fetchall())

    def right_answer(self, lesson: str, quiz: str) -> RightAnswer | None:
        """The first right answer to a quiz; None when there was none yet."""
        with self._file.read() as connection:
            rows = connection.execute(
                "SELECT choice, at, correct FROM answers WHERE lesson = ? AND quiz = ? ORDER BY id", (lesson, quiz)
            ).fetchall()
        found = next((index for index, row in enumerate(rows) if row[2]), None)
        return None if found is None else RightAnswer(rows[found][0], rows[found][1], found + 1)

    def record_opening(self, lesson: str) -> None:
        """Remember a lesson as the last one opened."""
        with self._file.write() as connection:
            connection.execute("INSERT OR REPLACE INTO openings (lesson, at) VALUES (?,?)", (lesson, self._file.now()))

    def record_give_up(self, exercise: str) -> None:
        """Remember that the solution was asked for before a pass."""
        with self._file.write() as connection:
            connection.execute("INSERT OR IGNORE INTO give_ups VALUES (?,?)", (exercise, self._file.now()))

    def gave_up(self, exercise: str) -> bool:
        """Whether the solution was asked for before a pass."""
        with self._file.read() as connection:
            found = connection.execute("SELECT 1 FROM give_ups WHERE exercise = ?", (exercise,)).fetchone()
            return found is not None

    def close(self) -> None:
        """Let the file go; safe to call twice."""
        self._file.close()
