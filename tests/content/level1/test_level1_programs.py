"""Owns the proof that programs which need packages label as they should; must never install on the host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from course.catalog import Catalog
from graders.build_context import prepare
from graders.cancel import Cancel
from graders.engine.base import BuildRequest, BuildResult, Engine, RunRequest
from graders.exercise import ExerciseSpec, read_exercise
from graders.limits import Limits
from graders.submission import read_submission

EXERCISES = Path(__file__).resolve().parents[3] / "exercises"
PACKED = ("cache-order", "lean-apt", "broken-a", "broken-b", "broken-c")
"""Exercises whose program needs packages of Python or of the system."""
RUN_ID = "tests-content-level1"
LIMITS = Limits(run_s=120.0, output_kib=1024)


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
    submission = read_submission(spec.solution, LIMITS, starter=spec.starter, editable=spec.files)
    request = BuildRequest(files=prepare(submission.files, spec).sent(), run_id=RUN_ID, limits=LIMITS)
    try:
        *_, result = engine.build(request, Cancel())
        assert isinstance(result, BuildResult)
        assert not result.error
        yield result.image_id
    finally:
        engine.remove(RUN_ID)


@pytest.mark.engine
def test_program_gives_every_possible_text_its_label(engine: Engine, spec: ExerciseSpec, image_id: str) -> None:
    """Whatever texts a check makes up, the reference solution prints the labels that the grader expects."""
    expected = [
        f"{label}\t{template.replace('{thing}', thing).replace('{word}', word)}"
        for label, words in spec.texts.words.items()
        for template in spec.texts.templates
        for thing in spec.texts.things
        for word in words
    ]
    texts = "".join(line.partition("\t")[2] + "\n" for line in expected).encode()
    result = engine.run(RunRequest(image_id=image_id, run_id=RUN_ID, limits=LIMITS, stdin=texts), Cancel())

    assert 0 == result.exit_code
    assert expected == result.stdout.decode().splitlines()
