"""What the desk remembers: the welcome, where the reading stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Input

from course.session import Session
from course.tui.memory import Memory
from course.tui.screens.pick import Pick
from course.tui.screens.welcome import Welcome
from course.tui.widgets.lesson_view import LessonView
from tests.course.tui.conftest import DeskDriver, Gate, ScriptedSession, building, built, make_app, open_desk


async def test_second_visit_goes_on_where_the_first_ended(desk_session: ScriptedSession) -> None:
    """The welcome comes once and says what matters; the place is kept by block; leaving asks about unsaved edits."""
    async with open_desk(desk_session, welcome=True, size=(80, 24)) as desk:
        await desk.until(lambda: desk.shows("dockyard engine up") and isinstance(desk.app.screen, Welcome))
        painted = "".join(char for char in desk.text() if char not in " \n│▏")
        assert str(desk_session.paths.workspace)[-20:] in painted
        assert "lesson 1.1, Why containers" in desk.text()
        await desk.press("enter")
        assert not isinstance(desk.app.screen, Welcome)
        lesson = desk.desk.query_one(LessonView)
        assert lesson.has_focus
        lesson.scroll_to(y=12, animate=False)
        await desk.pilot.pause()
        place = lesson.place
        assert place > 0
        await desk.press("ctrl+q")
        await desk.until(lambda: desk.app.return_code is not None)
    assert 0 == desk.app.return_code
    async with open_desk(desk_session, welcome=True, size=(90, 20)) as desk:
        assert not isinstance(desk.app.screen, Welcome)
        lesson = desk.desk.query_one(LessonView)
        await desk.until(lambda: lesson.scroll_y > 0)
        assert place == lesson.place

        desk.dockerfile.editor.load_text("FROM python:3.11-slim\n")
        await desk.press("ctrl+q")
        await desk.until(lambda: isinstance(desk.app.screen, Pick))
        await desk.press("down", "down", "enter")
        assert desk.app.is_running
        assert desk.app.screen is desk.desk
        await desk.enter("/quit")
        await desk.until(lambda: isinstance(desk.app.screen, Pick))
        await desk.press("enter")
        await desk.until(lambda: desk.app.return_code is not None)
        assert "FROM python:3.11-slim\n" == desk.dockerfile.path.read_text(encoding="utf-8")
    assert 0 == desk.app.return_code


async def test_leaving_asks_whether_the_check_under_way_is_to_be_stopped(desk_session: ScriptedSession) -> None:
    """Who stays lets it go on; who leaves stops it, records nothing, and is asked about what was typed meanwhile."""
    gate = Gate()
    desk_session.script = (*building("Collecting six"), gate, *built())
    async with open_desk(desk_session) as desk:
        await desk.press("f5")
        await desk.until(gate.reached.is_set)
        run = desk.desk.run
        assert run is not None
        await desk.press("ctrl+q")
        await desk.until(lambda: desk.shows("tiny is being checked. A check that is stopped is not recorded."))
        await desk.press("ctrl+q")
        assert desk.app.screen is desk.desk
        assert (run, False) == (desk.desk.run, run.cancel.is_set)

        desk.dockerfile.editor.load_text("FROM python:3.11-slim\n")
        await desk.press("ctrl+q")
        await desk.until(lambda: desk.shows("Stop the check and leave"))
        await desk.press("enter")
        await desk.until(lambda: desk.shows("Not saved: Dockerfile"))
        assert not run.cancel.is_set
        await desk.press("enter")
        await desk.until(lambda: desk.app.return_code is not None)
        await desk.until(lambda: run.stopped, "the end of the check")
        assert "FROM python:3.11-slim\n" == desk.dockerfile.path.read_text(encoding="utf-8")
    assert 0 == desk.app.return_code
    assert () == desk_session.attempts("tiny")


async def test_leaving_a_check_that_is_being_stopped_asks_nothing(desk_session: ScriptedSession) -> None:
    """The question was answered by the key that stopped it."""
    gate = Gate()
    desk_session.script = (*building("Collecting six"), gate, *built())
    async with open_desk(desk_session) as desk:
        await desk.press("f5")
        await desk.until(gate.reached.is_set)
        await desk.press("f9", "ctrl+q")
        await desk.until(lambda: desk.app.return_code is not None)

    assert 0 == desk.app.return_code


class WelcomeApp(App[None]):
    """An app with the welcome and nothing else."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.chosen: list[Path] = []

    def on_mount(self) -> None:
        """Show it."""
        self.push_screen(Welcome(self.session.paths, lesson="1.1", engine=Content("")))

    def on_welcome_moved(self, event: Welcome.Moved) -> None:
        """Another folder was chosen."""
        self.chosen.append(event.folder)


async def choose(pilot: Pilot[None], folder: Path) -> None:
    """Name another folder at the welcome."""
    await pilot.press("w")
    pilot.app.screen.query_one(Input).value = str(folder)
    await pilot.press("enter")
    await pilot.pause()


async def test_welcome_lets_another_folder_be_chosen(desk_session: ScriptedSession, tmp_path: Path) -> None:
    """W asks for it; the course's own folder is refused, a good one is made, and nothing is left in the first."""
    app = WelcomeApp(desk_session)
    async with app.run_test() as pilot:
        desk_session.start_exercise("tiny")
        await choose(pilot, desk_session.paths.content)
        assert [] == app.chosen
        assert "is the course's own folder" in "".join(notice.title for notice in app._notifications)
        await choose(pilot, tmp_path / "mine")

        assert [tmp_path / "mine"] == app.chosen
    assert (tmp_path / "mine").is_dir()
    assert not desk_session.paths.workspace.exists()


async def test_desk_ends_to_begin_again_in_the_chosen_folder(desk_session: ScriptedSession, tmp_path: Path) -> None:
    """It tells where, and the welcome comes there, for nobody has seen it through."""
    app = make_app(desk_session, welcome=True)
    app.on_welcome_moved(Welcome.Moved(tmp_path))

    assert tmp_path == app.moved_to
    assert 0 == app.return_code
    assert not Memory(desk_session.paths.state / "desk.json").welcomed


@pytest.mark.parametrize("touched", [False, True])
async def test_files_of_the_learner_stay_in_the_folder_that_was_left(
    desk_session: ScriptedSession, tmp_path: Path, touched: bool
) -> None:
    """Those that were there before, and a copy that was changed while the welcome stood there."""
    (desk_session.paths.workspace / "mine").mkdir(parents=True)
    app = WelcomeApp(desk_session)
    async with app.run_test() as pilot:
        dockerfile = desk_session.start_exercise("tiny") / "Dockerfile"
        if touched:
            dockerfile.write_text("FROM scratch\n", encoding="utf-8")
        await choose(pilot, tmp_path / "other")

        assert [tmp_path / "other"] == app.chosen
    left = sorted(path.name for path in desk_session.paths.workspace.iterdir())
    assert ["mine", *["tiny"] * touched] == left


@pytest.mark.asyncio(loop_scope="session")
async def test_a_command_typed_on_the_welcome_is_whole(desk: DeskDriver) -> None:
    """The slash closes the welcome and begins the command; nothing typed behind it is lost."""
    desk.desk.welcome(desk.app.session.lesson("1.1"))
    await desk.until(lambda: isinstance(desk.app.screen, Welcome))
    await desk.press(*"/checklist")

    assert "/checklist" == desk.desk.query_one("#slash", Input).value


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
