"""Owns the tests that a line without options ends the same whether it is read by course.cli or not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from course import bare_line
from course.__main__ import main
from course.event import CheckRecorded, SessionEvent
from course.paths import find_content, find_paths
from course.session import Session
from graders.errors import Cancelled, EngineTimeout, EngineUnavailable, SubmissionError
from graders.event import GradeFinished, Notice, StageStarted
from graders.finding import Finding
from graders.outcome import Level, Outcome, Status
from graders.report import Report
from graders.report_store import ReportStore, engine_address
from graders.submission import read_submission
from graders.terms import read_terms
from tests.rows import rows

ROOT = Path(__file__).parents[2]
EXERCISE = "first-image"


class Ended(NamedTuple):
    """How a call of the program ended."""

    code: object
    stdout: str
    stderr: str


class Program:
    """Calls the program in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capture = capture

    def run(self, *words: str, read: bool) -> Ended:
        """`dockyard WORDS`, with `read` always by course.cli."""
        with self._monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["dockyard", *words])
            if read:
                patch.setattr(bare_line, "COMMANDS", {})
            with pytest.raises(SystemExit) as left:
                main()
        told = self._capture.readouterr()
        return Ended(left.value.code or 0, told.out, told.err)

    def both(self, *words: str) -> Ended:
        """How it ends both ways, which must be the same."""
        bare, read = self.run(*words, read=False), self.run(*words, read=True)

        assert read == bare
        return bare


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    """The program of a learner who solved one exercise, on a machine without an engine."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    work = find_paths(os.environ).workspace / EXERCISE
    shutil.copytree(find_content() / "exercises" / EXERCISE / "solution", work)
    return Program(monkeypatch, capsys)


def report(status: Status = Status.PASSED, content_sha256: str = "0" * 64) -> Report:
    """A report of one check."""
    findings = (Finding("FROM python names no \x1b[31mtag", line=1),) if status is Status.FAILED else ()
    outcome = Outcome("unpinned-base", "Every base has a version", Level.DOCKERFILE, status, findings=findings)
    return Report(EXERCISE, (outcome,), content_sha256, "2026-03-14T15:09:26+00:00", 1.5)


def scripted(monkeypatch: pytest.MonkeyPatch, *events: SessionEvent, error: BaseException | None = None) -> None:
    """Let a check tell these events and then raise."""

    def check(self: Session, exercise: str, **_: object) -> Iterator[SessionEvent]:
        self.exercise_files(exercise)
        yield from events
        if error is not None:
            raise error

    monkeypatch.setattr(Session, "check", check)


@pytest.mark.parametrize("status", [Status.PASSED, Status.FAILED, Status.ERRORED])
@rows(
    "words",
    [
        ("check", EXERCISE), ("check",), ("check", ""), ("check", f" {EXERCISE}/ "), ("check", "é"),
        ("check", "no-such"), ("check", "first-image", "second"), ("check", "cache-order"),
        ("check", ".."), ("check", "a b"),
        ("check", "--", EXERCISE), ("check", "-h"), ("check", "--static", EXERCISE), ("check", EXERCISE, "--quiet"),
        ("check", "--no-such-option"), ("chec", EXERCISE), ("Check", EXERCISE), ("no-such",),
        ("", EXERCISE), ("-q", "check"), (), ("",), ("--unlock-all",), ("--plain",),
    ],
)  # fmt: skip
def test_line_ends_the_same_read_or_not(
    words: tuple[str, ...], status: Status, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Output, errors and exit code of a line don't depend on whether it was read."""
    events = (StageStarted(Level.IMAGE, "Building"), Notice("x"), GradeFinished(report(status)))
    scripted(monkeypatch, *events, CheckRecorded(report(status), first_pass=True, unlocked=("1.2",)))

    program.both(*words)


