"""The desk over the real pipeline and an engine in memory: from a failed check to a pass."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Log, OptionList

from course.paths import Paths
from course.session import Session
from course.tui.widgets.step_list import StepList
from graders.engine.fake.engine import FakeEngine
from graders.engine.fake.program import FakeReply
from tests.course.conftest import write
from tests.course.tui.conftest import open_desk, write_small_course

CHECKS = ("build-fails", "process-is-root", "exits-with-error")
GOOD = "FROM python:3.11-slim\nCOPY app.py /app.py\nRUN echo installed\nUSER 1000\nCMD python /app.py\n"


@pytest.fixture
def fake() -> FakeEngine:
    """An engine on which the program runs for a moment."""
    engine = FakeEngine()
    engine.program("python /app.py", FakeReply(b"hello\n", takes_s=0.05))
    engine.program("/bin/sh -c python /app.py", FakeReply(b"hello\n", takes_s=0.05))
    return engine


@pytest.fixture
def real_session(tmp_path: Path, fake: FakeEngine) -> Session:
    """A session whose grader is the real one."""
    content = write_small_course(tmp_path / "content")
    spec = content / "exercises/tiny/exercise.toml"
    text = spec.read_text(encoding="utf-8").replace('use = "shell-form-command"', f'use = "{CHECKS[0]}"')
    write(spec, text + "".join(f'\n[[checks]]\nuse = "{check}"\n' for check in CHECKS[1:]))
    paths = Paths(content=content, state=tmp_path / "state", workspace=tmp_path / "workspace")
    return Session(paths, environ={}, open_engine=lambda: fake)


async def test_from_fail_to_pass_by_the_real_pipeline(real_session: Session, fake: FakeEngine) -> None:
    """What the grader says stands at the desk: the failure with its line, the steps, the log, and then the pass."""
    async with open_desk(real_session) as desk:
        desk.dockerfile.editor.load_text("FROM python:3.11-slim\nCOPY app.py /app.py\nRUN exit 7\n")
        await desk.check("Not yet")

        assert desk.shows("The Dockerfile builds")
        assert desk.shows("line 3")
        assert "✘" in desk.desk.query_one(StepList).plain_text
        desk.dockerfile.editor.load_text(GOOD)
        await desk.check("Passed")

        assert "installed" in "\n".join(desk.desk.query_one("#log", Log).lines)
        assert all("✘" not in str(row.prompt) for row in desk.desk.query_one("#outcomes", OptionList).options)
        assert "passed" == real_session.attempts("tiny")[-1].verdict
        assert () == fake.leftovers()
