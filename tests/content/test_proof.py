"""Every exercise of the course is proved on a real engine: right answers pass, wrong ones fail by the named check.

A sample is graded here: starter, solution and the right answer that is little like it of each exercise, and wrong
answers that together trip every check of the engine, in each exercise those to which it gives a threshold of its own.
What text alone decides is compared for every answer in test_exercises.py; every answer on the engine: `make proof`,
which takes half an hour.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from course.author.case import read_cases
from course.author.sample import course_sample
from course.catalog import read_catalog
from graders.engine.base import Engine
from graders.exercise import read_exercise
from tests.proof import prove

ROOT = Path(__file__).resolve().parents[2]
CATALOG = read_catalog(ROOT)
EXERCISES = sorted({name for number in CATALOG.slugs for name in CATALOG.lesson(number).exercises})
"""Ids that a listed lesson asks for; the others are drafts, proved by `dockyard author verify`."""


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where layers are remembered: of the base image, that every exercise is built on, by all of them."""
    return tmp_path_factory.mktemp("layers")


@pytest.mark.engine
@pytest.mark.parametrize("slug", EXERCISES)
def test_exercise_is_proved(slug: str, engine: Engine, python_base: str, layers: Path) -> None:
    """No false pass, no false failure, each wrong answer caught by exactly the checks that it lists."""
    specs = [read_exercise(ROOT / "exercises" / name) for name in EXERCISES]
    sample = course_sample({spec.id: (spec, read_cases(spec)) for spec in specs})

    prove(next(spec for spec in specs if spec.id == slug), lambda spec, _cases: sample[spec.id], engine, layers)
