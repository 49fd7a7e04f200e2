"""Owns the tests of the command line as a whole: what each command prints, and with which code it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import click
import pytest
from click.testing import Result

from course import cli as cli_module
from course.cli import COMMANDS, cli
from course.errors import ConfigError, ContentError, CourseError, LockedError, ProgressError, WorkspaceError
from course.event import CheckRecorded, SessionEvent
from course.paths import Paths
from course.session import Session
from course.slash import COMMANDS as SLASH_COMMANDS
from graders.cancel import Cancel
from graders.engine.base import BuildStep, Engine, StepStatus
from graders.errors import (
    Cancelled,
    EngineCommandFailed,
    EngineError,
    EngineTimeout,
    EngineUnavailable,
    GradebookError,
    GraderError,
    ImageUnavailable,
    SpecError,
    SubmissionError,
    UnknownCheckError,
)
from graders.event import (
    BasePreparing,
    BuildFinished,
    BuildLog,
    BuildStarted,
    BuildStepChanged,
    CheckFinished,
    GradeFinished,
    GradeStarted,
    PlannedCheck,
    Purpose,
    StageStarted,
)
from graders.finding import Finding
from graders.outcome import Level, Outcome, Status
from graders.report import Report
from tests.course.command_line import dockyard
from tests.rows import rows


class Run(Protocol):
    """Runs `dockyard ARGS` over the small course, without an engine and without a terminal."""

    def __call__(self, *args: str, stdin: str = "") -> Result: ...


def no_engine() -> Engine:
    """What opening an engine does on a machine without one."""
    raise EngineUnavailable("No engine answers", hint="Start one: dockyard engine up")


@pytest.fixture
def run(paths: Paths) -> Run:
    """The command line over the small course."""

    def invoke(*args: str, stdin: str = "") -> Result:
        return dockyard(*args, engine=no_engine, paths=paths, stdin=stdin)

    return invoke


def outcome(status: Status, check_id: str = "unpinned-base") -> Outcome:
    """An outcome with a finding where one belongs."""
    findings = (Finding("FROM python names no tag", line=1),) if status is Status.FAILED else ()
    return Outcome(
        id=check_id,
        claim="Every base image names a fixed version",
        level=Level.DOCKERFILE,
        status=status,
        findings=findings,
        reason="" if status in (Status.PASSED, Status.FAILED) else "No engine answers",
        remedy="dockyard engine up" if status is Status.ERRORED else "",
    )


def report(status: Status) -> Report:
    """A report of one check."""
    return Report(
        exercise="tiny",
        outcomes=(outcome(status),),
        content_sha256="0" * 64,
        started_at="2026-03-14T15:09:26+00:00",
        elapsed_s=1.5,
    )


def scripted(*events: SessionEvent, error: Exception | None = None) -> object:
    """A stand-in for Session.check that yields these events and then raises."""

    def check(
        self: Session,
        exercise: str,
        *,
        path: Path | None = None,
        static_only: bool = False,
        fresh: bool = False,
        cancel: Cancel | None = None,
    ) -> Iterator[SessionEvent]:
        yield from events
        if error is not None:
            raise error

    return check


def test_without_command_and_terminal_prints_outline_and_next_step(run: Run) -> None:
    """`dockyard` in a pipe never starts the desk."""
    result = run()

    assert result.exit_code == 0
    assert "1.1" in result.stdout
    assert result.stdout.rstrip().endswith("Next: dockyard start tiny")


def test_help_lists_every_command(run: Run) -> None:
    """`--help` names each command, the exit codes and examples."""
    result = run("--help")

    assert result.exit_code == 0
    assert [name for name in COMMANDS if f"  {name}" not in result.stdout] == []
    assert "Exit codes" in result.stdout


@rows("name", list(COMMANDS))
def test_help_of_each_command_says_what_the_table_says(run: Run, name: str) -> None:
    """Each command exists, explains itself and agrees with the line in the table."""
    result = run(name, "--help")

    assert result.exit_code == 0
    assert "Usage:" in result.stdout
    assert cli_module.COMMANDS[name][1].split()[0].lower() in result.stdout.lower()


def test_each_slash_command_has_a_twin_that_exists() -> None:
    """What help says of a slash command's twin is true."""
    twins = [command.twin.split()[1] for command in SLASH_COMMANDS if command.twin]

    assert [name for name in twins if name not in COMMANDS and name != "--help"] == []


def test_version_is_printed(run: Run) -> None:
    """`--version` names the program and its version."""
    result = run("--version")

    assert result.stdout.startswith("dockyard ")


