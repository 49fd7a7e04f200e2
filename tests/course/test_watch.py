"""Tests of the rounds of `dockyard watch`, through real folders and a session whose checks need no engine."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from course import follower as follower_module
from course.cli import cli
from course.commands.invocation import Invocation
from course.commands.watch_text import RoundText
from course.errors import ContentError, WorkspaceError
from course.event import CheckRecorded, SessionEvent
from course.follower import differing, snapshot
from course.paths import Paths
from course.progress import Attempt
from course.session import Session
from course.watch import RoundFailed, RoundStarted, RoundStopped, TextRead, Waiting, WatchEvent, watch
from graders.cancel import Cancel
from graders.engine.base import Engine, StepStatus
from graders.engine.fake.engine import FakeEngine
from graders.errors import EngineUnavailable
from graders.event import BuildStepChanged
from graders.finding import Finding
from graders.outcome import Level, Outcome, Status
from graders.report import Report, Verdict
from tests.course.conftest import SOLUTION

PATIENCE_S = 40.0
ROOT = Path(__file__).parents[2]


class Rounds:
    """A watch in a thread of its own, and what it has told."""

    def __init__(self, session: Session, exercise: str, *, static_only: bool) -> None:
        self.stop = Cancel()
        self.events: list[WatchEvent] = []
        self._told = threading.Condition()
        self._args = (session, exercise, static_only)
        self._thread = threading.Thread(target=self._follow, name="rounds")
        self._thread.start()

    def _follow(self) -> None:
        session, exercise, static_only = self._args
        for event in watch(session, exercise, self.stop, static_only=static_only):
            with self._told:
                self.events.append(event)
                self._told.notify_all()

    def until(self, holds: Callable[[list[WatchEvent]], object]) -> list[WatchEvent]:
        """Wait until it holds of the events told since the last call; those events."""
        with self._told:
            assert self._told.wait_for(lambda: holds(self.events), PATIENCE_S), self.events
            told, self.events = self.events, []
            return told

    def over(self) -> list[WatchEvent]:
        """Wait until a round has come to its end."""
        return self.until(lambda events: any(isinstance(event, Waiting) for event in events))

    def end(self) -> None:
        """Stop it and wait for its thread."""
        self.stop.set()
        self._thread.join(PATIENCE_S)

        assert not self._thread.is_alive()
        assert "follower" not in {thread.name for thread in threading.enumerate()}


@contextmanager
def watching(session: Session, exercise: str = "tiny", *, static_only: bool = True) -> Iterator[Rounds]:
    """A watch of an exercise that was started; at the end no thread of it is left."""
    session.start_exercise(exercise)
    rounds = Rounds(session, exercise, static_only=static_only)
    try:
        yield rounds
    finally:
        rounds.end()


def changed(events: list[WatchEvent]) -> list[tuple[str, ...]]:
    """What each round says that was changed."""
    return [event.changed for event in events if isinstance(event, RoundStarted)]


def found(events: list[WatchEvent]) -> int:
    """How many findings the text had at last."""
    return len([event for event in events if isinstance(event, TextRead)][-1].findings)


def replace(path: Path, text: str) -> None:
    """Save as vim and many others do: a new file in the old one's place."""
    new = path.with_name("4913")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


@pytest.fixture
def dockerfile(paths: Paths) -> Path:
    """Where the learner's Dockerfile will be."""
    return paths.workspace / "tiny" / "Dockerfile"


def test_save_that_replaces_the_file_begins_a_round(session: Session, dockerfile: Path) -> None:
    """The first round begins at once, the next at a save, and the mended text has fewer findings."""
    with watching(session) as rounds:
        first = rounds.over()
        replace(dockerfile, SOLUTION)
        second = rounds.over()

    assert ([()], 1) == (changed(first), found(first))
    assert ([("Dockerfile",)], 0) == (changed(second), found(second))


def test_backups_and_swap_files_begin_no_round(session: Session, dockerfile: Path) -> None:
    """What editors leave beside a file is not a save of it."""
    with watching(session) as rounds:
        rounds.over()
        for name in (".Dockerfile.swp", "Dockerfile~", ".git/index"):
            (dockerfile.parent / name).parent.mkdir(exist_ok=True)
            (dockerfile.parent / name).write_text("x", encoding="utf-8")
        (dockerfile.parent / "notes.sh").write_text("x", encoding="utf-8")
        told = rounds.over()

    assert [("notes.sh",)] == changed(told)


