"""Owns the proof that programs which need packages label as they should; must never install on the host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from course.catalog import Catalog
from graders.engine.base import Engine
from graders.exercise import ExerciseSpec, read_exercise
from tests.content.solution_image import assert_labels_every_text, built_solution

EXERCISES = Path(__file__).resolve().parents[3] / "exercises"
PACKED = ("cache-order", "lean-apt", "broken-a", "broken-b", "broken-c")
"""Exercises whose program needs packages of Python or of the system."""
RUN_ID = f"tests-content-level1-{uuid4().hex[:8]}"


@pytest.fixture(params=PACKED)
def spec(request: pytest.FixtureRequest, catalog: Catalog) -> ExerciseSpec:
    """Each exercise in turn."""
    listed = {name for number in catalog.slugs for name in catalog.lesson(number).exercises}
    if request.param not in listed:
        pytest.skip(f"{request.param} is a draft: no listed lesson asks for it")
    return read_exercise(EXERCISES / str(request.param))


@pytest.fixture
def image_id(engine: Engine, python_base: str, spec: ExerciseSpec) -> Iterator[str]:
    """The image of the reference solution."""
    assert python_base in spec.build.bases
    with built_solution(engine, spec, RUN_ID) as image:
        yield image


@pytest.mark.engine
def test_program_gives_every_possible_text_its_label(engine: Engine, spec: ExerciseSpec, image_id: str) -> None:
    """Whatever texts a check makes up, the reference solution prints the labels that the grader expects."""
    assert_labels_every_text(engine, spec, image_id, RUN_ID)
