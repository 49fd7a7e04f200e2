"""Tests of the desk in 80 columns: what is said has room, or is said shorter."""

from __future__ import annotations

import re

import pytest

from course.tui.screens.desk_frame import NO_ENGINE
from course.tui.widgets.lesson_view import LessonView
from graders.engine.base import StepStatus
from graders.errors import EngineUnavailable
from tests.course.tui.conftest import DeskDriver, Gate, ScriptedSession, building, built, step

NARROW, WIDE = (80, 24), (140, 24)


@pytest.mark.asyncio(loop_scope="session")
async def test_top_line_says_that_all_is_unlocked(
    desk: DeskDriver, session: ScriptedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In any width the lesson's name stands there whole, and that no lesson is locked."""
    session.unlock_all = True
    for size, words in ((NARROW, "unlocked"), (WIDE, "all lessons unlocked")):
        await desk.pilot.resize_terminal(*size)
        await desk.settle()
        top = desk.text().splitlines()[0]
        assert "1.1 Why containers" in top
        assert top.rstrip().endswith(words)

        with monkeypatch.context() as empty:
            empty.setattr(desk.desk.query_one(LessonView), "lesson", None)
            desk.desk._show_top()
            await desk.settle()
            assert "unlocked" not in desk.text().splitlines()[0]


@pytest.mark.asyncio(loop_scope="session")
async def test_status_names_a_command_when_the_remedy_has_no_room(
    desk: DeskDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an engine the line says what to do, in words that are not cut."""
    remedy = "Correct or unset DOCKER_HOST; dockyard engine up starts an engine"
    await desk.begin_again(NARROW)
    await desk.until(lambda: desk.shows(NO_ENGINE))
    monkeypatch.setattr(desk.desk, "engine_error", EngineUnavailable("None", hint=remedy))
    desk.desk.show_idle_status()
    await desk.settle()
    assert desk.shows(f"{NO_ENGINE}. /doctor says what to do  ")

    await desk.pilot.resize_terminal(*WIDE)
    await desk.settle()
    assert desk.shows(f"{NO_ENGINE}. To mend it: {remedy}")


@pytest.mark.asyncio(loop_scope="session")
async def test_running_step_stays_in_sight_when_the_window_gets_smaller(
    desk: DeskDriver, session: ScriptedSession
) -> None:
    """What the build is at is the last row of its steps, of which a small window shows few."""
    gate = Gate()
    long = step("[4/4] RUN pip install --no-cache-dir -r requirements.txt", StepStatus.RUNNING, line=4)
    session.script = (*building("Collecting six"), long, gate, *built())
    await desk.press("f5")
    await desk.until(lambda: desk.shows("requirements.txt"))
    await desk.pilot.resize_terminal(60, 16)
    await desk.settle()
    small = desk.text()
    gate.open()
    await desk.until(lambda: desk.desk.run is None, "the end of the check")

    assert re.search("RUN pip install --no-.*…", small), "the row is cut, not wrapped"


@pytest.mark.asyncio(loop_scope="session")
async def test_who_went_back_to_the_lesson_is_told_how_the_check_ended(
    desk: DeskDriver, session: ScriptedSession
) -> None:
    """Where the results are out of sight, the end of a check is said in passing; where they are in sight, it isn't."""
    told = "Not yet: 1 check failed. F4 shows the results."
    ends: list[str] = []
    for size, keys in ((NARROW, ("f3",)), (NARROW, ()), (WIDE, ("f3",)), (NARROW, ("f3", "ctrl+c"))):
        await desk.begin_again(size)
        gate = Gate()
        session.script = (*building("Collecting six"), gate, *built())
        await desk.press("f5")
        await desk.until(gate.reached.is_set)
        await desk.press(*keys)
        gate.open()
        await desk.until(lambda: desk.desk.run is None, "the end of the check")
        ends.append(desk.notices.strip())

    assert [told, "", "", "The check was stopped."] == ends
