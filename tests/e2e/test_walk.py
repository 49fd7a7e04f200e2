"""Level 1 from an empty home to level 2, by the commands that a learner without the desk types, on a real engine."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from course.catalog import read_catalog
from graders.engine.base import Engine
from tests.e2e.terminal import DOCKYARD
from tests.e2e.test_story import story_env

ROOT = Path(__file__).parents[2]


@pytest.mark.engine
@pytest.mark.e2e
def test_walk_through_level_one_opens_level_two(engine: Engine, python_base: str, sealed_environment: Path) -> None:
    """Every question answered and every exercise passed in order: the checklist is whole and 2.1 opens, not before.

    No check finds anything in a solution of level 1: this is where they are graded.
    """
    env = story_env(sealed_environment, engine)
    catalog = read_catalog(ROOT)

    def dockyard(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([DOCKYARD, *args], env=env, capture_output=True, text=True, check=False, timeout=300)

    assert 1 == dockyard("start", "2.1").returncode
    for number in catalog.level(1).lessons:
        lesson = catalog.lesson(number)
        opened = dockyard("start", number)
        assert 0 == opened.returncode, opened.stderr
        for quiz in lesson.quizzes:
            assert 0 == dockyard("quiz", number, quiz.id, str(quiz.answer + 1)).returncode
        for exercise in lesson.exercises:
            started = dockyard("start", exercise)
            assert 0 == started.returncode, started.stderr
            solution = ROOT / "exercises" / exercise / "solution"
            shutil.copytree(solution, Path(started.stdout.strip()), dirs_exist_ok=True)
            checked = dockyard("check", exercise, "--format", "json")
            assert 0 == checked.returncode, checked.stdout + checked.stderr
            assert [] == [check for check in json.loads(checked.stdout)["checks"] if check["status"] != "passed"]
            assert "In your own numbers" in checked.stderr
    record = dockyard("checklist", "1", "--format", "json")
    lines = json.loads(record.stdout)["lines"]

    assert 0 == record.returncode
    assert all(line["done"] and line["evidence"] for line in lines)
    assert len(catalog.level(1).checklist) == len(lines)
    assert "check 1 of cache-order, passed" in dockyard("builds", "cache-order").stdout
    assert 0 == dockyard("start", "2.1").returncode
