"""Owns the tests of `dockyard lint`, and of garbage where a Dockerfile belongs."""

from __future__ import annotations

import errno
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from course.cli import cli
from course.commands.invocation import Invocation
from course.lint import BATCH, LintedFile, Linter
from graders.errors import SubmissionError
from graders.registry import all_checks
from tests.course.command_line import dockyard

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
    return dockyard("lint", *args, stdin=stdin)


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


def test_files_beyond_a_batch_are_answered_as_each_alone(tmp_path: Path) -> None:
    """Files are looked at together, yet each has its own findings, in order, and one that is no file its error."""
    texts = [GOOD.replace("USER app", "USER root") if number % 3 else GOOD for number in range(BATCH + 5)]
    texts[7] = "FROM python\n"
    paths = [tmp_path / f"{number:03}.Dockerfile" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    paths[BATCH - 1].unlink()
    linter = Linter()
    together = list(linter.lint_all(paths))

    assert isinstance(together[BATCH - 1], SubmissionError)
    for path, found in zip(paths, together, strict=True):
        assert isinstance(found, SubmissionError) or found == Linter().lint(path)
    seventh = together[7]
    assert isinstance(seventh, LintedFile)
    assert "unpinned-base" in {item.rule.id for item in seventh.findings}


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
    began_s = time.process_time()

    done = dockyard(*args)

    assert time.process_time() - began_s < BOUND_S
    assert done.exit_code in codes | ({1} if command == "check" else set())
    assert done.stdout if done.exit_code == 1 else True
    assert done.stderr if done.exit_code == 2 else True


LONG = 60_000
"""Characters of a line; Docker reads 65,535."""
AGAIN_AND_AGAIN = [
    "apt-get update ; else ; esac", "apt-get update . ", "TOKEN=x ; ", "else", "{/", "echo ", "import ", "[ ", "fi ",
    "; A=b", "/bin/pip/", "apt ", "trap a ", "$(cat x",
]  # fmt: skip
"""What a search that starts again at every place would take minutes for."""


@pytest.mark.parametrize("unit", AGAIN_AND_AGAIN)
def test_long_line_gets_its_answer_within_two_seconds(tmp_path: Path, unit: str) -> None:
    """However often a line says the same, in RUN or CMD; twice as long takes twice as long."""
    line = unit * (LONG // len(unit))
    (tmp_path / "Dockerfile").write_text(f"FROM python:3.12.4-slim\nRUN {line}\nCMD {line}\n")
    began_s = time.process_time()

    done = dockyard("lint", str(tmp_path / "Dockerfile"))

    assert time.process_time() - began_s < BOUND_S
    assert done.exit_code == 1


@pytest.mark.parametrize("unit", ["trap a ", "\n", "\n. ", "fi\n", "; A=b", "exec 'a' ", "\n \t"])
def test_long_script_gets_its_answer_within_two_seconds(tmp_path: Path, unit: str) -> None:
    """So does a script that the Dockerfile runs and starts with."""
    (tmp_path / "Dockerfile").write_text(
        'FROM python:3.11-slim\nCOPY start.sh /\nRUN sh /start.sh\nCMD ["sh", "/start.sh"]\n'
    )
    (tmp_path / "start.sh").write_text(unit * (LONG // len(unit)) + "\npython app.py\n")
    began_s = time.process_time()

    done = dockyard("check", "broken-a", "--static", "--path", str(tmp_path))

    assert time.process_time() - began_s < BOUND_S
    assert done.exit_code == 1


def test_garbage_gets_its_answer_from_the_program_itself(tmp_path: Path) -> None:
    """As a user starts it: soon, with its start counted, and never a traceback."""
    fifo(tmp_path / "Dockerfile")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    done = subprocess.run(
        [sys.executable, "-m", "course", "lint", str(tmp_path / "Dockerfile")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < BOUND_S
    assert "Traceback" not in done.stderr
    assert 2 == done.returncode


BAD_BASE = GOOD.replace("FROM python:3.12.4-slim", "FROM python:slim")


def test_lint_obeys_a_comment_that_ignores_a_finding(folder: Path) -> None:
    """A comment with an id and a reason lets the finding of the next instruction be."""
    (folder / "Dockerfile").write_text(f"# dockyard: ignore=unpinned-base we follow the newest\n{BAD_BASE}")

    assert lint(str(folder / "Dockerfile")).exit_code == 0


def test_lint_tells_a_comment_that_ignores_nothing(folder: Path) -> None:
    """A comment that is out of date, or that names no check, is a finding itself."""
    comments = "# dockyard: ignore=unpinned-base why\n# dockyard: ignore=unpined-base why\n"
    (folder / "Dockerfile").write_text(f"{comments}{GOOD}")

    result = lint(str(folder / "Dockerfile"))

    assert result.exit_code == 1
    assert ":1: unused-ignore: " in result.stdout
    assert ":2: invalid-ignore: " in result.stdout
    assert "did you mean unpinned-base?" in result.stdout


def test_lint_findings_about_comments_have_ids_of_their_own() -> None:
    """No check may take the ids that lint itself uses."""
    assert not {"invalid-ignore", "unused-ignore"} & {*all_checks()}


def test_lint_finding_about_a_neighbour_names_that_file(folder: Path) -> None:
    """A finding in the .dockerignore stands there when it exists, else at the Dockerfile that lacks it."""
    ignore = folder / ".dockerignore"
    ignore.write_text("")
    there = lint(str(folder))
    ignore.unlink()
    missing = lint(str(folder))

    assert there.stdout.startswith(f"{ignore}: missing-dockerignore: ")
    assert missing.stdout.startswith(f"{folder / 'Dockerfile'}: missing-dockerignore: ")


def test_lint_own_dockerignore_of_a_dockerfile_counts(folder: Path) -> None:
    """`NAME.dockerignore` stands for the .dockerignore of NAME."""
    (folder / ".dockerignore").unlink()
    (folder / "Dockerfile").rename(folder / "api.Dockerfile")
    assert "missing-dockerignore" in lint(str(folder)).stdout

    (folder / "api.Dockerfile.dockerignore").write_text(".git\n.env\n")

    assert lint(str(folder)).exit_code == 0


def test_lint_says_what_it_skipped(folder: Path) -> None:
    """Folders of others, links and what is no file are named with the reason, unless it is to be quiet."""
    (folder / "node_modules").mkdir()
    (folder / "linked").symlink_to(folder)
    (folder / "Dockerfile.link").symlink_to("Dockerfile")
    os.mkfifo(folder / "Dockerfile.pipe")

    loud, quiet = lint(str(folder)), lint(str(folder), "-q")

    assert "node_modules: such folders hold what others wrote" in loud.stderr
    assert "linked: a link" in loud.stderr
    assert "1 more: -v names them" in loud.stderr
    assert "Dockerfile.pipe: no regular file" in lint(str(folder), "-v").stderr
    assert quiet.stderr == ""
    assert loud.exit_code == quiet.exit_code == 0


def test_lint_file_named_twice_is_read_once(folder: Path) -> None:
    """A file that is also in a named folder is one file."""
    files = json.loads(lint(str(folder), str(folder / "Dockerfile"), "--format", "json").stdout)["files"]

    assert [file["file"] for file in files] == [str(folder / "Dockerfile")]


def test_lint_folder_without_a_dockerfile_is_an_error(folder: Path) -> None:
    """An empty answer would read as a clean one."""
    (folder / "Dockerfile").unlink()

    result = lint(str(folder))

    assert result.exit_code == 2
    assert "holds no file with the name of a Dockerfile" in result.stderr


def test_lint_github_points_at_file_and_line(folder: Path) -> None:
    """A finding is one workflow command."""
    (folder / "Dockerfile").write_text(BAD_BASE)
    result = lint(str(folder), "--format", "github")

    assert result.exit_code == 1
    assert result.stdout.startswith(f"::error file={folder / 'Dockerfile'},line=1,")
    assert "title=unpinned-base::" in result.stdout


def test_lint_sarif_is_valid_and_names_every_rule(folder: Path) -> None:
    """The log holds the rules that were looked at, the findings, and what could not be read."""
    (folder / "Dockerfile").write_text(BAD_BASE)
    result = lint(str(folder), str(folder / "nothing"), "--format", "sarif")
    log = json.loads(result.stdout)
    schema = json.loads((ROOT / "tests/graders/formats/schema/sarif-2.1.0-rtm.5.json").read_text())
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)
    run = log["runs"][0]

    assert result.exit_code == 2
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} >= {"unpinned-base", "runs-as-root", "split-apt"}
    assert [found["ruleId"] for found in run["results"]] == ["unpinned-base"]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert "nothing" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_lint_output_is_written_whole_and_without_colours(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file holds the data, standard output nothing, and nothing half-written stays behind."""
    (folder / "Dockerfile").write_text(BAD_BASE)
    result = lint(str(folder), "--output", str(folder / "findings.txt"))

    assert (result.exit_code, result.stdout) == (1, "")
    assert "unpinned-base" in (folder / "findings.txt").read_text()
    assert "\x1b" not in (folder / "findings.txt").read_text()
    assert not list(folder.glob("*.part")) + list(folder.glob(".*.part"))


def test_output_into_no_folder_is_refused_before_any_work(folder: Path) -> None:
    """The error names the folder that is missing and the command that makes it."""
    result = lint(str(folder), "--output", str(folder / "none" / "findings.txt"))

    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no folder" in result.stderr
    assert "mkdir -p" in result.stderr


def test_output_that_fails_late_goes_to_standard_output(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk loses no findings."""

    def full(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("course.commands.output.replace_file", full)
    (folder / "Dockerfile").write_text(BAD_BASE)
    result = lint(str(folder), "--output", str(folder / "findings.txt"))

    assert result.exit_code == 2
    assert "unpinned-base" in result.stdout
    assert "No space left on device" in result.stderr
    assert "standard output instead" in result.stderr


def test_no_color_may_stand_behind_the_command(folder: Path) -> None:
    """The flag is the same before and after the command's name."""
    (folder / "Dockerfile").write_text(BAD_BASE)
    invocation = Invocation({"HOME": os.environ["HOME"], "TERM": "xterm-256color"})
    result = CliRunner().invoke(cli, ["lint", str(folder), "--no-color"], obj=invocation, color=True)

    assert result.exit_code == 1
    assert "\x1b" not in result.output
    assert invocation.no_colour


@pytest.mark.parametrize(
    ("output_format", "mark"),
    [
        ("junit", '<testsuites name="ship-the-classifier"'),
        ("gradescope", '"output_format": "text"'),
        ("github", "title=unpinned-base::"),
        ("sarif", '"ruleId": "unpinned-base"'),
    ],
)
def test_check_writes_every_format(folder: Path, output_format: str, mark: str) -> None:
    """A static check of a folder is written in each format, and a comment that ignores a finding changes nothing."""
    (folder / "Dockerfile").write_text(f"# dockyard: ignore=unpinned-base why not\n{BAD_BASE}")
    args = ["check", "ship-the-classifier", "--static", "--path", str(folder), "--format", output_format]
    result = dockyard(*args)

    assert result.exit_code == 1
    assert mark in result.stdout
    assert "unpinned-base" in result.stdout


def test_check_tells_that_no_comment_ignores_a_finding(folder: Path) -> None:
    """In a graded exercise the finding stands, and the report says why the comment did nothing."""
    (folder / "Dockerfile").write_text(f"# DOCKYARD: IGNORE=unpinned-base why not\n{BAD_BASE}")
    args = ["check", "ship-the-classifier", "--static", "--path", str(folder), "--format", "json"]
    report = json.loads(dockyard(*args).stdout)
    statuses = {check["id"]: check["status"] for check in report["checks"]}

    assert statuses["unpinned-base"] == "failed"
    assert [notice for notice in report["notices"] if notice.startswith('Line 1: "# DOCKYARD: IGNORE')]
