"""Tests of the headless core through its public methods."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from course.errors import ContentError, LockedError, WorkspaceError
from course.event import CheckRecorded
from course.paths import Paths
from course.session import HintShown, LessonState, QuizVerdict, Session
from course.workspace import Change, ChangedFile
from graders.cancel import Cancel
from graders.errors import Cancelled, EngineUnavailable, SubmissionError
from graders.event import GradeFinished, GradeStarted
from graders.outcome import Level, Outcome, Status
from graders.report import EngineSummary, ImageSummary, Report, Verdict

PINNED = 'FROM python:3.11-slim\nCOPY app.py /app.py\nCMD ["python", "/app.py"]\n'
Script = Callable[[Report], None]


def report(status: Status, exercise: str = "tiny", *, level: Level = Level.IMAGE, static_only: bool = False) -> Report:
    """A report as an engine would have given it."""
    return Report(
        exercise=exercise,
        outcomes=(Outcome("build-fails", "The image builds", level, status, points=1, max_points=1),),
        content_sha256="ab",
        started_at="2026-03-14T15:09:26+00:00",
        elapsed_s=1.0,
        image=ImageSummary("sha256:12", 1000),
        engine=EngineSummary("docker", "20.10.24", "overlay2"),
        static_only=static_only,
    )


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """Makes every check from now on end with a given report, so that no engine is needed."""

    def use(given: Report) -> None:
        def grade(*_: object, **__: object) -> Iterator[object]:
            yield GradeStarted(given.exercise, ())
            yield GradeFinished(given)

        monkeypatch.setattr("graders.pipeline.grade", grade)

    return use


def check(session: Session, exercise: str, script: Script, status: Status) -> CheckRecorded:
    """Check an exercise that was started, with the report that an engine would have given."""
    script(report(status, exercise))
    *_, last = session.check(exercise)
    assert isinstance(last, CheckRecorded)
    return last


def pass_level_one(session: Session, script: Script) -> CheckRecorded:
    """Do all that level 1 asks for."""
    session.start_exercise("tiny")
    check(session, "tiny", script, Status.PASSED)
    session.answer("1.2", "layer-order", 1)
    session.start_exercise("other")
    return check(session, "other", script, Status.PASSED)


def test_outline_of_a_new_learner(session: Session) -> None:
    """Levels, lessons and exercises stand there with their states."""
    first, second = session.outline()

    assert ((1, "Images"), (2, "Data")) == ((first.number, first.title), (second.number, second.title))
    assert [("1.1", "open"), ("1.2", "locked")] == [(lesson.number, lesson.state) for lesson in first.lessons]
    (row,) = first.lessons[0].exercises
    assert ("tiny", "A tiny image", 5, False, 0) == (row.id, row.title, row.minutes, row.passed, row.attempts)


def test_current_is_the_first_open_lesson(session: Session) -> None:
    """A new learner goes on with the first lesson and its exercise."""
    assert session.current().number == "1.1"
    assert session.current_exercise() == "tiny"


def test_current_is_the_last_opened(session: Session, script: Script) -> None:
    """Who opened a lesson comes back to it, also in the next session."""
    pass_level_one(session, script)

    session.start_lesson("2.1")
    assert (session.current().number, session.current_exercise()) == ("2.1", None)

    session.start_lesson("1.1")
    assert (session.current().number, session.current_exercise()) == ("1.1", "tiny")


def test_current_without_an_opened_lesson_skips_the_passed(session: Session, script: Script) -> None:
    """A lesson that is passed is not what to go on with."""
    session.start_exercise("tiny")
    check(session, "tiny", script, Status.PASSED)

    assert session.current().number == "1.2"


def test_current_of_a_course_that_is_done_is_its_last_lesson(
    make_session: Callable[..., Session], paths: Paths
) -> None:
    """There is always a lesson to show."""
    course = paths.content / "lessons" / "course.toml"
    course.write_text(
        'format = 1\ntitle = "One"\n[[levels]]\nnumber = 2\ntitle = "Data"\n'
        'lessons = [{ number = "2.1", slug = "data" }]\n'
    )
    session = make_session()
    session.start_lesson("2.1")

    assert (session.current().number, session.current().state) == ("2.1", LessonState.PASSED)


def test_lesson_comes_by_its_number(session: Session) -> None:
    """A lesson can be read whatever its state; a wrong number names the nearest."""
    assert session.lesson("1.2").title == "Layers"
    with pytest.raises(ContentError, match=r"no lesson 1\.9"):
        session.lesson("1.9")


def test_locked_lesson_says_what_is_missing(session: Session) -> None:
    """Starting too early answers with what to do, and is not remembered."""
    result = session.start_lesson("2.1")

    assert result.lesson is None
    assert ["An engine answers", "The image builds", "The quiz on layers is right"] == [
        line.text for line in result.missing
    ]
    assert session.current().number == "1.1"


def test_open_lesson_starts(session: Session) -> None:
    """Starting an open lesson gives it."""
    result = session.start_lesson("1.1")

    assert result.lesson == session.lesson("1.1")
    assert result.missing == ()


def test_unlock_all_starts_everything_and_says_so(make_session: Callable[..., Session]) -> None:
    """Reading ahead works, and whoever shows the session can tell."""
    session = make_session(unlock_all=True)

    assert session.unlock_all
    assert session.start_lesson("2.1").lesson is not None
    assert session.start_exercise("other").is_dir()


def test_exercise_of_a_locked_lesson_is_locked(session: Session, paths: Paths) -> None:
    """An exercise opens with its lesson; the hint says what comes first."""
    with pytest.raises(LockedError, match=r"other belongs to lesson 1\.2, which is locked") as caught:
        session.start_exercise("other")

    assert caught.value.hint == "First: dockyard check tiny"
    assert not paths.workspace.exists()


def test_started_exercise_is_in_the_workspace(session: Session, paths: Paths) -> None:
    """The starter is copied once; the files to edit are known, the Dockerfile first."""
    assert not session.is_started("tiny")

    folder = session.start_exercise("tiny")

    assert paths.workspace / "tiny" == folder
    assert session.is_started("tiny")
    assert (folder / "Dockerfile", folder / ".dockerignore") == session.exercise_files("tiny")
    assert session.changed_files("tiny") == ()


def test_unknown_exercise_is_an_error_everywhere(session: Session) -> None:
    """Every method names the nearest exercise."""
    calls: tuple[Callable[[], object], ...] = (
        lambda: session.start_exercise("tinny"),
        lambda: session.is_started("tinny"),
        lambda: session.exercise_files("tinny"),
        lambda: session.static_findings("tinny", ""),
        lambda: list(session.check("tinny")),
        lambda: session.hint("tinny"),
        lambda: session.reset("tinny"),
        lambda: session.solution("tinny"),
        lambda: session.attempts("tinny"),
        lambda: session.changed_files("tinny"),
    )
    for call in calls:
        with pytest.raises(ContentError, match="There is no exercise") as caught:
            call()
        assert caught.value.hint == "Did you mean tiny?"


def test_what_was_not_started_names_the_command(session: Session) -> None:
    """Without a folder in the workspace there is nothing to check, reset or read."""
    calls: tuple[Callable[[], object], ...] = (
        lambda: list(session.check("tiny")),
        lambda: session.static_findings("tiny", "FROM python\n"),
        lambda: session.reset("tiny"),
        lambda: session.exercise_files("tiny"),
        lambda: session.changed_files("tiny"),
    )
    for call in calls:
        with pytest.raises(WorkspaceError, match="not in the workspace") as caught:
            call()
        assert "dockyard start tiny" in caught.value.hint


def test_static_findings_follow_the_text(session: Session) -> None:
    """Findings are of the text that is typed, not of the file on disk."""
    session.start_exercise("tiny")

    assert ["unpinned-base"] == [check for check, _ in session.static_findings("tiny", 'FROM python\nCMD ["x"]\n')]
    assert session.static_findings("tiny", PINNED) == ()


def test_static_findings_read_changed_files_again(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files beside the Dockerfile are read once, and again when one was saved."""
    folder = session.start_exercise("tiny")
    seen: list[dict[str, bytes]] = []

    def static_findings(spec: object, dockerfile: bytes, files: dict[str, bytes]) -> tuple[()]:
        seen.append(files)
        return ()

    monkeypatch.setattr("graders.static.static_findings", static_findings)

    session.static_findings("tiny", PINNED)
    session.static_findings("tiny", PINNED)
    (folder / ".dockerignore").write_text("data\n")
    session.static_findings("tiny", PINNED)

    assert seen[0] is seen[1]
    assert seen[2][".dockerignore"] == b"data\n"


