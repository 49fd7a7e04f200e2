"""Owns one pass over the rows of a cohort that writes every output; must never hold the reports of all rows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from graders.cohort.feedback import Words
from graders.cohort.folder_name import FolderNames
from graders.cohort.gradebook_csv import Table, open_tables
from graders.cohort.hand_back import CohortExercise, HandBackOptions, HandedBack
from graders.cohort.row import GradedRow, RowState
from graders.cohort.student_folder import sweep, write_student
from graders.cohort.worth import score

STUDENTS = "students"
NO_FOLDER = (RowState.DUPLICATE, RowState.UNMATCHED)
"""A duplicate's student has the folder of the row that is graded; who is not on the roster gets nothing back."""


class HandBackRun:
    """One writing of all outputs."""

    def __init__(self, out_dir: Path, exercise: CohortExercise, options: HandBackOptions) -> None:
        self._out = out_dir
        self._exercise = exercise
        self._options = options
        self._words = Words(exercise.title, f"dockyard check {exercise.id}")

    def all(self, rows: Iterable[GradedRow]) -> HandedBack:
        """Write everything. Raises OSError."""
        students = self._out / STUDENTS
        students.mkdir(parents=True, exist_ok=True)
        names = FolderNames()
        kept: set[str] = set()
        count = 0
        table = Table(self._options.assignment or self._exercise.title, self._exercise.max_points)
        with open_tables(self._out, table) as write_line:
            for row in rows:
                counted = score(row, self._options.late, self._exercise.max_points)
                folder = "" if row.row.state in NO_FOLDER else names.name(row.row.student.id)
                if folder:
                    write_student(students / folder, row, counted, self._words)
                    kept.add(folder)
                write_line(row, counted, folder)
                count += 1
                self._options.progress(count)
        sweep(students, kept)
        return HandedBack(count, len(kept), self._out / "report.html", 0, 0)
