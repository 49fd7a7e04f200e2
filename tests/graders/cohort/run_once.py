"""Grades a folder of folders on engines in memory: a process of its own, for tests that kill it.

python -m tests.graders.cohort.run_once EXERCISE SUBMISSIONS OUT JOBS
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from graders.cancel import Cancel
from graders.cohort.gradebook.book import FILE_NAME, open_gradebook
from graders.cohort.out_lock import out_lock
from graders.cohort.row import Row, RowState, Student
from graders.cohort.run import CohortRun
from graders.cohort.run_event import GradingEnded, GradingStarted
from graders.cohort.run_settings import RunSettings
from graders.errors import GradebookError
from graders.exercise import read_exercise
from graders.submission import read_submission
from tests.graders.cohort.local_grader import local_grader


def main(exercise: Path, submissions: Path, out: Path, jobs: int) -> int:
    """Grade, and say on standard output who begins and who is done."""
    spec = read_exercise(exercise)
    rows = [Row(Student(folder.name), RowState.READY, place=folder) for folder in sorted(submissions.iterdir())]
    with out_lock(out):
        book = open_gradebook(out / FILE_NAME)
        run = CohortRun(
            book,
            rows,
            spec,
            RunSettings(jobs=jobs),
            read=lambda row: read_submission(row.place or Path(), spec.limits),
            grader=local_grader(spec),
            cancel=Cancel(),
            clock=time.monotonic,
        )
        for event in run.events():
            if isinstance(event, GradingStarted | GradingEnded):
                print(type(event).__name__, event.student_id, flush=True)
        book.close()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])))
    except GradebookError as error:
        print(error.message, error.hint, file=sys.stderr)
        sys.exit(error.exit_code)