def test_check_fails_and_passes_for_real(session: Session) -> None:
    """The real pipeline grades the workspace; failed and passed attempts are recorded."""
    folder = session.start_exercise("tiny")
    *_, failed = session.check("tiny")
    (folder / "Dockerfile").write_text(PINNED)

    events = list(session.check("tiny"))

    assert isinstance(failed, CheckRecorded)
    assert (Verdict.FAILED, False, ()) == (failed.report.verdict, failed.first_pass, failed.unlocked)
    assert isinstance(events[0], GradeStarted)
    assert isinstance(events[-2], GradeFinished)
    assert CheckRecorded(events[-2].report, first_pass=True, unlocked=("1.2",)) == events[-1]
    assert ["failed", "passed"] == [attempt.verdict for attempt in session.attempts("tiny")]
    assert session.outline()[0].lessons[0].state is LessonState.PASSED
    assert (ChangedFile("Dockerfile", Change.CHANGED),) == session.changed_files("tiny")


def test_second_pass_is_no_first(session: Session, script: Script) -> None:
    """A pass opens lessons once."""
    session.start_exercise("tiny")
    check(session, "tiny", script, Status.PASSED)

    again = check(session, "tiny", script, Status.PASSED)

    assert (False, ()) == (again.first_pass, again.unlocked)


