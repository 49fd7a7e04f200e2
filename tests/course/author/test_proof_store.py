"""What author verify remembers: nothing is proved twice, a changed answer always is."""

from __future__ import annotations

import json
import os
from pathlib import Path

from click.testing import CliRunner

from course.cli import cli
from course.commands.invocation import Invocation
from course.paths import Paths
from graders.engine.base import Engine
from graders.errors import EngineUnavailable

SPEC = """
format = 1
id = "tiny"
title = "Tiny"
minutes = 1
[[checks]]
use = "unpinned-base"
"""


def no_engine() -> Engine:
    """The text decides; nobody may ask for an engine."""
    raise EngineUnavailable("No engine answers", hint="")


def make_course(root: Path) -> Paths:
    """A course of one exercise whose checks need no engine."""
    exercise = root / "content" / "exercises" / "tiny"
    texts = {
        "starter": "FROM python\n",
        "solution": "FROM python:3.12.4-slim\n",
        "also-right/other": "FROM python:3.11.9-slim\n",
        "wrong/latest": "FROM python:latest\n",
    }
    for name, text in texts.items():
        (exercise / name).mkdir(parents=True)
        (exercise / name / "Dockerfile").write_text(text)
    (exercise / "exercise.toml").write_text(SPEC)
    (exercise / "wrong" / "latest" / "expected.toml").write_text('trips = ["unpinned-base"]\n')
    for name in ("hints.md", "notes.md"):
        (exercise / name).write_text("# Words\n")
    return Paths(content=root / "content", state=root / "state", workspace=root / "work")


def remembered(paths: Paths, *options: str) -> list[str]:
    """The answers that `author verify` did not grade; all must be as the author said."""
    invocation = Invocation({"HOME": os.environ["HOME"]}, open_engine=no_engine, fixed_paths=paths)
    result = CliRunner().invoke(cli, ["author", "verify", "tiny", "--format", "json", "-q", *options], obj=invocation)
    (row,) = json.loads(result.stdout)["exercises"]
    assert all(case["as_expected"] for case in row["cases"]), row
    return [case["name"] for case in row["cases"] if case["from_store"]]


def test_unchanged_answers_are_proved_once(tmp_path: Path) -> None:
    """The second time all come from the store, side by side too; --fresh takes none from it."""
    paths = make_course(tmp_path)

    assert [] == remembered(paths)
    assert ["starter", "solution", "other", "latest"] == remembered(paths, "-j", "3")
    assert [] == remembered(paths, "--fresh")


def test_changed_answer_alone_is_proved_again(tmp_path: Path) -> None:
    """The others are still what they were."""
    paths = make_course(tmp_path)
    remembered(paths)
    (paths.content / "exercises/tiny/wrong/latest/Dockerfile").write_text("FROM python:latest\nUSER 1000\n")

    assert ["starter", "solution", "other"] == remembered(paths)


def test_changed_expectation_is_judged_anew(tmp_path: Path) -> None:
    """What an answer must trip is compared each time: the store holds reports, not verdicts on them."""
    paths = make_course(tmp_path)
    remembered(paths)
    wrong = paths.content / "exercises/tiny/wrong/latest/Dockerfile"
    wrong.write_text("FROM python:3.12.4-slim\n")
    invocation = Invocation({"HOME": os.environ["HOME"]}, open_engine=no_engine, fixed_paths=paths)

    result = CliRunner().invoke(cli, ["author", "verify", "tiny", "-q"], obj=invocation)

    assert result.exit_code == 1
    assert "is wrong and passed" in result.stdout


def test_changed_exercise_is_proved_again(tmp_path: Path) -> None:
    """Another exercise.toml asks for something else."""
    paths = make_course(tmp_path)
    remembered(paths)
    (paths.content / "exercises/tiny/exercise.toml").write_text(SPEC + "points = 2\n")

    assert [] == remembered(paths)