def test_list_shows_levels_lessons_exercises(run: Run) -> None:
    """The outline is data: on standard output, without control characters."""
    result = run("list")

    assert result.exit_code == 0
    assert [line for line in result.stdout.splitlines() if line.startswith("Level")] == [
        "Level 1  Images",
        "Level 2  Data",
    ]
    assert "[ ] tiny  A tiny image  (5 min, never checked)" in result.stdout
    assert "\x1b" not in result.stdout


def test_list_json_is_the_same_outline(run: Run) -> None:
    """Programs get the outline as dockyard/outline/v1."""
    value = json.loads(run("list", "--format", "json").stdout)

    assert value["schema"] == "dockyard/outline/v1"
    assert [lesson["state"] for level in value["levels"] for lesson in level["lessons"]] == ["open", "locked", "locked"]


def test_start_copies_the_starter_and_prints_its_folder(run: Run, paths: Paths) -> None:
    """Data is the folder alone, so that `cd $(dockyard start tiny)` works; advice is on standard error."""
    result = run("start", "tiny")

    assert result.exit_code == 0
    assert result.stdout == f"{paths.workspace / 'tiny'}\n"
    assert "dockyard check tiny" in result.stderr
    assert (paths.workspace / "tiny" / "Dockerfile").is_file()


def test_start_unknown_exercise_names_the_nearest(run: Run) -> None:
    """A slip of the pen is a usage error with a suggestion."""
    result = run("start", "tinny")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert "tiny" in result.stderr


def test_start_locked_lesson_says_what_is_missing(run: Run) -> None:
    """A locked lesson ends with 1 and its missing lines."""
    result = run("start", "2.1")

    assert result.exit_code == 1
    assert "[ ]" in result.stderr
    assert "not open yet" in result.stderr


@rows("number", ["1.1", "1-1", "/start-1-1"])
def test_start_open_lesson_says_what_is_in_it(run: Run, number: str) -> None:
    """A lesson may be named as on the desk."""
    result = run("start", number)

    assert result.exit_code == 0
    assert "Lesson 1.1  Why containers" in result.stdout
    assert "dockyard start tiny" in result.stdout


def test_start_locked_lesson_opens_with_unlock_all(run: Run) -> None:
    """Instructors read ahead; a lesson that asks something says how to answer."""
    assert run("--unlock-all", "start", "2.1").exit_code == 0
    assert "Its questions: dockyard quiz 1.2\n" in run("--unlock-all", "start", "1.2").stdout


def test_hint_goes_from_question_to_almost(run: Run) -> None:
    """Each call shows the next stronger hint, the strongest again at the end."""
    run("start", "tiny")

    shown = [run("hint", "tiny").stdout.splitlines()[0] for _ in range(4)]

    assert shown == [
        "Which tag did you write?",
        "A tag pins a version:",
        "Write a colon and a version.",
        "Write a colon and a version.",
    ]


