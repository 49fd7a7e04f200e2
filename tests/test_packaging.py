"""What is built holds the whole course and works alone.

Building is quick; what installs the wheel asks the package index, so it is marked like the tests of an engine.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from course.cli import COMMANDS
from course.version import __version__
from graders.engine.base import Engine

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[1]
DATA = (
    ".schema.json",
    ".toml",
    ".md",
    ".tcss",
    ".css",
    ".html",
    ".js",
    ".sh",
    "Dockerfile",
    "run_autograder",
    "py.typed",
)
"""Ends of the names of files that packages read at run time."""

HELP_OF_ALL = """
from course.cli import COMMANDS, cli
for name in COMMANDS:
    cli.main(["help", name], prog_name="dockyard", standalone_mode=False)
"""
"""Loads every command in one process: to start one for each takes longer than to install the wheel."""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def build(kind: str, source: Path, out: Path) -> Path:
    """The wheel or the source archive of a tree."""
    argv = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)]
    subprocess.run(argv, cwd=source, check=True, capture_output=True)
    (built,) = out.iterdir()
    return built


def names_in(wheel: Path) -> set[str]:
    """Paths of a wheel's files."""
    with zipfile.ZipFile(wheel) as file:
        return set(file.namelist())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of a wheel that was installed into an empty environment, with nothing of the checkout in reach."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    # A pip of its own would take longer than all that it installs.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin/python"), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-compile", str(wheel)], check=True, capture_output=True)
    return venv / "bin/dockyard"


@pytest.fixture
def run(installed: Path, engine: Engine, tmp_path: Path, sealed_environment: Path) -> Run:
    """Run the installed command in an empty folder, as a new user of this machine's engine."""
    env = {
        "HOME": str(sealed_environment),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "DOCKER_HOST": engine.info().socket,
    }

    def dockyard(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(installed), *words], cwd=tmp_path, env=env, check=False, capture_output=True, text=True
        )

    return dockyard


def test_wheel_holds_every_file_that_the_product_reads(wheel: Path) -> None:
    """Lessons, exercises (dot files included), schemas, styles, templates and pages travel inside the wheel."""
    names = names_in(wheel)
    packaged = {
        path.relative_to(ROOT).as_posix()
        for package in ("course", "graders")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.name.endswith(DATA) and "__pycache__" not in path.parts
    }
    content = {
        f"course/_content/{path.relative_to(ROOT).as_posix()}"
        for folder in ("lessons", "exercises")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert set() == (packaged | content) - names
    assert "course/_content/exercises/ship-the-classifier/solution/.dockerignore" in names
    assert "graders/cohort/page/report.html" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_source_archive_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """Whoever starts from the source archive gets what the tree gives, and the tests with it."""
    (tmp_path / "sdist").mkdir()
    archive = build("sdist", ROOT, tmp_path / "sdist")
    with tarfile.open(archive) as file:
        file.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    (tmp_path / "wheel").mkdir()

    assert (source / "tests/test_packaging.py").is_file()
    assert names_in(wheel) == names_in(build("wheel", source, tmp_path / "wheel"))


def test_installed_command_knows_its_version_and_commands(run: Run, installed: Path, tmp_path: Path) -> None:
    """Every command loads without a package that only tests need."""
    assert f"dockyard {__version__}\n" == run("--version").stdout
    told = subprocess.run(
        [installed.with_name("python"), "-c", HELP_OF_ALL], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert (0, "") == (told.returncode, told.stderr)
    assert list(COMMANDS) == re.findall(r"^Usage: dockyard (\w+)", told.stdout, re.MULTILINE)


def test_installed_command_teaches_and_reads(run: Run) -> None:
    """Outline, starter, quiz, hint and the text checks come from the wheel alone."""
    assert "Why containers" in run().stdout
    assert 0 == run("--unlock-all", "start", "broken-a").returncode
    checked = run("check", "broken-a", "--static")

    assert (1, True) == (checked.returncode, "FAILED" in checked.stdout.upper())


def test_installed_command_writes_and_proves_an_exercise(run: Run) -> None:
    """The template of authors is there, and what it makes is proved on the engine."""
    assert 0 == run("author", "new", "right-folder").returncode
    proved = run("author", "verify", "./right-folder", "--only", "root-again")

    assert (0, True) == (proved.returncode, "1/1" in proved.stdout), proved.stderr
    assert (2, True) == ((told := run("author", "page")).returncode, "--to DIR" in told.stderr)


def test_installed_command_grades_a_cohort(run: Run, tmp_path: Path) -> None:
    """The page of a cohort is made of files that travel in the wheel."""
    (tmp_path / "in/ada").mkdir(parents=True)
    (tmp_path / "in/ada/Dockerfile").write_text("FROM python:3.11-slim\n")
    graded = run("grade", "in", "--exercise", "first-image", "--out", "out")

    assert 0 == graded.returncode, graded.stderr
    assert "First image" in (tmp_path / "out/report.html").read_text(encoding="utf-8")
