"""Tests of reading a lesson and finding one's way, through keys and the mouse, at one desk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio
from textual.screen import Screen
from textual.widgets import Input

from course.tui.screens.page import Page
from course.tui.screens.pick import Pick
from course.tui.widgets.lesson_blocks import Reveal
from course.tui.widgets.lesson_view import FOUND, LessonView
from course.tui.widgets.quiz import QuizBlock
from course.tui.widgets.results import Results
from tests.course.conftest import write
from tests.course.tui.conftest import (
    DeskDriver,
    Gate,
    ScriptedSession,
    building,
    built,
    make_desk_session,
    open_desk,
    write_small_course,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = """
```dockerfile
FROM python:3.11-slim
CMD ["python"]
```

```sh
docker ps
```
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_all_along(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskDriver]:
    """One desk over the small course, whose first lesson has two pieces of code and whose exercise has a README."""
    folder = tmp_path_factory.mktemp("reading")
    content = write_small_course(folder / "content")
    lesson = content / "lessons" / "why" / "lesson.md"
    lesson.write_text(lesson.read_text(encoding="utf-8") + CODE, encoding="utf-8")
    write(content / "exercises" / "tiny" / "starter" / "README.md", "# What is asked\n\nPin the base.\n")
    session = make_desk_session(folder, content)
    async with open_desk(session) as driver:
        yield driver
    session.close()


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


async def test_code_is_copied_and_put_into_the_editor(desk: DeskDriver) -> None:
    """Y asks which piece of code; Ctrl+V in the editor puts it in."""
    await desk.press("y")
    assert isinstance(desk.app.screen, Pick)
    assert {"FROM python:3.11-slim   and 1 more", "docker ps"} == {row.plain for _, row in desk.app.screen.rows}
    await desk.press("down", "enter")
    await desk.press("f4", "ctrl+v")

    assert desk.dockerfile.editor.text.startswith(desk.app.clipboard)
    assert desk.app.clipboard in ("docker ps", 'FROM python:3.11-slim\nCMD ["python"]')
    assert "Copied" in desk.notices


async def test_files_that_are_given_can_be_read(desk: DeskDriver) -> None:
    """The README comes first; the Dockerfile is not among them, for it is in the editor."""
    await desk.enter("/files")
    pick = desk.app.screen
    assert isinstance(pick, Pick)
    assert ["README.md", "app.py"] == [row.plain for _, row in pick.rows]
    await desk.press("enter")

    assert isinstance(desk.app.screen, Page)
    await desk.until(lambda: desk.shows("Pin the base."))


async def test_click_on_a_name_at_the_top_goes_to_the_pane(desk: DeskDriver) -> None:
    """Where only one pane has room, its name is as good as its key; the panes follow the terminal's size."""
    await desk.pilot.resize_terminal(80, 24)
    await desk.until(lambda: not desk.desk.is_wide)
    for pane, column in (("outline", 3), ("editor", 20), ("lesson", 11)):
        await desk.pilot.click("#top", offset=(column, 0))
        await desk.until(partial(_is_in_front, desk, pane), pane)
    await desk.pilot.resize_terminal(140, 40)
    await desk.until(lambda: desk.desk.is_wide)


def _is_in_front(desk: DeskDriver, pane: str) -> bool:
    return desk.desk.pane == pane


async def test_nothing_moves_by_itself_with_no_motion(desk: DeskDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a build is silent no clock runs, and the cursor of the slash bar doesn't blink."""
    session = desk.app.session
    assert isinstance(session, ScriptedSession)
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


async def test_next_goes_to_the_question_that_is_still_open(desk: DeskDriver) -> None:
    """After the exercise a question of the lesson is next, ready for the answer; then the next lesson."""
    desk.dockerfile.path.write_text('FROM python:3.11-slim\nCMD ["python", "/app.py"]\n', encoding="utf-8")
    await desk.press("f5")
    await desk.until(lambda: desk.desk.run is None and desk.shows("a question of the lesson is still open"))
    while desk.app.screen is not desk.desk:
        await desk.press("escape")
    await desk.enter("/next")
    await desk.until(lambda: desk.app.focused is not None and isinstance(desk.app.focused.parent, QuizBlock))
    await desk.press("down", "enter")

    await desk.until(lambda: "Unlocked: lesson 1.2" in desk.notices)
