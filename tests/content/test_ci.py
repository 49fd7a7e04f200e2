"""Tests of the workflow on the page about pipelines: its own commands grade a repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from graders.engine.base import Engine

ROOT = Path(__file__).resolve().parents[2]


def commands() -> list[str]:
    """What the workflow runs after Dockyard is installed."""
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "docs/ci.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    steps = yaml.safe_load(block)["jobs"]["check"]["steps"]
    return [step["run"] for step in steps if "run" in step and not step["run"].startswith("pip install")]


@pytest.mark.engine
@pytest.mark.usefixtures("python_base")
@pytest.mark.parametrize(("answer", "code"), [("solution", 0), ("wrong/no-command", 1)])
def test_workflow_grades_a_repository(
    engine: Engine, tmp_path: Path, sealed_environment: Path, answer: str, code: int
) -> None:
    """A right answer passes; a wrong one ends with 1, a remark on its file, and a failure for JUnit's readers."""
    exercise = ROOT / "exercises" / "first-image"
    shutil.copytree(exercise / "solution", tmp_path / "repo" / "first-image")
    shutil.copytree(exercise / answer, tmp_path / "repo" / "first-image", dirs_exist_ok=True)
    env = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(sealed_environment),
        "DOCKER_HOST": engine.info().socket,
    }
    first, second = (
        subprocess.run(
            ["bash", "-e", "-c", command], cwd=tmp_path / "repo", env=env, capture_output=True, text=True, check=False
        )
        for command in commands()
    )
    suite = ElementTree.parse(tmp_path / "repo" / "junit.xml").getroot()

    assert (code, code) == (first.returncode, second.returncode), first.stderr + second.stderr
    assert ("::error file=first-image/Dockerfile" in first.stdout) == (code == 1)
    assert bool(list(suite.iter("failure"))) == (code == 1)
    assert list(suite.iter("testcase"))
