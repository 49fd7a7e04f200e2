"""Checks meet real images in exercises made for that alone, proved by the same code as `dockyard author verify`."""

from __future__ import annotations

import itertools
import os
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from course.author.verify import ExerciseResult, verify
from graders import pipeline
from graders.cancel import Cancel
from graders.engine.base import Engine
from graders.engine.find import find_engine
from graders.event import GradeEvent
from graders.exercise import ExerciseSpec, read_exercise
from graders.registry import all_checks
from graders.submission import read_submission

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
QUICK = os.environ.get("DOCKYARD_PROOF") != "all"
"""A sample, unless `make proof` asks for every answer."""
FIXTURES = sorted(path.parent for path in HERE.glob("*/*/exercise.toml"))


@pytest.mark.engine
@pytest.mark.parametrize("folder", FIXTURES, ids=lambda path: path.name)
def test_fixture_is_proved(folder: Path, engine: Engine, python_base: str) -> None:
    """No false pass, no false failure, each wrong answer caught by exactly the checks that it lists."""
    environ = {"DOCKER_HOST": engine.info().socket, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    numbers = itertools.count()
    nonce = uuid.uuid4().hex

    def grade(spec: ExerciseSpec, answer: Path) -> Iterator[GradeEvent]:
        return pipeline.grade(
            read_submission(answer, spec.limits, starter=spec.starter, editable=spec.files),
            spec,
            lambda: find_engine(environ, Path("/")),
            cancel=Cancel(),
            nonce=f"{nonce}-{next(numbers)}",
            now=lambda: datetime.now(UTC),
            clock=time.monotonic,
            environ=environ,
        )

    *_, result = verify(read_exercise(folder), grade, quick=QUICK, jobs=2)

    assert isinstance(result, ExerciseResult)
    assert () == result.all_problems
    assert (0, 0, 0) == (result.false_passes, result.false_failures, result.errored)
    assert len(result.mutants) == result.mutants_caught > 0


def test_every_check_is_used_by_an_exercise_or_a_fixture() -> None:
    """No check ships that never met a real image."""
    folders = [*FIXTURES, *(path.parent for path in (ROOT / "exercises").glob("*/exercise.toml"))]
    used = {use.check.id for folder in folders for use in read_exercise(folder).checks}

    assert [] == sorted(set(all_checks()) - used)
