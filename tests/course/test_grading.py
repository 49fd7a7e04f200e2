"""Grading with a memory, as a session does it: what is answered at once, what is graded, what is recorded."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import pytest

from course.event import CheckRecorded
from course.paths import Paths
from course.session import Session
from graders.engine.base import Engine
from graders.event import GradeEvent
from graders.report import Report, Verdict

PINNED = 'FROM python:3.11-slim\nCOPY app.py /app.py\nCMD ["python", "/app.py"]\n'
ROOT = Path(__file__).parents[2]


@pytest.fixture
def graded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows whenever the pipeline really grades."""
    from graders import pipeline

    real = pipeline.grade
    calls: list[str] = []

    def grade(*args: object, **options: object) -> Generator[GradeEvent]:
        calls.append("graded")
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("graders.pipeline.grade", grade)
    return calls


@pytest.fixture
def started(session: Session) -> Session:
    """A session in which the small exercise was started and solved."""
    (session.start_exercise("tiny") / "Dockerfile").write_text(PINNED)
    return session


def check(session: Session, exercise: str = "tiny", *, static_only: bool = False, fresh: bool = False) -> Report:
    """The report of a check of the workspace."""
    *_, last = session.check(exercise, static_only=static_only, fresh=fresh)
    assert isinstance(last, CheckRecorded)
    return last.report


def test_unchanged_content_is_graded_once(started: Session, graded: list[str]) -> None:
    """The second report is the first one, and says where it comes from."""
    first, second = check(started), check(started)

    assert ["graded"] == graded
    assert (False, True) == (first.from_store, second.from_store)
    assert first == replace(second, from_store=False)


def test_every_check_is_an_attempt(started: Session, graded: list[str]) -> None:
    """One that is answered from the store counts like any other."""
    check(started)
    check(started)

    assert ["passed", "passed"] == [attempt.verdict for attempt in started.attempts("tiny")]


def test_recalled_pass_counts_where_none_was_recorded(
    started: Session, paths: Paths, make_session: Callable[..., Session], graded: list[str]
) -> None:
    """Who lost the progress file gets the pass back without building anything."""
    check(started)
    started.close()
    for path in paths.state.glob("progress.db*"):
        path.unlink()

    *_, last = make_session().check("tiny")

    assert isinstance(last, CheckRecorded)
    assert (True, True, ("1.2",)) == (last.report.from_store, last.first_pass, last.unlocked)
    assert ["graded"] == graded


def test_changed_content_is_graded(started: Session, graded: list[str]) -> None:
    """Also when it is changed to something that does not pass; and the way back is known."""
    check(started)
    dockerfile = started.workspace.folder("tiny") / "Dockerfile"
    dockerfile.write_text(PINNED.replace(":3.11-slim", ""))

    assert check(started).verdict is Verdict.FAILED

    dockerfile.write_text(PINNED)

    assert (True, Verdict.PASSED) == (check(started).from_store, check(started).verdict)
    assert ["graded"] * 2 == graded


def test_mode_of_a_file_is_content(started: Session, graded: list[str]) -> None:
    """A file that became executable makes another image."""
    check(started)
    (started.workspace.folder("tiny") / "Dockerfile").chmod(0o755)
    check(started)

    assert ["graded"] * 2 == graded


def test_changed_exercise_is_graded(started: Session, content: Path, graded: list[str]) -> None:
    """So is one whose exercise.toml changed while the session was open."""
    check(started)
    path = content / "exercises" / "tiny" / "exercise.toml"
    path.write_text(path.read_text() + "# another word\n")

    assert (False, True) == (check(started).from_store, check(started).from_store)
    assert ["graded"] * 2 == graded


def test_fresh_grades_again(started: Session, graded: list[str]) -> None:
    """Whatever is in the store."""
    check(started)

    assert not check(started, fresh=True).from_store
    assert ["graded"] * 2 == graded


def test_static_report_answers_no_whole_check(started: Session, graded: list[str]) -> None:
    """And the other way round."""
    assert check(started, static_only=True).static_only
    assert not check(started).static_only
    assert check(started, static_only=True).from_store
    assert ["graded"] * 2 == graded


def test_errored_report_is_not_remembered(make_session: Callable[..., Session], graded: list[str]) -> None:
    """Without an engine the next check tries again."""
    session = make_session(unlock_all=True)
    folder = session.start_exercise("other")
    (folder / "Dockerfile").write_text("FROM python:3.11-slim\nCOPY app.py /app.py\nCMD python /app.py\n")

    assert [Verdict.ERRORED] * 2 == [check(session, "other").verdict for _ in range(2)]
    assert ["graded"] * 2 == graded


def test_damaged_store_grades_again(started: Session, paths: Paths, graded: list[str]) -> None:
    """A report that can't be trusted is not."""
    check(started)
    for path in (paths.state / "reports").glob("*.report"):
        path.write_bytes(path.read_bytes()[:-5] + b"12345")

    assert not check(started).from_store
    assert ["graded"] * 2 == graded


@pytest.mark.engine
def test_second_check_opens_no_engine(engine: Engine, python_base: str, tmp_path: Path) -> None:
    """A built and run answer is answered again without one, and built again once its base is another."""
    from graders.engine.find import find_engine
    from graders.report import BaseSummary
    from graders.report_store import ReportStore, engine_address

    environ = {"HOME": str(tmp_path), "DOCKER_HOST": engine.info().socket}
    opened: list[str] = []

    def open_engine() -> Engine:
        opened.append("opened")
        return find_engine(environ, tmp_path)

    paths = Paths(content=ROOT, state=tmp_path / "state", workspace=tmp_path / "work")
    session = Session(paths, environ=environ, open_engine=open_engine)
    solution = ROOT / "exercises" / "first-image" / "solution"
    reports = []
    for _ in range(2):
        *_, last = session.check("first-image", path=solution)
        assert isinstance(last, CheckRecorded)
        reports.append(last.report)
    store = ReportStore(paths.state / "reports", where=engine_address(environ, tmp_path))
    store.note_base(BaseSummary(python_base, "sha256:another"))
    *_, third = session.check("first-image", path=solution)
    session.close()

    assert isinstance(third, CheckRecorded)
    assert [False, True, False] == [report.from_store for report in (*reports, third.report)]
    assert reports[0] == replace(reports[1], from_store=False)
    assert [python_base] == [base.reference for base in reports[0].bases]
    assert ["opened"] * 2 == opened
