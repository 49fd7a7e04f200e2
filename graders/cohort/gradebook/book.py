"""Owns the gradebook of a cohort: each row and its grade, written as results come; must never grade.

    book = open_gradebook(out / "gradebook.sqlite")
    book.set_cohort(rows, CohortFacts("cache-order", title="Order of layers", decides="...", scores="..."))
    book.record("s1", Grade(GradeState.PASSED, key="...", content_sha256="...", report=report))
    for row in book.rows(): ...                     # streams, in the roster's order
    book.override("s1", Override(7, "Handed in on paper"))

A report is kept once for all rows that share it. Grades and overrides hang on the student's id: they outlive a
collection in which the student is missing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from graders.cohort.gradebook.file import GradebookFile
from graders.cohort.row import GradedRow, GradeState, Override, Row, RowState
from graders.errors import GradebookError
from graders.safe_text import clean
from graders.typed_data import converted

if TYPE_CHECKING:
    from graders.report import Report

FILE_NAME = "gradebook.sqlite"
"""Name of the gradebook in `--out`."""


@dataclass(frozen=True, slots=True)
class CohortFacts:
    """What a cohort is graded for, and by what."""

    exercise: str
    title: str = ""
    max_points: int = 0
    decides: str = ""
    """Hash of all in the exercise and the graders that decides an outcome."""
    scores: str = ""
    """Hash of what only turns outcomes into points: changed points need no new grading."""


@dataclass(frozen=True, slots=True)
class Grade:
    """What grading a row came to. `report` is None for an ERRORED row that got none."""

    state: GradeState
    key: str
    """Hash of all that decided it: equal keys need grading once."""
    content_sha256: str
    report: Report | None = None
    error: str = ""
    same_as: str = ""
    attempted: bool = True
    """Whether this row itself was graded now: counts as an attempt."""
    linked: bool = False
    """Its report is the one that is kept under `key` already."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a READY row's grade without reading its report."""

    state: GradeState
    key: str
    error: str
    attempts: int
    same_as: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run of `dockyard grade`."""

    started_at: str
    """UTC, ISO 8601."""
    ended_at: str
    """Empty: it was killed, or goes on."""
    jobs: int
    dockyard: str
    """Version that graded."""
    ending: str
    """"done", "stopped" or "engine"; empty: it was killed, or goes on."""
    graded: int
    """Submissions that the engine was asked to grade."""


def open_gradebook(path: Path, *, now: Callable[[], datetime] | None = None, create: bool = True) -> Gradebook:
    """Open the gradebook, or make it. Raises GradebookError; a damaged or newer file is kept aside and named."""
    return Gradebook(GradebookFile(path, now=now or (lambda: datetime.now(UTC)), create=create))


class Gradebook:
    """An open gradebook; several threads may use it. Every method raises `GradebookError` and nothing else."""

    def __init__(self, file: GradebookFile) -> None:
        self._file = file

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self._file.path

    def facts(self) -> CohortFacts | None:
        """What the cohort is graded for; None before the first `set_cohort`."""
        with self._file.read_slowly() as connection:
            values = dict(connection.execute("SELECT name, value FROM facts").fetchall())
        if "exercise" not in values:
            return None
        return CohortFacts(
            values["exercise"],
            values["title"],
            int(values["max_points"]),
            values["decides"],
            values["scores"],
        )

    def set_cohort(self, rows: Iterable[Row], facts: CohortFacts) -> None:
        """Make these the cohort's rows, in this order; grades and overrides stay. Refuses another exercise's."""
        known = self.facts()
        if known is not None and known.exercise != facts.exercise:
            raise GradebookError(
                f"The gradebook {self.path} is of the exercise {known.exercise}, not of {facts.exercise}",
                hint="Choose another --out: a gradebook holds one exercise.",
            )
        values = [
            ("exercise", facts.exercise),
            ("title", facts.title),
            ("max_points", str(facts.max_points)),
            ("decides", facts.decides),
            ("scores", facts.scores),
        ]
        with self._file.write() as connection:
            connection.executemany("INSERT OR REPLACE INTO facts VALUES (?,?)", values)
            connection.execute("DELETE FROM students")
            for position, row in enumerate(rows):
                try:
                    connection.execute(
                        "INSERT INTO students VALUES (?,?,?,?,?)",
                        (position, _key(row.student.id), str(row.state), clean(row.reason), _dump(row)),
                    )
                except sqlite3.IntegrityError as error:
                    raise GradebookError(
                        f"{row.student.id!r} has more than one submission to grade",
                        hint="Of each student one row may be ready; a second one is a duplicate.",
                    ) from error

    def rows(self, only: Iterable[str] | None = None) -> Iterator[GradedRow]:
        """Every row and its grade in the cohort's order, one at a time; `only`: of these students alone."""
        wanted = None if only is None else frozenset(_key(student_id) for student_id in only)
        with self._file.read_slowly() as connection:
            cursor = connection.execute(
                "SELECT s.row, s.id, g.state, g.content_sha256, g.error, g.graded_at, g.same_as,"
                " g.attempts, r.json, o.points, o.reason"
                " FROM students s LEFT JOIN grades g ON g.id = s.id AND s.state = 'ready'"
                " LEFT JOIN reports r ON r.key = g.report"
                " LEFT JOIN overrides o ON o.id = s.id AND s.state NOT IN ('duplicate', 'unmatched')"
                " ORDER BY s.position"
            )
            for values in cursor:
                if wanted is None or values[1] in wanted:
                    yield _graded_row(values)

    def cohort_rows(self) -> Iterator[Row]:
        """Every row without its grade, in the cohort's order."""
        with self._file.read_slowly() as connection:
            for values in connection.execute("SELECT row FROM students ORDER BY position"):
                yield _row(values[0])

    def standings(self) -> dict[str, Standing]:
        """What is known of each student's grade, without the reports."""
        with self._file.read_slowly() as connection:
            rows = connection.execute("SELECT id, state, key, error, attempts, same_as FROM grades").fetchall()
        return {row[0]: Standing(GradeState(row[1]), *row[2:]) for row in rows}

    def record(self, student_id: str, grade: Grade) -> None:
        """Keep a row's grade; what was there before is replaced, but for its overrides."""
        self.record_all([(student_id, grade)])

    def record_all(self, grades: Iterable[tuple[str, Grade]]) -> None:
        """Keep several rows' grades, all or none."""
        with self._file.write() as connection:
            for student_id, grade in grades:
                self._record(connection, student_id, grade)

    def record_unreadable(self, row: Row) -> None:
        """A submission that looked ready can't be read: its row is this one now, and any grade of it is gone."""
        key = _key(row.student.id)
        with self._file.write() as connection:
            connection.execute(
                "UPDATE students SET state = ?, reason = ?, row = ? WHERE id = ? AND state = 'ready'",
                (str(row.state), clean(row.reason), _dump(row), key),
            )
            connection.execute("DELETE FROM grades WHERE id = ?", (key,))

    def forget(self, student_ids: Iterable[str]) -> None:
        """Let rows wait for their grading again; how often they were graded stays known."""
        with self._file.write() as connection:
            connection.executemany(
                "UPDATE grades SET state = 'waiting', key = '', report = NULL, error = '', graded_at = NULL,"
                " same_as = '' WHERE id = ?",
                [(_key(student_id),) for student_id in student_ids],
            )
            self._drop_unused(connection)

    def report(self, key: str) -> Report | None:
        """The report that is kept under a grade's key; None when there is none."""
        with self._file.read_slowly() as connection:
            found = connection.execute("SELECT json FROM reports WHERE key = ?", (key,)).fetchone()
        return None if found is None else _report(found[0])

    def rescore(self, scored: Callable[[Report], Report]) -> int:
        """Turn every kept report into what `scored` makes of it; how many there are."""
        from graders.formats.json import compact

        with self._file.read_slowly() as connection:
            keys = [row[0] for row in connection.execute("SELECT key FROM reports")]
        for key in keys:
            report = self.report(key)
            if report is not None:
                new = scored(report)
                with self._file.write() as connection:
                    connection.execute("UPDATE reports SET json = ? WHERE key = ?", (compact(new), key))
                    connection.execute(
                        "UPDATE grades SET state = ? WHERE report = ? AND state <> 'waiting'",
                        (new.verdict.value, key),
                    )
        return len(keys)

    def override(self, student_id: str, override: Override | None) -> None:
        """Give points by hand, or (None) take them back. Raises GradebookError for a student who is not there."""
        with self._file.write() as connection:
            known = connection.execute("SELECT 1 FROM students WHERE id = ?", (_key(student_id),)).fetchone()
            if known is None:
                raise GradebookError(
                    f"There is no student {student_id!r} in {self.path}",
                    hint="See the ids: dockyard grade ... lists them, and so does gradebook.csv.",
                )
            if override is None:
                connection.execute("DELETE FROM overrides WHERE id = ?", (_key(student_id),))
            else:
                connection.execute(
                    "INSERT OR REPLACE INTO overrides VALUES (?,?,?,?)",
                    (_key(student_id), override.points, override.reason, self._file.now()),
                )

    def begin_run(self, jobs: int, dockyard: str) -> int:
        """Note that a run began; its number for `end_run`."""
        with self._file.write() as connection:
            number = connection.execute(
                "INSERT INTO runs (started_at, jobs, dockyard, ending, graded) VALUES (?,?,?,'',0)",
                (self._file.now(), jobs, dockyard),
            ).lastrowid
        return int(number or 0)

    def end_run(self, number: int, ending: str, graded: int) -> None:
        """Note how a run ended."""
        with self._file.write() as connection:
            connection.execute(
                "UPDATE runs SET ended_at = ?, ending = ?, graded = ? WHERE id = ?",
                (self._file.now(), ending, graded, number),
            )

    def runs(self) -> tuple[RunRecord, ...]:
        """Every run, the oldest first."""
        with self._file.read_slowly() as connection:
            rows = connection.execute(
                "SELECT started_at, ended_at, jobs, dockyard, ending, graded FROM runs ORDER BY id"
            ).fetchall()
        return tuple(RunRecord(row[0], row[1] or "", *row[2:]) for row in rows)

    def tidy(self) -> None:
        """Let reports go that no row holds any more."""
        with self._file.write() as connection:
            self._drop_unused(connection)

    def close(self) -> None:
        """Let the file go; safe to call twice."""
        self._file.close()

    def _record(self, connection: sqlite3.Connection, student_id: str, grade: Grade) -> None:
        from graders.formats.json import compact

        if grade.report is not None and not grade.same_as:
            connection.execute("INSERT OR REPLACE INTO reports VALUES (?,?)", (grade.key, compact(grade.report)))
            connection.execute(
                "UPDATE grades SET state = ? WHERE report = ? AND state <> 'waiting'", (str(grade.state), grade.key)
            )
        connection.execute(
            "INSERT INTO grades VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET state = excluded.state,"
            " key = excluded.key, content_sha256 = excluded.content_sha256, report = excluded.report,"
            " error = excluded.error, graded_at = excluded.graded_at, same_as = excluded.same_as,"
            " attempts = grades.attempts + excluded.attempts",
            (
                _key(student_id),
                str(grade.state),
                grade.key,
                grade.content_sha256,
                grade.key if grade.linked or grade.report is not None else None,
                clean(grade.error),
                None if grade.state is GradeState.WAITING else self._file.now(),
                _key(grade.same_as),
                int(grade.attempted),
            ),
        )

    def _drop_unused(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            "DELETE FROM reports WHERE NOT EXISTS (SELECT 1 FROM grades WHERE grades.report = reports.key)"
        )


