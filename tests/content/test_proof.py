"""Every exercise of the course is proved on a real engine: right answers pass, wrong ones fail by the named check.

A sample is graded here: a wrong answer or two of each exercise, that together trip every check of the engine, starter
and another right answer where builds fetch nothing, and the solutions but for those of level 1, which the walk through
it grades (tests/e2e/test_walk.py). What text alone decides is compared for every answer in test_exercises.py; every
answer on the engine: `make proof`, which takes half an hour.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from course.author.case import Case, Kind, read_cases
from course.author.sample import course_sample
from course.catalog import read_catalog
from graders.engine.base import Engine
from graders.exercise import ExerciseSpec, read_exercise
from tests.proof import known_layers, prove

ROOT = Path(__file__).resolve().parents[2]
CATALOG = read_catalog(ROOT)
EXERCISES = sorted({name for number in CATALOG.slugs for name in CATALOG.lesson(number).exercises})
"""Ids that a listed lesson asks for; the others are drafts, proved by `dockyard author verify`."""
WALKED = frozenset(name for number in CATALOG.level(1).lessons for name in CATALOG.lesson(number).exercises)
"""Ids of those whose solutions the walk grades."""


@pytest.mark.engine
@pytest.mark.parametrize("slug", EXERCISES)
def test_exercise_is_proved(
    slug: str, engine: Engine, python_base: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No false pass, no false failure, each wrong answer caught by exactly the checks that it lists."""
    specs = [read_exercise(ROOT / "exercises" / name) for name in EXERCISES]
    sample = course_sample({spec.id: (spec, read_cases(spec)) for spec in specs})

    def not_walked(spec: ExerciseSpec, _cases: tuple[Case, ...]) -> tuple[Case, ...]:
        return tuple(case for case in sample[spec.id] if case.kind is not Kind.SOLUTION or spec.id not in WALKED)

    prove(next(spec for spec in specs if spec.id == slug), not_walked, engine, known_layers(tmp_path_factory))
