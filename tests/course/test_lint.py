"""Owns the tests of `dockyard lint`, and of garbage where a Dockerfile belongs."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from course.cli import cli
from course.commands.invocation import Invocation

ROOT = Path(__file__).parents[2]
BOUND_S = 2.0
"""Garbage gets its answer within this much processor time, whatever else the machine does."""
GOOD = """\
FROM python:3.12.4-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY src/ src/
RUN useradd --create-home app
USER app
CMD ["python", "src/predict.py"]
"""


def lint(*args: str, stdin: bytes = b"") -> Result:
    """Run `dockyard lint ARGS`."""
    result = CliRunner().invoke(cli, ["lint", *args], obj=Invocation({"HOME": os.environ["HOME"]}), input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def ids(result: Result) -> set[str]:
    """The ids of all findings of a JSON answer."""
    return {finding["id"] for file in json.loads(result.stdout)["files"] for finding in file["findings"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a good Dockerfile and what belongs beside it."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "Dockerfile").write_text(GOOD)
    (root / ".dockerignore").write_text(".git\n.env\n")
    (root / "requirements.txt").write_text("scikit-learn==1.5.0\n")
    return root


def test_lint_good_file_finds_nothing(folder: Path) -> None:
    """A file without a fault prints no data and ends with 0."""
    result = lint(str(folder / "Dockerfile"))

    assert (result.exit_code, result.stdout) == (0, "")


def test_lint_bad_file_names_file_line_and_check(folder: Path) -> None:
    """A finding reads as compilers write theirs, and the exit code is 1."""
    file = folder / "Dockerfile"
    file.write_text(GOOD.replace("FROM python:3.12.4-slim", "FROM python"))

    result = lint(str(file))

    assert result.exit_code == 1
    assert f"{file}:1: unpinned-base: " in result.stdout


def test_lint_json_has_its_schema(folder: Path) -> None:
    """Programs get dockyard/lint/v1."""
    (folder / "Dockerfile").write_text("FROM python\n")

    result = lint(str(folder), "--format", "json")
    value = json.loads(result.stdout)

    assert result.exit_code == 1
    assert value["schema"] == "dockyard/lint/v1"
    assert [file["file"] for file in value["files"]] == [str(folder / "Dockerfile")]
    assert {"id", "line", "end_line", "message", "hint"} == value["files"][0]["findings"][0].keys()


def test_lint_folder_finds_every_dockerfile_below(folder: Path) -> None:
    """A folder stands for its Dockerfiles by their usual names, in order, and for nothing else."""
    for name in ("api/Dockerfile", "api/Dockerfile.dev", "web/prod.dockerfile", "web/Containerfile", ".git/Dockerfile"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(GOOD)
    (folder / "Dockerfile.dockerignore").write_text(".git\n")
    (folder / "dockerfile-notes.txt").write_text("no\n")

    files = json.loads(lint(str(folder), "--format", "json").stdout)["files"]

    assert [str(Path(file["file"]).relative_to(folder)) for file in files] == [
        "Dockerfile",
        "api/Dockerfile",
        "api/Dockerfile.dev",
        "web/Containerfile",
        "web/prod.dockerfile",
    ]


def test_lint_standard_input_is_a_dash() -> None:
    """A Dockerfile may come through a pipe."""
    result = lint("-", "--format", "json", stdin=b"FROM python\n")

    assert result.exit_code == 1
    assert "unpinned-base" in ids(result)


def test_lint_goes_on_after_a_file_that_cannot_be_read(folder: Path) -> None:
    """One unreadable file is an error with code 2; the others are still checked."""
    (folder / "Dockerfile").write_text("FROM python\n")

    result = lint(str(folder / "nothing"), str(folder / "Dockerfile"))

    assert result.exit_code == 2
    assert "nothing" in result.stderr
    assert "unpinned-base" in result.stdout


def test_lint_untrusted_text_is_escaped(folder: Path) -> None:
    """Escape sequences of a Dockerfile never reach the terminal."""
    (folder / "Dockerfile").write_bytes(b"FROM py\x1b]52;c;aGk=\x07thon\nRUN \x1b[2Jx\nBOGUS\x9b31m y\n")

    for output_format in ("text", "json"):
        result = lint(str(folder / "Dockerfile"), "--format", output_format)

        assert not {"\x1b", "\x07", "\x9b"} & set(result.stdout + result.stderr)


def binary(path: Path) -> None:
    path.write_bytes(os.urandom(20_000))


def fifty_megabytes(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)


def link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def fifo(path: Path) -> None:
    os.mkfifo(path)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def folder_instead(path: Path) -> None:
    path.mkdir()


def windows(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())


def one_long_line(path: Path) -> None:
    path.write_bytes(b"FROM python:3.12.4-slim\nRUN " + b"a && \\\n" * 20_000 + b"b\n")


GARBAGE = [
    (binary, {1}),
    (fifty_megabytes, {2}),
    (link, {2}),
    (fifo, {2}),
    (empty, {1}),
    (folder_instead, {2}),
    (windows, {0}),
    (one_long_line, {0, 1}),
]


@pytest.mark.parametrize(("make", "codes"), GARBAGE, ids=[make.__name__ for make, _ in GARBAGE])
@pytest.mark.parametrize("command", ["lint", "check"])
def test_garbage_gets_a_clear_answer_within_two_seconds(
    tmp_path: Path, command: str, make: Callable[[Path], None], codes: set[int]
) -> None:
    """Whatever stands where a Dockerfile belongs: a finding or a clear error, soon, and never a traceback."""
    root = tmp_path / "submission"
    root.mkdir()
    make(root / "Dockerfile")
    (root / ".dockerignore").write_text(".git\n.env\nnotebooks\ndata\n")
    args = {
        "lint": ["lint", str(root / "Dockerfile")],
        "check": ["check", "ship-the-classifier", "--static", "--path", str(root)],
    }[command]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    done = subprocess.run(
        [sys.executable, "-m", "course", *args], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < BOUND_S
    assert "Traceback" not in done.stderr
    assert done.returncode in codes | ({1} if command == "check" else set())
    assert done.stdout if done.returncode == 1 else True
    assert done.stderr if done.returncode == 2 else True