def test_whole_level_opens_the_next(session: Session, script: Script) -> None:
    """When the checklist is complete, the next level opens, and the check that completed it says so."""
    last = pass_level_one(session, script)

    assert all(line.done for line in session.checklist(1))
    assert session.start_lesson("2.1").lesson is not None
    assert last.first_pass


def test_check_that_completes_the_checklist_names_what_it_opened(session: Session, script: Script) -> None:
    """The first real check can open both the next lesson and the next level."""
    session.start_exercise("tiny")
    session.answer("1.2", "layer-order", 1)

    assert check(session, "tiny", script, Status.PASSED).unlocked == ("1.2", "2.1")


def test_check_of_another_path_records_nothing(session: Session, content: Path) -> None:
    """An instructor's look at a folder is nobody's progress."""
    *_, last = session.check("tiny", path=content / "exercises" / "tiny" / "solution")

    assert isinstance(last, CheckRecorded)
    assert (Verdict.PASSED, False, ()) == (last.report.verdict, last.first_pass, last.unlocked)
    assert session.attempts("tiny") == ()


def test_check_of_a_missing_path_is_an_error(session: Session, tmp_path: Path) -> None:
    """A folder that isn't there is the caller's mistake."""
    with pytest.raises(SubmissionError, match="no folder"):
        list(session.check("tiny", path=tmp_path / "nowhere"))


def test_static_check_records_nothing(session: Session) -> None:
    """A look at the text alone proves nothing."""
    folder = session.start_exercise("tiny")
    (folder / "Dockerfile").write_text(PINNED)

    *_, last = session.check("tiny", static_only=True)

    assert isinstance(last, CheckRecorded)
    assert not last.first_pass
    assert session.attempts("tiny") == ()


