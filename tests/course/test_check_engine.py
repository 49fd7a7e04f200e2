"""Owns the tests of the command line on the real engine: starter, solution, ctrl+c and kill -9."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.engine.base import Engine

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
EXERCISE = ROOT / "exercises" / "ship-the-classifier"
CHEAP = ROOT / "exercises" / "cache-order"
"""It is built and built again and run, and installs next to nothing; the walk through level 1 checks all of them."""


def command(*args: str) -> list[str]:
    """The program as a user starts it."""
    return [sys.executable, "-m", "course", *args]


@pytest.fixture
def environ(engine: Engine) -> dict[str, str]:
    """The sealed environment, with the way to the engine that the tests use."""
    return {**os.environ, "DOCKER_HOST": engine.info().socket}


@pytest.fixture
def slow_build(tmp_path: Path, python_base: str) -> Iterator[subprocess.Popen[str]]:
    """A check that has begun a build which takes a minute."""
    root = tmp_path / "slow"
    root.mkdir()
    (root / ".dockerignore").write_text(".git\n.env\nnotebooks\ndata\n")
    solution = (EXERCISE / "solution" / "Dockerfile").read_text()
    user = solution.index("\nUSER ")
    # The time is part of the text, so that no earlier build's cache can answer.
    (root / "Dockerfile").write_text(f"{solution[:user]}\nRUN sleep 60 && echo {time.time_ns()}{solution[user:]}")
    process = subprocess.Popen(
        command("check", "ship-the-classifier", "--path", str(root), "-v"),
        cwd=ROOT,
        env={**os.environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "COPY src/" in line or "RUN sleep" in line or "[7/" in line:
            break
    assert process.poll() is None, process.communicate()
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def leftovers(environ: dict[str, str]) -> list[object]:
    """What the program itself says checks have left on the engine (the engine's own tests use run ids of words)."""
    done = subprocess.run(
        command("engine", "status", "--format", "json"), cwd=ROOT, env=environ, capture_output=True, check=True
    )
    value = json.loads(done.stdout)
    assert value["reachable"]
    return [leftover for leftover in value["leftovers"] if re.fullmatch("[0-9a-f]{16}", leftover["run_id"])]


@pytest.mark.parametrize(("answer", "code", "status"), [("starter", 1, "failed"), ("solution", 0, "passed")])
def test_check_grades_starter_and_solution(
    environ: dict[str, str], python_base: str, answer: str, code: int, status: str
) -> None:
    """The starter ends with 1 and the solution with 0, and nothing of ours is left."""
    before = leftovers(environ)
    done = subprocess.run(
        command("check", "cache-order", "--path", str(CHEAP / answer), "--format", "json"),
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == code, done.stderr
    assert json.loads(done.stdout)["status"] == status
    assert leftovers(environ) == before


def test_interrupted_check_leaves_nothing(environ: dict[str, str], slow_build: subprocess.Popen[str]) -> None:
    """ctrl+c in the middle of a build ends with 130, long before the build would, and leaves nothing of ours."""
    slow_build.send_signal(signal.SIGINT)
    _, told = slow_build.communicate(timeout=30)

    assert slow_build.returncode == 130
    assert "Traceback" not in told
    assert leftovers(environ) == []


def test_killed_check_is_cleaned_up_by_engine_clean(environ: dict[str, str], slow_build: subprocess.Popen[str]) -> None:
    """After kill -9, `dockyard engine clean` leaves nothing that carries our label."""
    slow_build.kill()
    slow_build.communicate(timeout=30)

    done = subprocess.run(
        command("engine", "clean"), cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0
    assert leftovers(environ) == []


def test_verify_one_wrong_answer_is_caught(environ: dict[str, str], python_base: str) -> None:
    """`author verify --only` grades one answer and prints the table."""
    done = subprocess.run(
        command("author", "verify", "ship-the-classifier", "--only", "latest-base", "--format", "json"),
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    (row,) = json.loads(done.stdout)["exercises"]

    assert done.returncode == 0, done.stderr
    assert (row["mutants"], row["mutants_caught"], row["false_passes"]) == (1, 1, 0)