def _dump(row: Row) -> str:
    """A row as text that any file takes."""
    return json.dumps(msgspec.to_builtins(row, enc_hook=str), ensure_ascii=True)


def _row(text: str) -> Row:
    return converted(json.loads(text), Row, from_text=lambda _, value: Path(str(value)))


def _key(student_id: str) -> str:
    """The id as the file takes it: names of files may hold what is no text."""
    return student_id.encode("utf-8", "backslashreplace").decode("utf-8")


def _graded_row(values: tuple[str, ...]) -> GradedRow:
    row = _row(values[0])
    state, content_sha256, error, graded_at, same_as, attempts, report, points, why = values[2:]
    override = None if points is None else Override(int(points), why)
    if row.state is not RowState.READY:
        return GradedRow(row, GradeState.UNGRADED, override=override)
    if not state:
        return GradedRow(row, GradeState.WAITING, override=override)
    return GradedRow(
        row,
        GradeState(state),
        report=None if report is None else _report(report),
        error=error,
        content_sha256=content_sha256,
        graded_at=datetime.fromisoformat(graded_at) if graded_at else None,
        same_as=same_as,
        attempts=int(attempts),
        override=override,
    )


def _report(text: str) -> Report:
    from graders.formats.json import loads

    try:
        return loads(text)
    except ValueError as error:
        raise GradebookError(
            f"A report in the gradebook can't be read: {error}", hint="Grade again: dockyard grade ... --fresh"
        ) from error
