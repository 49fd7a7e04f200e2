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

ROOT = Path(__file__).parents[3]


def export(target: Path, *args: str) -> Result:
    """Run the command; the archive goes to `target`."""
    words = ["author", "export", "gradescope", "first-image", "--output", str(target), *args]
    return CliRunner().invoke(cli, words, obj=Invocation(dict(os.environ)))


def laid_out(archive: Path, root: Path, answer: Path) -> None:
    """Do what Gradescope does with an archive and a submission."""
    (root / "results").mkdir(parents=True)
    shutil.copytree(answer, root / "submission")
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            path = Path(opened.extract(info, root / "source"))
            path.chmod((info.external_attr >> 16) & 0o777)


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
    laid_out(archive, tmp_path / "autograder", ROOT / "exercises/first-image/solution")
    status, results = grade(tmp_path / "autograder")

    assert exported.exit_code == 0, exported.output
    assert (0, 8) == (status, results["score"])
    assert "undecided" not in str(results["output"])


def test_static_autograder_comments_and_gives_no_score(tmp_path: Path) -> None:
    """Text checks alone are no grade: the comments are there, the score is not."""
    archive = tmp_path / "first-image.zip"
    export(archive, "--static")
    laid_out(archive, tmp_path / "autograder", ROOT / "exercises/first-image/wrong/newest-python")
    status, results = grade(tmp_path / "autograder")

    assert status == 0
    assert "score" not in results
    assert "unpinned-base" in json.dumps(results["tests"])


def test_engine_that_is_gone_is_no_zero(tmp_path: Path) -> None:
    """Without its engine the autograder ends as broken, and no score is written."""
    archive = tmp_path / "first-image.zip"
    export(archive, "--engine", f"unix://{tmp_path}/nobody.sock")
    laid_out(archive, tmp_path / "autograder", ROOT / "exercises/first-image/solution")
    status, results = grade(tmp_path / "autograder")

    assert status == 3
    assert "score" not in results


def test_autograder_that_can_not_start_says_whose_fault_it_is(tmp_path: Path) -> None:
    """When our program does not start at all, the student reads that it was not their fault."""
    archive = tmp_path / "first-image.zip"
    export(archive, "--static")
    laid_out(archive, tmp_path / "autograder", ROOT / "exercises/first-image/solution")
    (tmp_path / "autograder/source/lib/course/__main__.py").write_text("raise SystemExit(1)\n")
    status, results = grade(tmp_path / "autograder")

    assert status == 3
    assert "score" not in results
    assert "no fault of it" in str(results["output"])


def test_archive_holds_scripts_that_sh_understands_and_what_pip_shall_install(tmp_path: Path) -> None:
    """Both scripts are executable and parse; the requirements are those of our distribution, extras aside."""
    archive = tmp_path / "first-image.zip"
    export(archive, "--static")
    laid_out(archive, tmp_path / "autograder", ROOT / "exercises/first-image/solution")
    source = tmp_path / "autograder/source"
    for script in ("setup.sh", "run_autograder"):
        assert os.access(source / script, os.X_OK)
        subprocess.run(["sh", "-n", source / script], check=True)
    requirements = (source / "requirements.txt").read_text()

    assert "dockerfile-parse==2.0.1" in requirements
    assert "distributed" not in requirements
    assert not list(source.rglob("__pycache__"))


@pytest.mark.parametrize("args", [(), ("--static", "--engine", "tcp://grader.example.org:2375")])
def test_export_asks_who_grades(args: tuple[str, ...], tmp_path: Path) -> None:
    """Neither of them, or both, is an error that names the two."""
    result = export(tmp_path / "x.zip", *args)

    assert result.exit_code == 2
    assert "--engine ADDRESS, or --static" in result.output
    assert not (tmp_path / "x.zip").exists()


@pytest.mark.parametrize("address", ["grader.example.org", "tcp://a b", "tcp://$(reboot)", "tcp://x';reboot;'"])
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
