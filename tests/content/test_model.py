"""Owns the proof that the grader's texts mean to the shipped model what exercise.toml says; must never guess it.

The model runs where it is meant to run: in the image of the reference solution.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from course.catalog import Catalog
from graders.cancel import Cancel
from graders.engine.base import Engine, RunRequest
from graders.exercise import ExerciseSpec
from tests.content.solution_image import LIMITS, assert_labels_every_text, built_solution

RUN_ID = f"tests-content-model-{uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def spec(catalog: Catalog) -> ExerciseSpec:
    """The exercise whose model is asked."""
    return catalog.exercise("ship-the-classifier")


@pytest.fixture(scope="module")
def image_id(engine: Engine, python_base: str, spec: ExerciseSpec) -> Iterator[str]:
    """The image of the reference solution."""
    assert python_base in spec.build.bases
    with built_solution(engine, spec, RUN_ID) as image:
        yield image


@pytest.mark.engine
def test_model_gives_every_possible_text_its_label(engine: Engine, spec: ExerciseSpec, image_id: str) -> None:
    """Whatever texts a check makes up, the right program prints the labels that the grader expects."""
    assert_labels_every_text(engine, spec, image_id, RUN_ID)


@pytest.mark.engine
def test_program_labels_its_examples_when_nothing_is_asked(engine: Engine, spec: ExerciseSpec, image_id: str) -> None:
    """An empty and a closed standard input both bring out a few predictions, as the lesson says."""
    for stdin in (None, b"", b"\n  \n"):
        result = engine.run(RunRequest(image_id=image_id, run_id=RUN_ID, limits=LIMITS, stdin=stdin), Cancel())
        labels = [line.partition("\t")[0] for line in result.stdout.decode().splitlines()]

        assert 0 == result.exit_code
        assert ["positive", "negative", "positive"] == labels


@pytest.mark.engine
def test_program_without_its_model_says_so_in_one_line(engine: Engine, spec: ExerciseSpec, image_id: str) -> None:
    """A missing model is one plain sentence on standard error and a status that is not 0."""
    request = RunRequest(image_id=image_id, run_id=RUN_ID, limits=LIMITS, env={"MODEL_PATH": "/nowhere/model.joblib"})
    result = engine.run(request, Cancel())

    assert 1 == result.exit_code
    assert b"" == result.stdout
    assert ["predict.py: there is no model at /nowhere/model.joblib"] == result.stderr.decode().splitlines()
