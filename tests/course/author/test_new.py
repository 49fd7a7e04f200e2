"""A new exercise is whole as it stands. That it proves itself on an engine, docs/authors.md shows: see test_docs.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from course.author.case import content_problems, read_cases
from course.author.new import write_exercise
from course.cli import cli
from course.commands.invocation import Invocation
from course.hint import read_hints
from graders.exercise import read_exercise
from tests.rows import rows


def run(*args: str) -> tuple[int, str]:
    """Exit code and all output of `dockyard`."""
    result = CliRunner().invoke(cli, list(args), obj=Invocation(dict(os.environ)))
    return result.exit_code, result.output


def test_new_exercise_has_all_its_parts(tmp_path: Path) -> None:
    """It reads, its answers are declared, its hints have three strengths, and no placeholder is left."""
    folder = write_exercise("where-am-i", tmp_path)
    spec = read_exercise(folder)

    assert ("where-am-i", "Where am i") == (spec.id, spec.title)
    assert [] == list(content_problems(spec))
    assert {"starter", "solution", "also-right", "wrong"} == {case.kind.value for case in read_cases(spec)}
    assert 3 == len(read_hints(folder / "hints.md"))
    assert [] == [path for path in folder.rglob("*") if path.is_file() and "{{" in path.read_text()]


def test_new_exercise_goes_beside_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes into exercises/ where there is one, else here; the output is the folder and the next command."""
    monkeypatch.chdir(tmp_path)
    first = run("author", "new", "one")
    (tmp_path / "exercises").mkdir()
    second = run("author", "new", "two")

    assert (0, 0) == (first[0], second[0])
    assert (tmp_path / "one/exercise.toml").is_file()
    assert (tmp_path / "exercises/two/exercise.toml").is_file()
    assert "dockyard author verify ./one" in first[1]
    assert "dockyard author verify exercises/two" in second[1]


@rows("slug", ["Upper", "two words", "../up", "under_score", "", "-a"])
def test_name_that_is_no_slug_is_refused(slug: str, tmp_path: Path) -> None:
    """Nothing is written for a name that no exercise can have."""
    code, output = run("author", "new", "--in", str(tmp_path / "drafts"), "--", slug)

    assert code == 2
    assert "can't be the name of an exercise" in output
    assert not (tmp_path / "drafts").exists()


def test_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    """A second exercise of the same name is refused, and the first one keeps its changes."""
    folder = write_exercise("one", tmp_path)
    (folder / "notes.md").write_text("mine")
    code, output = run("author", "new", "one", "--in", str(tmp_path))

    assert code == 2
    assert "is there already" in output
    assert "mine" == (folder / "notes.md").read_text()


def test_folder_that_can_not_be_made_says_so(tmp_path: Path) -> None:
    """A file in the way is named, with what to do."""
    (tmp_path / "file").write_text("")
    code, output = run("author", "new", "one", "--in", str(tmp_path / "file/below"))

    assert code == 2
    assert "Can't make" in output


def test_verify_of_a_name_that_is_nowhere_tells_how_to_name_a_folder() -> None:
    """An exercise outside the course is named by its folder."""
    code, output = run("author", "verify", "where-am-i")

    assert code == 2
    assert "./where-am-i" in output