@pytest.mark.parametrize(
    "error",
    [
        Cancelled(), KeyboardInterrupt(), EngineUnavailable("No engine answers", hint="Start one:\ndockyard engine up"),
        EngineTimeout("Too slow", limit_s=1.0, elapsed_s=2.0), SubmissionError("There is no \x1b]0;x\x07Dockerfile"),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_error_ends_the_same_read_or_not(
    error: BaseException, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So do errors of ours and an interrupt."""
    scripted(monkeypatch, StageStarted(Level.IMAGE, "Building"), error=error)

    assert program.both("check", EXERCISE).code != 0


@pytest.mark.parametrize(
    "changed",
    [
        {"DOCKYARD_PLAIN": "yes"}, {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"DOCKYARD_BUILD_NETWORK": "maybe"},
        {"DOCKYARD_WORKSPACE": str(ROOT / "exercises")}, {"DOCKYARD_WORKSPACE": "elsewhere"},
        {"DOCKYARD_NO_MOTION": "on"},
        {"_DOCKYARD_COMPLETE": "bash_complete", "COMP_WORDS": "dockyard check first", "COMP_CWORD": "2"},
    ],
    ids=str,
)  # fmt: skip
def test_settings_count_the_same_read_or_not(
    changed: dict[str, str], program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every setting and variable is obeyed both ways, and one that is wrong is refused in the same words."""
    for name, value in changed.items():
        monkeypatch.setenv(name, value)
    scripted(monkeypatch, GradeFinished(report()), CheckRecorded(report(), first_pass=False, unlocked=()))

    program.both("check", EXERCISE)


@pytest.fixture
def graded(program: Program) -> Program:
    """The program, with a report of the learner's work in the store."""
    paths, home = find_paths(os.environ), Path(os.environ["HOME"])
    terms = read_terms(paths.content / "exercises" / EXERCISE)
    assert terms is not None
    work = paths.workspace / EXERCISE
    files = read_submission(work, terms.limits, starter=terms.starter, editable=terms.files, copied_out=True)
    store = ReportStore(paths.state / "reports", where=engine_address(os.environ, home))
    store.save(store.key(terms, files), report(content_sha256=files.content_sha256))
    return program


def test_unchanged_work_is_answered_the_same_read_or_not(graded: Program) -> None:
    """What comes from the store does too, and each answer is recorded as an attempt."""
    first = graded.run("check", EXERCISE, read=False)
    again = graded.both("check", EXERCISE)

    assert "Passed for the first time" in first.stderr
    assert (0, True) == (again.code, "Graded before" in again.stdout)
    session = Session(find_paths(os.environ), environ=os.environ)
    assert [(EXERCISE, "passed")] * 3 == [(one.exercise, one.verdict) for one in session.attempts(EXERCISE)]
    session.close()


def test_unchanged_work_is_answered_without_what_takes_long(graded: Program) -> None:
    """The second answer of a process of its own imports no command line, TOML, YAML, schema, check or engine."""
    code = f"""
import sys
from course.__main__ import main
sys.argv = ["dockyard", "check", {EXERCISE!r}]
try:
    main()
finally:
    print("imported", *sys.modules)
"""
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
    imported = set(done.stdout.rpartition("imported ")[2].split())

    assert (0, True) == (done.returncode, "Graded before" in done.stdout)
    assert "course.session" in imported
    assert set() == imported & {
        "click", "difflib", "docker", "graders.engine.base", "graders.exercise", "graders.registry", "locale",
        "msgspec", "platform", "random", "tempfile", "tomllib", "uuid", "yaml",
    }  # fmt: skip


def test_check_without_engine_ends_the_same_as_a_process(program: Program) -> None:
    """Two real processes, one of them with an option that says nothing new, write the same."""
    ended = [
        subprocess.run(
            [sys.executable, "-m", "course", *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        for words in (("check", EXERCISE), ("check", EXERCISE, "--format", "text"))
    ]
    bare, read = ((done.returncode, done.stdout, done.stderr) for done in ended)

    assert read == bare
    assert bare[0] == 3