def test_deleted_dockerfile_is_an_error_and_the_next_save_goes_on(session: Session, dockerfile: Path) -> None:
    """Without a Dockerfile a round says so; the watch does not end."""
    with watching(session) as rounds:
        rounds.over()
        dockerfile.unlink()
        failed = [event for event in rounds.over() if isinstance(event, RoundFailed)]
        dockerfile.write_text(SOLUTION, encoding="utf-8")
        again = rounds.over()

    assert isinstance(failed[0].error, WorkspaceError)
    assert "dockyard reset tiny" in failed[0].error.hint
    assert (["Dockerfile"], 0) == (list(changed(again)[-1]), found(again))


def test_save_during_a_check_stops_it_and_begins_anew(
    session: Session, dockerfile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check of files that are no longer so is stopped; the round after it is of the new ones."""
    reached = threading.Event()

    def check(
        self: Session,
        exercise: str,
        *,
        cancel: Cancel,
    ) -> Generator[SessionEvent]:
        if dockerfile.read_text(encoding="utf-8") != SOLUTION:
            reached.set()
            assert cancel.wait(PATIENCE_S)
            cancel.raise_if_set()
        yield recorded(Status.PASSED)

    monkeypatch.setattr(Session, "check", check)
    with watching(session, static_only=False) as rounds:
        assert reached.wait(PATIENCE_S)
        replace(dockerfile, SOLUTION)
        told = rounds.over()

    kinds = [type(event) for event in told]
    assert kinds.count(RoundStopped) == 1
    assert kinds.index(RoundStopped) < kinds.index(CheckRecorded)
    assert ("Dockerfile",) == changed(told)[-1]


def test_stop_during_a_check_ends_without_a_further_round(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """ctrl+c stops the check under way, and nothing is said of it."""
    reached = threading.Event()

    def check(self: Session, exercise: str, *, cancel: Cancel) -> Generator[SessionEvent]:
        reached.set()
        assert cancel.wait(PATIENCE_S)
        cancel.raise_if_set()
        yield recorded(Status.PASSED)

    monkeypatch.setattr(Session, "check", check)
    with watching(session, static_only=False) as rounds:
        assert reached.wait(PATIENCE_S)

    assert [RoundStarted, TextRead] == [type(event) for event in rounds.events]


def test_rounds_build_and_record_attempts(make_session: Callable[..., Session], paths: Paths) -> None:
    """Each round builds what is saved, and counts as a check: the second knows how the first ended."""
    session = make_session(open_engine=FakeEngine, unlock_all=True)
    with watching(session, "other", static_only=False) as rounds:
        first = rounds.over()
        replace(paths.workspace / "other" / "Dockerfile", SOLUTION)
        second = rounds.over()

    verdicts = [event.report.verdict for event in (*first, *second) if isinstance(event, CheckRecorded)]
    assert [Verdict.FAILED, Verdict.PASSED] == verdicts
    assert 2 == len(session.attempts("other"))
    began = next(event for event in second if isinstance(event, RoundStarted))
    assert began.before is not None
    assert "failed" in {status for _, _, status in began.before.outcomes}


def test_engine_that_is_missing_is_told_and_waits(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round that can't come to an end says why, and the watch waits for the next save."""

    def check(self: Session, exercise: str, *, cancel: Cancel) -> Generator[SessionEvent]:
        yield from ()
        raise EngineUnavailable("No engine answers", hint="dockyard engine up")

    monkeypatch.setattr(Session, "check", check)
    with watching(session, static_only=False) as rounds:
        told = rounds.over()

    assert ["No engine answers"] == [event.error.message for event in told if isinstance(event, RoundFailed)]


def test_watch_of_what_was_not_started_is_an_error(session: Session) -> None:
    """There is no folder to follow, and the error names the command that makes one."""
    with pytest.raises(WorkspaceError, match="tiny is not in the workspace") as caught:
        next(watch(session, "tiny", Cancel(), static_only=True))

    assert "dockyard start tiny" in caught.value.hint


def test_folder_that_the_system_cannot_follow_is_looked_at(
    session: Session, dockerfile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are too many watches, saves are found by looking."""

    def refuse(*_: object, **__: object) -> Iterator[object]:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr("watchfiles.watch", refuse)
    monkeypatch.setattr(follower_module, "LOOK_MS", 10)
    with watching(session) as rounds:
        rounds.over()
        replace(dockerfile, SOLUTION)
        told = rounds.over()

    assert 0 == found(told)


def test_snapshots_differ_by_added_changed_and_deleted_files(tmp_path: Path) -> None:
    """Each kind of change is named by its path, sorted; a folder that is gone has no files."""
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    before = snapshot(tmp_path)
    (tmp_path / "a").unlink()
    (tmp_path / "b").write_text("longer", encoding="utf-8")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "e").write_text("e", encoding="utf-8")

    assert ("a", "b", "d/e") == differing(before, snapshot(tmp_path))
    assert {} == snapshot(tmp_path / "gone")


# -- what is said


def recorded(status: Status, *, first_pass: bool = False, unlocked: tuple[str, ...] = ()) -> CheckRecorded:
    """The end of a check with one outcome of the text and, when that failed, one of the container that was skipped."""
    message = "FROM names no \x1b[31mversion"
    bad = (Finding(message, observed="python", expected="python:3.11", line=1, file="Dockerfile"),)
    skipped = Outcome(
        "wrong-output", "Right", Level.CONTAINER, Status.SKIPPED, reason="Needs unpinned-base to pass first"
    )
    outcomes = (
        Outcome(
            "unpinned-base",
            "Pinned",
            Level.DOCKERFILE,
            status,
            points=2 * (status is Status.PASSED),
            max_points=2,
            findings=bad if status is Status.FAILED else (),
        ),
        *((skipped,) if status is Status.FAILED else ()),
    )
    report = Report("tiny", outcomes, "0" * 64, "2026-03-14T15:09:26Z", 1.0)
    return CheckRecorded(report, first_pass, unlocked)


CLAIMS = {"unpinned-base": "Pinned"}


def said(text: RoundText, *events: WatchEvent) -> list[str]:
    """The lines of these events, at nine o'clock."""
    at = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
    return [line for event in events for line in text.lines(event, at)]


def test_finding_of_the_text_is_said_once_and_clean() -> None:
    """What the text showed is not said again of the check, and no escape sequence reaches the terminal."""
    end = recorded(Status.FAILED)
    finding = end.report.outcomes[0].findings[0]

    lines = said(RoundText("tiny", CLAIMS), RoundStarted((), None), TextRead((("unpinned-base", finding),)), end)

    assert "09:00:00 Checking tiny" == lines[0]
    assert [
        "  Failed: Pinned (unpinned-base)",
        "    Dockerfile line 1: FROM names no version",
        "      found: python",
        "      expected: python:3.11",
    ] == lines[1:5]
    assert 1 == sum("Pinned (" in line for line in lines)
    assert "  The text: 1 finding." in lines
    assert '  Skipped: "Right". Needs "Pinned" to pass first' in lines
    assert "  Failed: 0 of 2 points." == lines[-1]
    assert not any("\x1b" in line for line in lines)


def test_first_pass_says_what_it_opened() -> None:
    """A first pass names what to read about it and each lesson that is open now."""
    lines = said(RoundText("tiny", CLAIMS), recorded(Status.PASSED, first_pass=True, unlocked=("1.2",)))

    assert "  Passed: 2 of 2 points." in lines
    assert "  Lesson 1.2 is open now: dockyard start 1.2" == lines[-1]


def attempt(**statuses: str) -> Attempt:
    """A recorded check with this status of each check, named with underscores."""
    outcomes = tuple((name.replace("_", "-"), "dockerfile", status) for name, status in statuses.items())
    return Attempt("tiny", "", "failed", 0, 2, "0" * 64, 1.0, "", "", None, None, outcomes)


def test_what_changed_since_the_check_before_is_said_in_claims() -> None:
    """What passes or fails anew has the name that every other report gives it; many are counted."""
    end = recorded(Status.PASSED)
    pinned = end.report.outcomes[0]
    many = end._replace(
        report=dataclasses.replace(end.report, outcomes=tuple(dataclasses.replace(pinned, id=c) for c in "abcd"))
    )

    def changes(before: Attempt, end: CheckRecorded) -> list[str]:
        lines = said(RoundText("tiny", CLAIMS), RoundStarted((), before), end)
        return [line for line in lines if line.startswith("  Now")]

    assert ['  Now pass: "Pinned"'] == changes(attempt(unpinned_base="failed"), end)
    assert [] == changes(attempt(unpinned_base="passed"), end)
    assert ['  Now fail: "Pinned"'] == changes(attempt(unpinned_base="passed"), recorded(Status.FAILED))
    assert ["  Now pass: 4 checks"] == changes(attempt(), many)


def test_many_changed_files_are_counted() -> None:
    """A checkout of a hundred files is one line."""
    (line,) = said(RoundText("tiny", CLAIMS), RoundStarted(tuple(f"f{number}" for number in range(9)), None))

    assert "09:00:00 Changed: f0, f1, f2, f3, f4 and 4 more" == line


def test_fewer_findings_are_counted_against_the_round_before() -> None:
    """The learner hears whether the last save made it better."""
    text = RoundText("tiny", CLAIMS)
    finding = ("unpinned-base", Finding("FROM python names no version", line=1))

    said(text, TextRead((finding, finding)))

    assert "  The text: 1 finding, 1 fewer than before." == said(text, TextRead((finding,)))[-1]


def test_command_watches_until_interrupted(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report of a round goes to standard output; ctrl+c ends with 0."""
    monkeypatch.setattr(Session, "check", lambda *_, **__: iter((recorded(Status.FAILED),)))
    waits = follower_module.Follower.wait

    def interrupt(self: follower_module.Follower) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        waits(self)

    monkeypatch.setattr(follower_module.Follower, "wait", interrupt)
    invocation = Invocation({"HOME": os.environ["HOME"]}, fixed_paths=paths)
    CliRunner().invoke(cli, ["start", "tiny"], obj=invocation)

    result = CliRunner().invoke(cli, ["watch", "tiny"], obj=invocation)

    assert 0 == result.exit_code, result.output
    assert "  Failed: 0 of 2 points.\n" in result.stdout
    assert "Watching has ended." in result.stderr


def test_command_names_the_nearest_exercise(paths: Paths) -> None:
    """A misspelt exercise is a wrong name, not a missing folder."""
    result = CliRunner().invoke(cli, ["watch", "tny"], obj=Invocation({"HOME": os.environ["HOME"]}, fixed_paths=paths))

    assert ContentError.exit_code == result.exit_code
    assert "tiny" in result.stderr


@pytest.mark.engine
def test_save_stops_a_real_build(engine: Engine, python_base: str, tmp_path: Path) -> None:
    """On a real engine a save ends the build under way, and the round after it passes."""
    paths = Paths(ROOT, state=tmp_path / "state", workspace=tmp_path / "workspace")
    session = Session(paths, environ={**os.environ, "DOCKER_HOST": engine.info().socket})
    dockerfile = paths.workspace / "first-image" / "Dockerfile"
    session.start_exercise("first-image")
    right = f'FROM {python_base}\nCOPY . /app\nCMD ["python", "/app/predict.py"]\n'
    replace(dockerfile, f"FROM {python_base}\nRUN sleep 600 # {tmp_path}\n")
    with watching(session, "first-image", static_only=False) as rounds:
        rounds.until(lambda events: any("sleep" in line for line in running(events)))
        replace(dockerfile, right)
        told = rounds.over()
    session.close()

    assert RoundStopped in {type(event) for event in told}
    assert [Verdict.PASSED] == [event.report.verdict for event in told if isinstance(event, CheckRecorded)]


def running(events: list[WatchEvent]) -> list[str]:
    """The build steps that were begun."""
    steps = [event.step for event in events if isinstance(event, BuildStepChanged)]
    return [step.name for step in steps if step.status is StepStatus.RUNNING]