def test_hint_without_name_is_for_the_folder_we_stand_in(
    run: Run, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standing in an exercise's folder names it."""
    run("--unlock-all", "start", "other")
    monkeypatch.chdir(paths.workspace / "other")

    assert "dockyard hint other" in run("hint").stderr


def test_status_tells_the_next_command(run: Run, paths: Paths) -> None:
    """After a start, the next thing is to edit and check."""
    assert "dockyard start tiny" in run("status").stdout

    run("start", "tiny")

    assert f"edit {paths.workspace / 'tiny'}, then: dockyard check tiny" in run("status").stdout


def test_reset_without_terminal_keeps_the_old_files(run: Run, paths: Paths) -> None:
    """The starter is back, and the old file is in the folder that was printed."""
    run("start", "tiny")
    dockerfile = paths.workspace / "tiny" / "Dockerfile"
    dockerfile.write_text("FROM mine\n")

    result = run("reset", "tiny")

    assert result.exit_code == 0
    assert dockerfile.read_text().startswith("FROM python\n")
    assert (Path(result.stdout.strip()) / "Dockerfile").read_text() == "FROM mine\n"


def test_solution_needs_a_pass_or_giving_up(run: Run) -> None:
    """Before a pass the solution is refused; with --give-up it is shown."""
    refused = run("solution", "tiny")
    shown = run("solution", "tiny", "--give-up")

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "--give-up" in refused.stderr
    assert shown.exit_code == 0
    assert "FROM python:3.11-slim" in shown.stdout


@rows(
    "words", [("start",), ("check", "--static"), ("hint",), ("builds",), ("reset", "--yes"), ("solution", "--give-up")]
)
def test_exercise_may_be_named_as_its_folder_is_completed(run: Run, words: tuple[str, ...]) -> None:
    """A shell that completes the folder's name ends it with a slash; every command takes that."""
    run("start", "tiny")

    assert "There is no exercise" not in run(*words, "tiny/").stderr


def test_quiz_is_shown_and_answered(run: Run) -> None:
    """A lesson's question can be read and answered without the desk; the answer is kept."""
    asked = run("quiz", "1-2")
    shown = asked.stdout
    wrong = run("quiz", "1.2", "layer-order", "1")
    right = run("quiz", "1.2", "layer-order", "2")

    assert "layer-order: What is copied first?" in shown
    assert "  2. The requirements" in shown
    assert "dockyard quiz 1.2 layer-order 1\n" in asked.stderr
    assert (wrong.exit_code, wrong.stdout) == (1, "Not yet. Then every change installs again.\n")
    assert right.exit_code == 0
    assert "2. The requirements  <- your answer" in run("quiz", "1.2").stdout


@rows("args", [("1.2", "layer-order"), ("1.2", "layer-order", "9"), ("1.2", "no-such", "1")])
def test_quiz_wrong_usage_ends_with_2(run: Run, args: tuple[str, ...]) -> None:
    """A missing number, a choice or a question that isn't there: usage errors."""
    assert run("quiz", *args).exit_code == 2


def test_checklist_shows_each_line_with_a_box(run: Run) -> None:
    """An unfinished checklist ends with 1, each line with what to do."""
    result = run("checklist")

    assert result.exit_code == 1
    assert [line[:3] for line in result.stdout.splitlines()] == ["[ ]"] * len(result.stdout.splitlines())
    assert "The image builds" in result.stdout


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (Status.PASSED, 0, ""),
        (Status.FAILED, 1, "dockyard hint tiny"),
        (Status.ERRORED, 3, "dockyard engine up"),
    ],
)
def test_check_ends_with_the_code_of_the_report(
    run: Run, monkeypatch: pytest.MonkeyPatch, status: Status, code: int, advice: str
) -> None:
    """0 passed, 1 failed, 3 errored; the report alone is on standard output."""
    done = report(status)
    monkeypatch.setattr(Session, "check", scripted(GradeFinished(done), CheckRecorded(done, False, ())))

    result = run("check", "tiny", "--format", "json")

    assert result.exit_code == code
    assert json.loads(result.stdout)["status"] == done.verdict.value
    assert advice in result.stderr


ERRORS: list[tuple[GraderError | CourseError, int]] = [
    (GraderError("x"), 3),
    (SpecError("x"), 2),
    (UnknownCheckError("x"), 2),
    (SubmissionError("x"), 2),
    (GradebookError("x"), 2),
    (EngineError("x"), 3),
    (EngineUnavailable("x"), 3),
    (EngineTimeout("x", limit_s=1, elapsed_s=2), 4),
    (EngineCommandFailed("x", status=1), 3),
    (ImageUnavailable("x"), 3),
    (Cancelled(), 130),
    (CourseError("x"), 2),
    (ConfigError("x"), 2),
    (ContentError("x"), 2),
    (WorkspaceError("x"), 2),
    (ProgressError("x"), 2),
    (LockedError("x"), 2),
]


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=[type(error).__name__ for error, _ in ERRORS])
def test_error_ends_with_message_hint_and_its_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: GraderError | CourseError, code: int
) -> None:
    """Each error of ours has one exit code; message and hint go to standard error, escaped."""
    error.message = "It \x1b[31mbroke\x1b]52;c;aGk=\x07"
    error.hint = "Do this: dockyard doctor"
    monkeypatch.setattr(Session, "check", scripted(error=error))

    result = run("check", "tiny")

    assert result.exit_code == code
    assert result.stdout == ""
    assert "\x1b" not in result.stderr
    assert "broke" in result.stderr
    assert "Do this: dockyard doctor" in result.stderr


def test_every_error_class_is_in_the_table() -> None:
    """A new error class needs a row above."""

    def classes(root: type[Exception]) -> set[type[Exception]]:
        return {root}.union(*(classes(child) for child in root.__subclasses__()))

    trees = ("graders.errors", "course.errors")
    product = {kind for kind in classes(GraderError) | classes(CourseError) if kind.__module__ in trees}

    assert {type(error) for error, _ in ERRORS} == product


