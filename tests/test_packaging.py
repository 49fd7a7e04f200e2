"""The wheel holds the whole course and works alone."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(out.glob("*.whl"))


def test_wheel_holds_lessons_and_exercises(wheel: Path) -> None:
    """Lessons and exercises travel inside the wheel, dot files included."""
    names = set(zipfile.ZipFile(wheel).namelist())

    assert "course/_content/lessons/course.toml" in names
    assert "course/_content/exercises/ship-the-classifier/exercise.toml" in names
    assert "course/_content/exercises/ship-the-classifier/solution/.dockerignore" in names
    assert "graders/formats/report-v1.schema.json" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_wheel_installed_alone_checks_a_dockerfile(wheel: Path, tmp_path: Path) -> None:
    """From an empty environment, the installed command finds its content and checks without a checkout."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    subprocess.run([str(venv / "bin/pip"), "install", "--quiet", str(wheel)], check=True, capture_output=True)
    dockyard = str(venv / "bin/dockyard")
    env = {**os.environ, "PYTHONPATH": ""}
    helped = subprocess.run([dockyard, "--help"], cwd=tmp_path, env=env, check=True, capture_output=True, text=True)
    subprocess.run(
        [dockyard, "--unlock-all", "start", "broken-a"], cwd=tmp_path, env=env, check=True, capture_output=True
    )
    checked = subprocess.run(
        [dockyard, "check", "broken-a", "--static"],
        cwd=tmp_path,
        env=env,
        check=False,
        capture_output=True,
        text=True,
    )

    assert "check" in helped.stdout
    assert checked.returncode == 1
    assert "FAILED" in checked.stdout.upper()
