"""Every exercise of the course is proved on a real engine: right answers pass, wrong ones fail by the named check.

A sample is graded here: each check that needs the engine is failed by a wrong answer, and each exercise has a right
answer that is little like its solution. What text alone decides is compared for every answer in test_exercises.py;
every answer on the engine: `make proof`, which takes half an hour.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from course.catalog import read_catalog
from graders.engine.base import Engine

ROOT = Path(__file__).resolve().parents[2]
CATALOG = read_catalog(ROOT)
EXERCISES = sorted({name for number in CATALOG.slugs for name in CATALOG.lesson(number).exercises})
"""Ids that a listed lesson asks for; the others are drafts, proved by `dockyard author verify`."""


@pytest.mark.engine
@pytest.mark.parametrize("slug", EXERCISES)
def test_exercise_is_proved(slug: str, engine: Engine, python_base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No false pass, no false failure, each wrong answer caught by exactly the checks that it lists."""
    monkeypatch.setenv("DOCKER_HOST", engine.info().socket)
    verify = [sys.executable, "-m", "course", "author", "verify", slug]
    sample = () if os.environ.get("DOCKYARD_PROOF") == "all" else ("--quick",)
    command = [*verify, *sample, "--jobs", "2", "--quiet", "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.stdout, done.stderr
    row = json.loads(done.stdout)["exercises"][0]
    assert [] == row["problems"]
    assert (0, 0, 0) == (row["false_passes"], row["false_failures"], row["errored"])
    assert row["mutants"] == row["mutants_caught"] > 0
    assert 0 == done.returncode
