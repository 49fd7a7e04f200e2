"""Owns the image of a reference solution, for tests that ask its program; must never judge it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from graders.build_context import prepare
from graders.cancel import Cancel
from graders.engine.base import BuildRequest, BuildResult, Engine, RunRequest
from graders.exercise import ExerciseSpec
from graders.limits import Limits
from graders.network_trouble import may_have_missed_something
from graders.submission import read_submission
from tests.content.exercise_folder import every_answer

LIMITS = Limits(run_s=120.0, output_kib=1024)


@contextmanager
def built_solution(engine: Engine, spec: ExerciseSpec, run_id: str) -> Iterator[str]:
    """The id of the image, which is removed in the end with all else of this run."""
    submission = read_submission(spec.solution, LIMITS, starter=spec.starter, editable=spec.files)
    request = BuildRequest(files=prepare(submission.files, spec).sent(), run_id=run_id, limits=LIMITS)
    try:
        *_, result = engine.build(request, Cancel())
        assert isinstance(result, BuildResult)
        if may_have_missed_something(result):
            # As grading does it: a mirror that did not answer says nothing of the solution.
            *_, result = engine.build(replace(request, no_cache=True), Cancel())
            assert isinstance(result, BuildResult)
        assert not result.error
        yield result.image_id
    finally:
        engine.remove(run_id)


def assert_labels_every_text(engine: Engine, spec: ExerciseSpec, image_id: str, run_id: str) -> None:
    """Whatever texts a check makes up, the program prints the labels that the grader expects."""
    expected = every_answer(spec)
    texts = "".join(line.partition("\t")[2] + "\n" for line in expected).encode()
    result = engine.run(RunRequest(image_id=image_id, run_id=run_id, limits=LIMITS, stdin=texts), Cancel())

    assert 0 == result.exit_code
    assert expected == result.stdout.decode().splitlines()