def test_errored_check_leaves_progress_untouched(session: Session, script: Script) -> None:
    """What failed by our fault is no attempt."""
    session.start_exercise("tiny")

    last = check(session, "tiny", script, Status.ERRORED)

    assert (Verdict.ERRORED, False, ()) == (last.report.verdict, last.first_pass, last.unlocked)
    assert session.attempts("tiny") == ()
    assert not session.checklist(1)[0].done


def test_check_without_an_engine_still_reads_the_text(make_session: Callable[..., Session]) -> None:
    """No engine: what the text decides comes, the rest is ERRORED with its remedy, and nothing is recorded."""
    session = make_session(unlock_all=True)
    folder = session.start_exercise("other")
    (folder / "Dockerfile").write_text("FROM python:3.11-slim\nCOPY app.py /app.py\nCMD python /app.py\n")

    *_, last = session.check("other")

    assert isinstance(last, CheckRecorded)
    assert Status.PASSED is last.report.outcome("unpinned-base").status
    assert Status.FAILED is last.report.outcome("shell-form-command").status
    build = last.report.outcome("build-fails")
    assert (Status.ERRORED, "dockyard engine up") == (build.status, build.remedy)
    assert session.attempts("other") == ()


def test_cancelled_check_records_nothing(session: Session) -> None:
    """Stopping a check passes through and leaves no trace."""
    session.start_exercise("tiny")
    cancel = Cancel()
    cancel.set()

    with pytest.raises(Cancelled):
        list(session.check("tiny", cancel=cancel))
    assert session.attempts("tiny") == ()


def test_abandoned_check_is_closed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever stops listening lets the pipeline clean up at once."""
    session.start_exercise("tiny")
    closed: list[bool] = []

    def grade(*_: object, **__: object) -> Iterator[object]:
        try:
            yield GradeStarted("tiny", ())
        finally:
            closed.append(True)

    monkeypatch.setattr("graders.pipeline.grade", grade)
    events = session.check("tiny")
    next(events)

    events.close()

    assert closed == [True]


def test_hints_get_stronger(session: Session) -> None:
    """Three strengths, then the strongest again."""
    hints = [session.hint("tiny") for _ in range(4)]

    assert HintShown(1, False, "Which tag did you write?\n") == hints[0]
    assert "## 3 not a heading" in hints[1].markdown
    assert HintShown(3, True, "Write a colon and a version.\n") == hints[2] == hints[3]
    assert session.hints_shown("tiny") == 3


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"## 1\nOne.\n", "has 1 hints"),
        (b"## 2\nTwo.\n", "md:1: hint 2 stands where hint 1 should"),
        (b"## 1\nOne.\n## 2\n\n## 3\nThree.\n", "md:3: the hint is empty"),
        (b"\xff", "is not UTF-8"),
        (None, "can't be read"),
    ],
)
def test_faulty_hints_are_content_errors(session: Session, content: Path, text: bytes | None, problem: str) -> None:
    """An author's mistake is named with its file, and no hint is recorded."""
    path = content / "exercises" / "tiny" / "hints.md"
    path.unlink()
    if text is not None:
        path.write_bytes(text)

    with pytest.raises(ContentError, match=problem):
        session.hint("tiny")
    assert session.hints_shown("tiny") == 0


def test_answers_are_judged_and_kept(session: Session) -> None:
    """Each choice has its reason; the last one is remembered."""
    assert QuizVerdict(False, "Then every change installs again.") == session.answer("1.2", "layer-order", 0)
    assert QuizVerdict(True, "Right: they change least.") == session.answer("1.2", "layer-order", 1)
    assert {"layer-order": 1} == session.answers("1.2")
    assert session.checklist(1)[2].done


