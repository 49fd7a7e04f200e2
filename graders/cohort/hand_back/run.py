"""Owns what a graded cohort leaves in `--out` for people: tables, students' folders, the page; must never grade.

    write_all(out, book.rows(), exercise_of(spec), HandBackOptions(now=...))

goes through the rows once, and holds one report at a time. Each file is replaced as a whole; what belongs to nobody any
more is taken away.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from graders.cohort.gradebook.spreadsheet import Table, open_tables
from graders.cohort.gradebook.worth import Score, in_words, score
from graders.cohort.hand_back.feedback import Words
from graders.cohort.hand_back.folder_name import FolderNames
from graders.cohort.hand_back.outputs import CohortExercise, HandBackOptions, HandedBack
from graders.cohort.hand_back.settings import HandBackSettings, keep_settings
from graders.cohort.hand_back.student_folder import sweep, write_student
from graders.cohort.page.file import PageFile
from graders.cohort.page.top import Heading
from graders.cohort.row import GradedRow, RowState
from graders.cohort.similarity.compare import Similarity
from graders.errors import GradebookError

LOCK = ".handing-back"
STUDENTS = "students"
PAGE = "report.html"
NO_FOLDER = (RowState.DUPLICATE, RowState.UNMATCHED)
"""A duplicate's student has the folder of the row that is graded; who is not on the roster gets nothing back."""


def write_all(
    out_dir: Path, rows: Iterable[GradedRow], exercise: CohortExercise, options: HandBackOptions
) -> HandedBack:
    """Write every output. Raises GradebookError when a file can't be written; the others stay whole."""
    try:
        with _alone(out_dir):
            kept = keep_settings(out_dir, HandBackSettings(options.late, options.assignment))
            return HandBackRun(out_dir, exercise, replace(options, late=kept.late, assignment=kept.assignment)).all(
                rows
            )
    except OSError as error:
        raise GradebookError(
            f"{error.filename or out_dir} can't be written: {error.strerror}",
            hint="Make room or mend its permissions, then: dockyard report DIR",
        ) from error


class HandBackRun:
    """One writing of all outputs."""

    def __init__(self, out_dir: Path, exercise: CohortExercise, options: HandBackOptions) -> None:
        self._out = out_dir
        self._exercise = exercise
        self._options = options
        self._words = Words(exercise.title, f"dockyard check {exercise.id}")
        self._names = FolderNames()
        self._kept: set[str] = set()
        self._similarity = Similarity(exercise.given) if exercise.read_files is not None else None

    def all(self, rows: Iterable[GradedRow]) -> HandedBack:
        """Write everything. Raises OSError."""
        students = self._out / STUDENTS
        students.mkdir(parents=True, exist_ok=True)
        late, title = self._options.late, self._exercise.title
        table = Table(self._options.assignment or title, self._exercise.max_points)
        heading = Heading(title, self._exercise.id, self._options.now, in_words(late))
        count = 0
        with PageFile(heading) as page:
            with open_tables(self._out, table) as write_line:
                for row in rows:
                    counted = score(row, late, self._exercise.max_points)
                    folder = self._folder(students, row, counted)
                    write_line(row, counted, folder)
                    page.add(row, counted, folder)
                    self._compare(row)
                    count += 1
                    self._options.progress(count)
            sweep(students, self._kept)
            alike = self._similarity.result() if self._similarity is not None else None
            page_bytes = page.write(self._out / PAGE, alike)
        pairs = len(alike.pairs) + len(alike.groups) if alike is not None else 0
        return HandedBack(count, len(self._kept), self._out / PAGE, page_bytes, pairs)

    def _folder(self, students: Path, row: GradedRow, counted: Score) -> str:
        """Write the folder of the row's student; its name, empty for none."""
        if row.row.state in NO_FOLDER:
            return ""
        folder = self._names.name(row.row.student.id)
        write_student(students / folder, row, counted, self._words)
        self._kept.add(folder)
        return folder

    def _compare(self, row: GradedRow) -> None:
        read_files = self._exercise.read_files
        # What was never graded has no sum, and comparing waits for it.
        if self._similarity is None or read_files is None or row.row.state is not RowState.READY:
            return
        if row.content_sha256:
            known = self._similarity.knows(row.content_sha256)
            files = None if known else read_files(row.row)
            self._similarity.add(row.row.student.id, row.content_sha256, files)


@contextmanager
def _alone(out_dir: Path) -> Iterator[None]:
    """Wait until nobody else writes there: `dockyard report` may run while `dockyard grade` ends. Raises OSError."""
    out_dir.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(out_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
