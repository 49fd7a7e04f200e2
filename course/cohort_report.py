"""Owns writing a cohort's results anew from its gradebook; must never grade, and never print."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from course.errors import ContentError
from graders.errors import GradebookError, SpecError

if TYPE_CHECKING:
    from graders.cohort.gradebook.book import CohortFacts
    from graders.cohort.hand_back.outputs import CohortExercise, HandedBack
    from graders.exercise import ExerciseSpec


@dataclass(frozen=True, slots=True)
class LateWords:
    """What is said of lateness now; None leaves what was said before."""

    due: datetime | None = None
    no_due: bool = False
    """There is no date any more."""
    free_days: float | None = None
    percent_per_day: float | None = None
    cap_percent: float | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """What was written."""

    exercise: str
    handed_back: HandedBack
    compared: bool
    """Whether submissions were compared: not without the exercise, whose starter is nobody's own."""


def write_report(
    place: Path,
    find: Callable[[str], ExerciseSpec],
    *,
    now: datetime,
    late: LateWords | None = None,
    assignment: str | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Reported:
    """Write tables, students' folders and the page in the `--out` folder `place`. Raises GraderError.

    `find` gives the exercise of an id, and raises ContentError or SpecError when it is not known here.
    """
    from graders.cohort.gradebook.book import FILE_NAME, open_gradebook
    from graders.cohort.gradebook.find import find_gradebook
    from graders.cohort.hand_back.outputs import HandBackOptions
    from graders.cohort.hand_back.run import write_all

    out = find_gradebook(place)
    with closing(open_gradebook(out / FILE_NAME, create=False)) as book:
        facts = book.facts()
        if facts is None:
            raise GradebookError(
                f"The gradebook in {out} holds no cohort yet",
                hint=f"Grade first: dockyard grade SUBMISSIONS --exercise EX --out {out}",
            )
        exercise = _exercise(facts, find)
        _say(out, late or LateWords(), assignment)
        written = write_all(out, book.rows(), exercise, HandBackOptions(now, progress=progress))
    return Reported(facts.exercise, written, exercise.read_files is not None)


def _exercise(facts: CohortFacts, find: Callable[[str], ExerciseSpec]) -> CohortExercise:
    """What the outputs need; of an exercise that is not here, as much as the gradebook knows."""
    from graders.cohort.hand_back.outputs import CohortExercise, exercise_of

    try:
        spec = find(facts.exercise)
    except (ContentError, SpecError):
        return CohortExercise(facts.exercise, facts.title or facts.exercise, facts.max_points)
    if spec.id != facts.exercise:
        raise GradebookError(
            f"The gradebook is of the exercise {facts.exercise}, not of {spec.id}",
            hint="Name the folder of the exercise that was graded, or leave --exercise out.",
        )
    # Points are as they were graded: the exercise may have changed since.
    return replace(exercise_of(spec), max_points=facts.max_points, title=facts.title or spec.title)


def _say(out: Path, late: LateWords, assignment: str | None) -> None:
    """Keep what is said now beside the gradebook, for this writing and all later ones."""
    from graders.cohort.hand_back.settings import read_settings, write_settings

    kept = read_settings(out)
    policy = kept.late
    if late.no_due or late.due is not None:
        policy = replace(policy, due=late.due)
    for name in ("free_days", "percent_per_day", "cap_percent"):
        if getattr(late, name) is not None:
            policy = replace(policy, **{name: getattr(late, name)})
    settings = replace(kept, late=policy, assignment=kept.assignment if assignment is None else assignment)
    if settings != kept:
        try:
            write_settings(out, settings)
        except OSError as error:
            raise GradebookError(
                f"{out} can't be written to: {error.strerror}", hint="Mend its permissions, or copy it elsewhere."
            ) from error
