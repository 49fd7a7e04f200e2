"""The autograder that is handed to Gradescope."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from course.cli import cli
from course.commands.invocation import Invocation
from graders.engine.base import Engine
from tests.rows import rows

ROOT = Path(__file__).parents[3]


def export(target: Path, *args: str) -> Result:
    """Run the command; the archive goes to `target`."""
    words = ["author", "export", "gradescope", "first-image", "--output", str(target), *args]
    return CliRunner().invoke(cli, words, obj=Invocation(dict(os.environ)))


def unpacked(archive: Path, source: Path) -> None:
    """Do what Gradescope does with an archive."""
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            path = Path(opened.extract(info, source))
            path.chmod((info.external_attr >> 16) & 0o777)


def hand_in(root: Path, answer: str) -> None:
    """Do what Gradescope does with a submission."""
    (root / "results").mkdir(parents=True)
    shutil.copytree(ROOT / "exercises/first-image" / answer, root / "submission")


@pytest.fixture(scope="module")
def text_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive that grades text alone, and beside it in `source` what is in it: both are made once."""
    place = tmp_path_factory.mktemp("gradescope")
    exported = export(place / "first-image.zip", "--static")
    assert exported.exit_code == 0, exported.output
    unpacked(place / "first-image.zip", place / "source")
    return place / "first-image.zip"


def grade(root: Path) -> tuple[int, dict[str, object]]:
    """Run the autograder as Gradescope would, with this Python in place of the one that setup.sh makes."""
    env = {**os.environ, "AUTOGRADER_ROOT": str(root), "AUTOGRADER_PYTHON": sys.executable}
    done = subprocess.run([root / "source/run_autograder"], env=env, check=False, capture_output=True, text=True)
    results = json.loads((root / "results/results.json").read_text())
    assert isinstance(results, dict), done.stderr
    return done.returncode, results


@pytest.mark.engine
def test_autograder_gives_the_points_of_a_right_answer(engine: Engine, python_base: str, tmp_path: Path) -> None:
    """On a named engine a right answer gets all its points, and nothing of the checkout is needed."""
    archive = tmp_path / "first-image.zip"
    exported = export(archive, "--engine", engine.info().socket)
    unpacked(archive, tmp_path / "autograder/source")
    hand_in(tmp_path / "autograder", "solution")
    status, results = grade(tmp_path / "autograder")

    assert exported.exit_code == 0, exported.output
    assert (0, 8) == (status, results["score"])
    assert "undecided" not in str(results["output"])


def test_static_autograder_comments_and_gives_no_score(text_only: Path, tmp_path: Path) -> None:
    """Text checks alone are no grade: the comments are there, the score is not."""
    hand_in(tmp_path, "wrong/newest-python")
    (tmp_path / "source").symlink_to(text_only.parent / "source")
    status, results = grade(tmp_path)

    assert status == 0
    assert "score" not in results
    assert "unpinned-base" in json.dumps(results["tests"])


def test_engine_that_is_gone_is_no_zero(text_only: Path, tmp_path: Path) -> None:
    """Without its engine the autograder ends as broken, and no score is written; all but its settings is as in any."""
    archive = tmp_path / "first-image.zip"
    export(archive, "--engine", f"unix://{tmp_path}/nobody.sock")
    hand_in(tmp_path, "solution")
    (tmp_path / "source").mkdir()
    for path in (text_only.parent / "source").iterdir():
        (tmp_path / "source" / path.name).symlink_to(path)
    (tmp_path / "source/settings.sh").unlink()
    with zipfile.ZipFile(archive) as opened:
        opened.extract("settings.sh", tmp_path / "source")
    status, results = grade(tmp_path)

    assert status == 3
    assert "score" not in results


def test_autograder_that_can_not_start_says_whose_fault_it_is(text_only: Path, tmp_path: Path) -> None:
    """When our program does not start at all, the student reads that it was not their fault."""
    hand_in(tmp_path, "solution")
    with zipfile.ZipFile(text_only) as opened:
        opened.extractall(tmp_path / "source", ["run_autograder", "settings.sh"])
    (tmp_path / "source/run_autograder").chmod(0o755)
    (tmp_path / "source/lib/course").mkdir(parents=True)
    (tmp_path / "source/lib/course/__init__.py").touch()
    (tmp_path / "source/lib/course/__main__.py").write_text("raise SystemExit(1)\n")
    status, results = grade(tmp_path)

    assert status == 3
    assert "score" not in results
    assert "no fault of it" in str(results["output"])


def test_archive_holds_scripts_that_sh_understands_and_what_pip_shall_install(text_only: Path) -> None:
    """Both scripts are executable and parse; the requirements are those of our distribution, extras aside."""
    source = text_only.parent / "source"
    for script in ("setup.sh", "run_autograder"):
        assert os.access(source / script, os.X_OK)
        subprocess.run(["sh", "-n", source / script], check=True)
    requirements = (source / "requirements.txt").read_text()

    assert "dockerfile-parse==2.0.1" in requirements
    assert "distributed" not in requirements
    with zipfile.ZipFile(text_only) as opened:
        assert [] == [name for name in opened.namelist() if "__pycache__" in name]


def test_archive_holds_the_one_exercise_that_it_is_for(text_only: Path) -> None:
    """All of that exercise, the lessons, without which there is no course, and of the other exercises nothing."""
    with zipfile.ZipFile(text_only) as opened:
        held = {name.removeprefix("lib/") for name in opened.namelist()}
    exercise = ROOT / "exercises/first-image"
    files = {
        path.relative_to(ROOT).as_posix()
        for path in exercise.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert files == {name for name in held if name.startswith("exercises/")}
    assert "lessons/course.toml" in held


@rows("args", [(), ("--static", "--engine", "tcp://grader.example.org:2375")])
def test_export_asks_who_grades(args: tuple[str, ...], tmp_path: Path) -> None:
    """Neither of them, or both, is an error that names the two."""
    result = export(tmp_path / "x.zip", *args)

    assert result.exit_code == 2
    assert "--engine ADDRESS, or --static" in result.output
    assert not (tmp_path / "x.zip").exists()


@rows("address", ["grader.example.org", "tcp://a b", "tcp://$(reboot)", "tcp://x';reboot;'"])
def test_export_refuses_what_is_no_address(address: str, tmp_path: Path) -> None:
    """An address that a shell might act on, or that no engine has, is refused."""
    result = export(tmp_path / "x.zip", "--engine", address)

    assert result.exit_code == 2
    assert "is no engine's address" in result.output


def test_export_of_an_unknown_exercise_or_folder_says_so(tmp_path: Path) -> None:
    """A misspelt name and a folder that isn't there end with their hints, and nothing is left behind."""
    runner = CliRunner()
    base = ["author", "export", "gradescope"]
    unknown = runner.invoke(cli, [*base, "frst-image", "--static", "--output", str(tmp_path / "x.zip")])
    nowhere = runner.invoke(cli, [*base, "first-image", "--static", "--output", str(tmp_path / "no/x.zip")])

    assert (2, 2) == (unknown.exit_code, nowhere.exit_code)
    assert "first-image" in unknown.output
    assert "there is no folder" in nowhere.output
    assert [] == [path for path in tmp_path.iterdir() if path.name != "home"]
