"""Tests of the desk in 80 columns: what is said has room, or is said shorter."""

from __future__ import annotations

import pytest

from course.tui.screens.desk_frame import NO_ENGINE
from graders.errors import EngineUnavailable
from tests.course.tui.conftest import ScriptedSession, open_desk

NARROW, WIDE = (80, 24), (140, 24)


@pytest.mark.parametrize(("size", "words"), [(NARROW, "unlocked"), (WIDE, "all lessons unlocked")])
async def test_top_line_says_that_all_is_unlocked(
    desk_session: ScriptedSession, size: tuple[int, int], words: str
) -> None:
    """In any width the lesson's name stands there whole, and that no lesson is locked."""
    desk_session.unlock_all = True
    async with open_desk(desk_session, size=size) as desk:
        top = desk.text().splitlines()[0]
        assert "1.1 Why containers" in top
        assert top.rstrip().endswith(words)

        desk.desk.query_one("LessonView").lesson = None  # type: ignore[attr-defined]
        desk.desk._show_top()
        await desk.settle()
        assert "unlocked" not in desk.text().splitlines()[0]


async def test_status_names_a_command_when_the_remedy_has_no_room(desk_session: ScriptedSession) -> None:
    """Without an engine the line says what to do, in words that are not cut."""
    remedy = "Correct or unset DOCKER_HOST; dockyard engine up starts an engine"
    async with open_desk(desk_session, size=NARROW) as desk:
        await desk.until(lambda: desk.shows(NO_ENGINE))
        desk.desk.engine_error = EngineUnavailable("None", hint=remedy)
        desk.desk.show_idle_status()
        await desk.settle()
        assert desk.shows(f"{NO_ENGINE}. /doctor says what to do  ")

        await desk.pilot.resize_terminal(*WIDE)
        await desk.settle()
        assert desk.shows(f"{NO_ENGINE}. To mend it: {remedy}")
