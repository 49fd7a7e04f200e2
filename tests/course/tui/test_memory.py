"""What the desk remembers: the welcome, where the reading stopped."""

from __future__ import annotations

import shutil
from pathlib import Path

from textual.widgets import Input

from course.tui.memory import Memory
from course.tui.screens.ask import Ask
from course.tui.screens.welcome import Welcome
from course.tui.widgets.lesson_view import LessonView
from tests.course.tui.conftest import ScriptedSession, open_desk


async def test_welcome_is_shown_once(desk_session: ScriptedSession) -> None:
    """It says where the files are, what the engine does and what comes first; Enter begins; it never comes back."""
    async with open_desk(desk_session, welcome=True) as desk:
        await desk.until(lambda: desk.shows("dockyard engine up") and isinstance(desk.app.screen, Welcome))

        painted = "".join(char for char in desk.text() if char not in " \n│▏")
        assert str(desk_session.paths.workspace)[-20:] in painted
        assert "lesson 1.1, Why containers" in desk.text()
        await desk.press("enter")
        assert not isinstance(desk.app.screen, Welcome)
        assert desk.desk.query_one(LessonView).has_focus
    async with open_desk(desk_session, welcome=True) as desk:
        assert not isinstance(desk.app.screen, Welcome)


async def test_welcome_lets_another_folder_be_chosen(desk_session: ScriptedSession, tmp_path: Path) -> None:
    """W asks for it; the course's own folder is refused, a good one ends the desk, which is to begin there again."""
    shutil.rmtree(desk_session.paths.workspace, ignore_errors=True)
    async with open_desk(desk_session, welcome=True) as desk:
        await desk.until(lambda: desk_session.workspace.is_started("tiny") and not desk.desk.opening_exercise)
        for folder in (desk_session.paths.content, tmp_path / "mine"):
            await desk.press("w")
            await desk.until(lambda: isinstance(desk.app.screen, Ask))
            desk.app.screen.query_one(Input).value = str(folder)
            await desk.press("enter")
        await desk.until(lambda: desk.app.moved_to is not None)

        assert "is the course's own folder" in desk.notices
    assert tmp_path / "mine" == desk.app.moved_to
    assert (tmp_path / "mine").is_dir()
    assert not Memory(desk_session.paths.state / "desk.json").welcomed
    assert not desk_session.paths.workspace.exists()


async def test_files_of_the_learner_stay_in_the_folder_that_was_left(
    desk_session: ScriptedSession, tmp_path: Path
) -> None:
    """Those that were there before, and a copy that was changed while the welcome stood there."""
    for touched in (False, True):
        shutil.rmtree(desk_session.paths.workspace, ignore_errors=True)
        (desk_session.paths.workspace / "mine").mkdir(parents=True)
        async with open_desk(desk_session, welcome=True) as desk:
            await desk.until(lambda: desk_session.workspace.is_started("tiny") and not desk.desk.opening_exercise)
            if touched:
                (desk_session.workspace.folder("tiny") / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
            await desk.press("w")
            await desk.until(lambda: isinstance(desk.app.screen, Ask))
            desk.app.screen.query_one(Input).value = str(tmp_path / "other")
            await desk.press("enter")
            await desk.until(lambda: desk.app.moved_to is not None)

        left = sorted(path.name for path in desk_session.paths.workspace.iterdir())
        assert ["mine", *["tiny"] * touched] == left


async def test_a_command_typed_on_the_welcome_is_whole(desk_session: ScriptedSession) -> None:
    """The slash closes the welcome and begins the command; nothing typed behind it is lost."""
    async with open_desk(desk_session, welcome=True, size=(80, 24)) as desk:
        await desk.press(*"/checklist")

        assert "/checklist" == desk.desk.query_one("#slash", Input).value


async def test_reading_goes_on_where_it_stopped(desk_session: ScriptedSession) -> None:
    """The place is kept by block, so that it holds at another width."""
    async with open_desk(desk_session, size=(80, 24)) as desk:
        lesson = desk.desk.query_one(LessonView)
        lesson.scroll_to(y=12, animate=False)
        await desk.pilot.pause()
        place = lesson.place
        assert place > 0
        await desk.press("ctrl+q")
        await desk.until(lambda: desk.app.return_code is not None)
    async with open_desk(desk_session, size=(90, 20)) as desk:
        lesson = desk.desk.query_one(LessonView)
        await desk.until(lambda: lesson.scroll_y > 0)

        assert place == lesson.place


def test_a_damaged_memory_is_an_empty_one(tmp_path: Path) -> None:
    """The desk starts all the same, and remembers from now on."""
    path = tmp_path / "desk.json"
    path.write_text('{"places": [1], "welcomed": "yes"', encoding="utf-8")
    memory = Memory(path)
    assert not memory.welcomed
    memory.keep_place("why", 3)

    assert 3 == Memory(path).place("why")


def test_a_memory_that_cannot_be_written_lasts_for_the_visit(tmp_path: Path) -> None:
    """No error, and no litter."""
    (tmp_path / "state").write_text("a file", encoding="utf-8")
    memory = Memory(tmp_path / "state" / "desk.json")
    memory.choose_theme("light")

    assert "light" == memory.theme
    assert "a file" == (tmp_path / "state").read_text(encoding="utf-8")
