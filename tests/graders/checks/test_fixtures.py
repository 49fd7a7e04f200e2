"""Checks meet real images in exercises made for that alone, proved by the same code as `dockyard author verify`."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.author.case import Case, Kind
from course.author.sample import representative
from graders.engine.base import Engine
from graders.exercise import ExerciseSpec, read_exercise
from graders.registry import all_checks
from tests.proof import known_layers, prove

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
FIXTURES = sorted(path.parent for path in HERE.glob("*/*/exercise.toml"))


def but_for_the_starter(spec: ExerciseSpec, cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """No learner starts here; `make proof` grades the starter too."""
    return tuple(case for case in representative(spec, cases) if case.kind is not Kind.STARTER)


@pytest.mark.engine
@pytest.mark.parametrize("folder", FIXTURES, ids=lambda path: path.name)
def test_fixture_is_proved(
    folder: Path, engine: Engine, python_base: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No false pass, no false failure, each wrong answer caught by exactly the checks that it lists."""
    prove(read_exercise(folder), but_for_the_starter, engine, known_layers(tmp_path_factory))


def test_every_check_is_used_by_an_exercise_or_a_fixture() -> None:
    """No check ships that never met a real image."""
    folders = [*FIXTURES, *(path.parent for path in (ROOT / "exercises").glob("*/exercise.toml"))]
    used = {use.check.id for folder in folders for use in read_exercise(folder).checks}

    assert [] == sorted(set(all_checks()) - used)
