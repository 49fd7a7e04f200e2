"""Owns what the writing of a cohort's results needs to know, and what it tells; must never write a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from graders.cohort.collect.kept_listing import KeptListing
from graders.cohort.gradebook.worth import LatePolicy
from graders.cohort.row import Row
from graders.errors import SubmissionError
from graders.exercise import ExerciseSpec
from graders.submission import read_submission

ReadFiles = Callable[[Row], "Mapping[str, bytes] | None"]
"""What a row handed in, path -> bytes; None when it can't be read now. Raises nothing."""


@dataclass(frozen=True, slots=True)
class CohortExercise:
    """What the cohort was graded for."""

    id: str
    title: str
    max_points: int
    given: tuple[Mapping[str, bytes], ...] = ()
    """Files of the starter and of the solution: what equals them is nobody's own."""
    read_files: ReadFiles | None = None
    """None: submissions are not compared with each other."""


@dataclass(frozen=True, slots=True)
class HandBackOptions:
    """How the results are handed back."""

    now: datetime
    """With a time zone: when the page says that it was made."""
    late: LatePolicy = field(default_factory=LatePolicy)
    """What it leaves at its default is as kept in `--out`; what it says is kept there."""
    assignment: str = ""
    """The assignment's name in Canvas; empty: as kept in `--out`, else the exercise's title."""
    progress: Callable[[int], None] = lambda _: None
    """Told how many rows are written."""


@dataclass(frozen=True, slots=True)
class HandedBack:
    """What was written."""

    rows: int
    students: int
    """Folders."""
    page: Path
    page_bytes: int
    pairs: int
    """Pairs and groups of similar submissions that the page shows."""


def exercise_of(spec: ExerciseSpec) -> CohortExercise:
    """What of an exercise the outputs need: its name, its points, and the files that everybody was given."""
    given = []
    for folder in (spec.starter, spec.solution):
        with suppress(SubmissionError):
            files = read_submission(folder, spec.limits).files
            given.append({file.path: file.data for file in files if not file.link})
    points = sum(use.points for use in spec.checks if not use.advisory)
    return CohortExercise(spec.id, spec.title, points, tuple(given), partial(_files, spec, KeptListing()))


def _files(spec: ExerciseSpec, kept: KeptListing, row: Row) -> Mapping[str, bytes] | None:
    from graders.cohort.collect.unpack import read

    try:
        return {file.path: file.data for file in read(row, spec, kept=kept).files if not file.link}
    except (SubmissionError, OSError):
        return None