def test_answer_to_nothing_is_an_error(session: Session) -> None:
    """A quiz or a choice that isn't there is named."""
    with pytest.raises(ContentError, match="has no quiz 'layer-odor'") as caught:
        session.answer("1.2", "layer-odor", 0)
    assert "layer-order" in caught.value.hint
    for choice in (-1, 2):
        with pytest.raises(ContentError, match="has 2 choices"):
            session.answer("1.2", "layer-order", choice)
    assert session.answers("1.2") == {}


def test_reset_keeps_the_old_files(session: Session) -> None:
    """The starter is back, the learner's file is in the backup."""
    folder = session.start_exercise("tiny")
    (folder / "Dockerfile").write_text(PINNED)

    backup = session.reset("tiny")

    assert (backup / "Dockerfile").read_text() == PINNED
    assert (folder / "Dockerfile").read_text() != PINNED


def test_solution_waits_for_a_pass(session: Session, script: Script) -> None:
    """Before a pass the solution is locked; after it, it shows what differs from the starter."""
    with pytest.raises(LockedError, match="after you passed") as caught:
        session.solution("tiny")
    assert "--give-up" in caught.value.hint
    session.start_exercise("tiny")
    check(session, "tiny", script, Status.PASSED)

    assert {"Dockerfile": PINNED} == session.solution("tiny")


def test_give_up_is_remembered(make_session: Callable[..., Session]) -> None:
    """Who gave up once may look again, also in another session."""
    assert {"Dockerfile": PINNED} == make_session().solution("tiny", give_up=True)

    assert {"Dockerfile": PINNED} == make_session().solution("tiny")


def test_unreadable_solution_is_a_content_error(
    session: Session, content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that can't be read is named."""

    def fail(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    session.catalog.exercise("tiny")
    monkeypatch.setattr(Path, "read_bytes", fail)

    with pytest.raises(ContentError, match="Permission denied"):
        session.solution("tiny", give_up=True)


def test_two_sessions_at_once_agree(make_session: Callable[..., Session], script: Script) -> None:
    """The desk and a check in another terminal see each other's work."""
    desk, terminal = make_session(), make_session()
    terminal.start_exercise("tiny")

    check(terminal, "tiny", script, Status.PASSED)

    assert desk.outline()[0].lessons[0].state is LessonState.PASSED
    assert desk.start_lesson("1.2").lesson is not None


def test_check_in_a_thread_leaves_the_desk_alive(session: Session, script: Script) -> None:
    """Checks in threads and everything else in this one work on one session."""
    session.start_exercise("tiny")
    script(report(Status.FAILED))

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(lambda: list(session.check("tiny"))) for _ in range(10)]
        for _ in range(10):
            session.outline()
            session.hint("tiny")
            session.static_findings("tiny", PINNED)
        assert all(future.result() for future in running)

    assert len(session.attempts("tiny")) == 10


def test_engine_info_needs_an_engine(session: Session) -> None:
    """Without an engine, the error carries the command that mends it."""
    with pytest.raises(EngineUnavailable) as caught:
        session.engine_info()

    assert caught.value.hint == "dockyard engine up"


def test_engine_is_looked_for_where_the_environment_says(paths: Paths, tmp_path: Path) -> None:
    """Without an `open_engine` of its own, a session finds an engine by the environment that it was given."""
    socket = tmp_path / "nobody.sock"
    session = Session(paths, environ={"HOME": os.environ["HOME"], "DOCKER_HOST": f"unix://{socket}"})

    with pytest.raises(EngineUnavailable, match=r"nobody\.sock"):
        session.engine_info()
    session.close()


def test_import_is_light() -> None:
    """No toolkit, engine library or parser of content is loaded before it is needed."""
    heavy = ["docker", "requests", "textual", "rich", "yaml", "markdown_it", "msgspec", "watchfiles"]
    program = f"import sys, course.session; print(*sorted(set({heavy!r}) & set(sys.modules)))"
    root = Path(__file__).resolve().parents[2]

    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""