def test_interrupt_ends_with_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A KeyboardInterrupt that nobody awaited is no traceback."""

    def interrupted(self: Session) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "outline", interrupted)

    assert run("list").exit_code == 130


STORY = (
    GradeStarted("tiny", (PlannedCheck("unpinned-base", "claim", Level.DOCKERFILE, True),)),
    CheckFinished(outcome(Status.FAILED)),
    StageStarted(Level.IMAGE, "Building the image"),
    BasePreparing("python:3.11-slim", "Downloading", 0.25),
    BasePreparing("python:3.11-slim", "Downloading", 0.5),
    BuildStarted(Purpose.GRADED),
    BuildStepChanged(Purpose.GRADED, BuildStep("a", "[internal] load build context", StepStatus.DONE, 0.1)),
    BuildStepChanged(Purpose.GRADED, BuildStep("b", "[1/3] FROM python", StepStatus.CACHED, 0.0, line=1)),
    BuildStepChanged(Purpose.GRADED, BuildStep("c", "[2/3] RUN \x1b]0;x\x07pip", StepStatus.RUNNING, 0.0, line=2)),
    BuildLog(Purpose.GRADED, ("Collecting scikit-learn",)),
    BuildStepChanged(Purpose.GRADED, BuildStep("c", "[2/3] RUN \x1b]0;x\x07pip", StepStatus.DONE, 4.25, line=2)),
    BuildStepChanged(Purpose.GRADED, BuildStep("d", "[3/3] RUN false", StepStatus.FAILED, 0.5, line=3)),
    BuildFinished(Purpose.GRADED, 5.0, "exit code: 1"),
    GradeFinished(report(Status.FAILED)),
    CheckRecorded(report(Status.FAILED), False, ("2.1",)),
)


def test_check_tells_its_progress_in_plain_lines(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal: a line a finished step, with its seconds or CACHED, and no control sequence."""
    monkeypatch.setattr(Session, "check", scripted(*STORY))

    lines = run("check", "tiny").stderr.splitlines()

    assert lines == [
        "Building the image",
        "python:3.11-slim: Downloading",
        "  line 1   [1/3] FROM python  CACHED",
        "  line 2   [2/3] RUN pip  4.2 s",
        "  line 3   [3/3] RUN false  FAILED after 0.5 s",
        "  The build failed after 5.0 s",
        "Lesson 2.1 is open now: dockyard start 2.1",
        "Stuck? dockyard hint tiny",
    ]


@pytest.mark.parametrize("plain", [False, True])
def test_check_tells_what_mends_it_in_the_report_alone(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, plain: bool
) -> None:
    """Whoever reads the report is told there; where it is for a program, or in a file, standard error says it."""
    done = report(Status.ERRORED)
    monkeypatch.setattr(Session, "check", scripted(GradeFinished(done), CheckRecorded(done, False, ())))
    words = ["--plain"] if plain else []
    remedy = "To mend it: dockyard engine up"

    read = run(*words, "check", "tiny")
    kept = run(*words, "check", "tiny", "--output", str(tmp_path / "report"))
    data = run(*words, "check", "tiny", "--format", "json")

    assert (1, 0) == (read.stdout.count(remedy), read.stderr.count("dockyard engine up"))
    assert remedy in kept.stderr
    assert remedy in data.stderr


