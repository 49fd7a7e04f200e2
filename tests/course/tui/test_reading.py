"""Tests of reading a lesson and finding one's way."""

from __future__ import annotations

import pytest
from textual.screen import Screen
from textual.widgets import Input, Static

from course.tui.screens.page import Page
from course.tui.screens.pick import Pick
from course.tui.widgets.lesson_blocks import Reveal
from course.tui.widgets.lesson_view import FOUND, LessonView
from course.tui.widgets.outline import Outline
from course.tui.widgets.quiz import QuizBlock
from course.tui.widgets.results import Results
from tests.course.tui.conftest import DeskDriver, Gate, ScriptedSession, building, built

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_search_shows_what_it_found(desk: DeskDriver) -> None:
    """Words behind a reveal open it, words of a question lead to it; what was found stands out until Esc."""
    lesson = desk.desk.query_one(LessonView)

    await desk.press("s", *"hidden", "enter")
    await desk.until(lambda: desk.shows("Hidden words."))
    assert [Reveal] == [type(block) for block in lesson.query(f".{FOUND}")]

    await desk.press("s", *"copied", "enter")
    assert [QuizBlock] == [type(block) for block in lesson.query(f".{FOUND}")]

    await desk.press("escape")
    assert not lesson.query(f".{FOUND}")


async def test_lesson_of_the_outline_its_code_and_its_files(desk: DeskDriver, session: ScriptedSession) -> None:
    """Enter in the outline opens it; Y copies its code for Ctrl+V in the editor; /files shows what is given."""
    session.unlock_all = True
    await desk.press("f2")
    outline = desk.desk.query_one(Outline)
    outline.highlighted = next(i for i, option in enumerate(outline.options) if "1.2" in str(option.prompt))
    await desk.press("enter")
    await desk.ready("1.2", "other")
    assert "About layers." in desk.text()

    await desk.press("y")
    assert isinstance(desk.app.screen, Pick)
    assert {"FROM python:3.11-slim   and 1 more", "docker ps"} == {row.plain for _, row in desk.app.screen.rows}
    await desk.press("down", "enter")
    await desk.press("f4", "ctrl+v")
    assert desk.dockerfile.editor.text.startswith(desk.app.clipboard)
    assert desk.app.clipboard in ("docker ps", 'FROM python:3.11-slim\nCMD ["python"]')
    assert "Copied" in desk.notices

    await desk.enter("/files")
    assert isinstance(desk.app.screen, Pick)
    assert ["README.md", "app.py"] == [row.plain for _, row in desk.app.screen.rows]
    await desk.press("enter")
    assert isinstance(desk.app.screen, Page)
    await desk.until(lambda: desk.shows("Pin the base."))


async def test_nothing_moves_by_itself_with_no_motion(
    desk: DeskDriver, session: ScriptedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a build is silent no clock runs, and the cursor of the slash bar doesn't blink."""
    gate = Gate()
    session.script = (*building("Collecting six"), gate, *built())
    monkeypatch.setattr(desk.app, "still", True)
    monkeypatch.setattr(desk.desk, "environ", {"DOCKYARD_NO_MOTION": "yes"})
    looks: list[bool] = []
    ticks: list[bool] = []
    drain = desk.desk._drain

    def look() -> None:
        looks.append(gate.reached.is_set())
        drain()

    monkeypatch.setattr(desk.desk, "_drain", look)
    monkeypatch.setattr(Results, "tick", lambda _self: ticks.append(True))

    await desk.press("f5")
    await desk.until(lambda: sum(looks) > 3)
    assert [] == ticks
    gate.open()
    await desk.until(lambda: desk.desk.run is None)
    await desk.press("f3", "slash")

    assert isinstance(desk.app.focused, Input)
    assert not desk.app.focused.cursor_blink


async def test_palette_knows_commands_with_what_they_take_and_keys(desk: DeskDriver) -> None:
    """Every command, lesson, open exercise and theme can be found by name, and what only a key does."""
    titles = {command.title for command in desk.app.get_system_commands(Screen[object]())}

    assert {"/check", "/shell", "/start-2-1", "/open tiny", "/theme light"} <= titles
    assert "In a lesson: its contents" in titles
    assert "/open other" not in titles


async def test_next_goes_to_the_question_that_is_still_open(desk: DeskDriver, session: ScriptedSession) -> None:
    """After the exercise a question of the lesson is next. It is answered in place, unlocks, and is remembered."""
    desk.dockerfile.path.write_text('FROM python:3.11-slim\nCMD ["python", "/app.py"]\n', encoding="utf-8")
    await desk.check("a question of the lesson is still open")
    while desk.app.screen is not desk.desk:
        await desk.press("escape")
    await desk.enter("/next")
    await desk.until(lambda: desk.app.focused is not None and isinstance(desk.app.focused.parent, QuizBlock))
    quiz = desk.desk.query_one(QuizBlock)
    await desk.press("enter")
    await desk.until(lambda: "Not quite. Then every change" in _verdict(quiz))
    assert "Unlocked" not in desk.notices
    await desk.press("down", "enter")
    await desk.until(lambda: "✔ Right: they change" in _verdict(quiz))

    await desk.until(lambda: "Unlocked: lesson 1.2" in desk.notices)
    assert {"layer-order": 1} == session.answers("1.1")
    await desk.reopen_lesson()
    again = desk.desk.query_one(QuizBlock)
    assert again is not quiz
    assert "they change least" in _verdict(again)


def _verdict(quiz: QuizBlock) -> str:
    return str(quiz.query_one(".quiz-verdict", Static).content)