def test_check_after_one_of_two_exercises_names_the_other(
    paths: Paths, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lesson is done only when each of its exercises passed: the next command is for the one that did not."""
    lesson = paths.content / "lessons" / "why" / "lesson.md"
    lesson.write_text(lesson.read_text().replace("[tiny]", "[tiny, other]"))
    layers = paths.content / "lessons" / "layers" / "lesson.md"
    layers.write_text(layers.read_text().replace("exercises: [other]\n", ""))
    done = report(Status.PASSED)

    def check(self: Session, exercise: str, **_: object) -> Iterator[SessionEvent]:
        assert exercise == "tiny"
        yield self._record(done)

    monkeypatch.setattr(Session, "check", check)

    first = run("check", "tiny")

    assert first.stderr.splitlines()[-1] == "Next: dockyard start other"
    assert "next lesson" not in first.stdout


def test_check_quiet_says_nothing_beside_the_report(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """-q leaves standard error empty."""
    monkeypatch.setattr(Session, "check", scripted(*STORY))

    result = run("check", "tiny", "-q")

    assert result.stderr == ""
    assert "unpinned-base" in result.stdout


def test_check_verbose_adds_the_build_log_and_each_check(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """-v shows what the build printed."""
    monkeypatch.setattr(Session, "check", scripted(*STORY))

    told = run("check", "tiny", "-v").stderr

    assert "Collecting scikit-learn" in told
    assert "failed  unpinned-base" in told
    assert "load build context" in told


def test_verbose_is_offered_where_there_is_more_to_say() -> None:
    """A flag that changes nothing would be a promise that is not kept."""

    def offering(command: click.Command, path: str) -> list[str]:
        if isinstance(command, click.Group):
            context = click.Context(command)
            found = [(name, command.get_command(context, name)) for name in command.list_commands(context)]
            return [line for name, child in found if child for line in offering(child, f"{path} {name}".strip())]
        return [path] if any("--verbose" in parameter.opts for parameter in command.params) else []

    assert ["author verify", "check", "engine up", "grade", "lint"] == sorted(offering(cli, ""))


def test_check_output_is_written_whole(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """--output replaces the file at once, and standard output stays empty."""
    done = report(Status.FAILED)
    monkeypatch.setattr(Session, "check", scripted(GradeFinished(done), CheckRecorded(done, False, ())))
    target = tmp_path / "report.json"
    target.write_text("old")

    result = run("check", "tiny", "--format", "json", "--output", str(target))

    assert (result.exit_code, result.stdout) == (1, "")
    assert json.loads(target.read_text())["schema"] == "dockyard/report/v1"
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_check_output_into_nowhere_is_a_usage_error(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder that is not there is said, with code 2."""
    done = report(Status.PASSED)
    monkeypatch.setattr(Session, "check", scripted(GradeFinished(done), CheckRecorded(done, False, ())))

    result = run("check", "tiny", "--output", str(tmp_path / "no" / "report"))

    assert result.exit_code == 2
    assert "Can't write" in result.stderr


@rows(
    "args",
    [
        ("bogus",),
        ("--bogus",),
        ("check", "--format", "yaml"),
        ("list", "--bogus"),
        ("lint",),
        ("reset",),
        ("checklist", "0"),
        ("engine", "sideways"),
        ("author", "verify", "no-such-exercise"),
        ("check", "no-such-exercise"),
        ("check", "tiny"),
    ],
)
def test_wrong_usage_ends_with_2(run: Run, args: tuple[str, ...]) -> None:
    """A wrong option, a missing argument and a name that isn't there are usage errors, said on standard error."""
    result = run(*args)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


def test_check_static_needs_no_engine(run: Run, paths: Paths) -> None:
    """--static judges the text alone: 1 for the starter, 0 for the solution."""
    run("start", "tiny")

    assert run("check", "tiny", "--static").exit_code == 1

    solution = paths.content / "exercises" / "tiny" / "solution"

    assert run("check", "tiny", "--static", "--path", str(solution)).exit_code == 0


def test_exercise_of_a_locked_lesson_is_checked_by_its_path(run: Run, paths: Paths) -> None:
    """A pipeline has no progress, so with --path no lesson has to be open; to start it one has."""
    solution = paths.content / "exercises" / "other" / "solution"

    assert run("start", "other").exit_code == 2
    assert run("check", "other", "--static", "--path", str(solution)).exit_code == 0


@rows(
    ("args", "advice"),
    [
        (("engine", "up"), "dockyard engine up --yes"),
        (("engine", "status"), "dockyard engine up"),
        (("engine", "clean"), "dockyard engine up"),
    ],
)
def test_engine_commands_without_engine_end_with_3(run: Run, args: tuple[str, ...], advice: str) -> None:
    """Without an engine, and nobody to ask, each says the command that mends it; nothing is installed."""
    result = run(*args)

    assert (result.exit_code, result.stdout) == (3, "")
    assert advice in result.stderr


def test_engine_status_json_says_unreachable(run: Run) -> None:
    """Programs get the same keys whether an engine answers or not."""
    result = run("engine", "status", "--format", "json")

    assert result.exit_code == 3
    assert json.loads(result.stdout) == {
        "reachable": False,
        "name": "",
        "version": "",
        "socket": "",
        "private": False,
        "keeps_index": False,
        "leftovers": [],
    }


def test_doctor_without_engine_is_a_list_and_3(run: Run) -> None:
    """The doctor never fails: it says what is missing, for people and for programs."""
    text = run("doctor")
    rows = json.loads(run("doctor", "--format", "json").stdout)["lines"]

    assert text.exit_code == 3
    assert "mend it: dockyard engine up" in text.stdout
    assert [row["state"] for row in rows if row["name"] == "engine"] == ["missing"]
