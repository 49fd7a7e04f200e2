"""Tests of what keeps the keys quick while much happens: a log that follows, parts that are left undrawn, garbage."""

from __future__ import annotations

import gc

import pytest
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Static

from course.tui.compositor import FrugalCompositor
from course.tui.garbage import Garbage
from course.tui.screens.desk_checks import TYPING_PULSES
from course.tui.widgets.log_view import LogView
from graders.event import BuildLog, Purpose
from tests.course.tui.conftest import DeskDriver, Gate, ScriptedSession, building

MOST = 200
ROWS = 10


class LogApp(App[None]):
    """A log and nothing else."""

    def compose(self) -> ComposeResult:
        """The log."""
        yield LogView(max_lines=MOST, highlight=False)

    @property
    def log_view(self) -> LogView:
        """The log."""
        return self.query_one(LogView)

    @property
    def painted(self) -> list[str]:
        """The rows of the screen."""
        strips = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).split(" ▁")[0].strip() for strip in strips]


def batch(start: int, lines: int = 150) -> list[str]:
    """Lines with their numbers."""
    return [f"line {number}" for number in range(start, start + lines)]


async def test_log_follows_its_end_after_it_drops_its_beginning() -> None:
    """However much was dropped, the last line is the one at the bottom, drawn anew with each batch."""
    app = LogApp()
    async with app.run_test(size=(40, ROWS)) as pilot:
        for start in (0, 150, 300):
            app.log_view.write_lines(batch(start))
            await pilot.pause()

            assert any(f"line {start + 149}" in row for row in app.painted)

        assert MOST == len(app.log_view.lines)


async def test_log_leaves_the_reader_where_they_are() -> None:
    """Lines that are dropped at the top don't move what is read further down."""
    app = LogApp()
    async with app.run_test(size=(40, ROWS)) as pilot:
        app.log_view.write_lines(batch(0, MOST))
        await pilot.pause()
        app.log_view.scroll_to(y=100, animate=False)
        await pilot.pause()
        read = app.painted[0]

        app.log_view.write_lines(batch(MOST, 50))
        await pilot.pause()

        assert read.startswith("line 100")
        assert read == app.painted[0]


async def test_wide_line_of_a_log_can_be_scrolled_to() -> None:
    """The width is that of the widest line, however many lines come after it."""
    app = LogApp()
    async with app.run_test(size=(40, ROWS)) as pilot:
        app.log_view.write_lines(["x" * 90, *batch(0, 20)])
        await pilot.pause()

        assert 90 == app.log_view.virtual_size.width
        assert app.log_view.max_scroll_x > 40


class Counted(Static):
    """A text that counts how often it is drawn."""

    DEFAULT_CSS = "Counted { width: 1fr; }"
    drawn = 0

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw, and count."""
        self.drawn += 1
        return super().render_lines(crop)


class Frugal(Screen[None]):
    """Two texts side by side."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = FrugalCompositor()

    def compose(self) -> ComposeResult:
        """The texts."""
        yield Horizontal(Counted("left", id="left"), Counted("right", id="right"))


class FrugalApp(App[None]):
    """An app with that screen."""

    def get_default_screen(self) -> Screen[None]:
        """The screen."""
        return Frugal()


async def test_what_stands_beside_a_change_is_not_drawn() -> None:
    """A new word on the left draws the left text alone, and the screen as a whole still shows both."""
    app = FrugalApp()
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        left, right = app.screen.query_one("#left", Counted), app.screen.query_one("#right", Counted)
        before = left.drawn, right.drawn

        left.update("changed", layout=False)
        await pilot.pause()

        assert left.drawn > before[0]
        assert right.drawn == before[1]
        row = "".join(segment.text for segment in app.screen._compositor.render_strips()[0])
        assert ["changed", "right"] == row.split()


class Layered(Screen[None]):
    """A text over one that it hides in part."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = FrugalCompositor()

    def compose(self) -> ComposeResult:
        """The texts."""
        yield Counted("back\nback\nback", id="back")
        yield Counted("front", id="front")


class LayeredApp(App[None]):
    """An app with that screen."""

    CSS = """
    Layered { layers: back front; }
    #back { layer: back; height: 3; }
    #front { layer: front; height: 2; }
    """

    def get_default_screen(self) -> Screen[None]:
        """The screen."""
        return Layered()


async def test_what_is_hidden_is_not_drawn() -> None:
    """A change that is wholly in front draws nothing behind it; one that shows in part draws what covers it too."""
    app = LayeredApp()
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.pause()
        front, back = app.screen.query_one("#front", Counted), app.screen.query_one("#back", Counted)
        before = front.drawn, back.drawn

        front.update("changed", layout=False)
        await pilot.pause()
        assert front.drawn > before[0]
        assert back.drawn == before[1]

        back.update("one\ntwo\nthree", layout=False)
        await pilot.pause()
        assert back.drawn > before[1]
        rows = ["".join(segment.text for segment in row).strip() for row in app.screen._compositor.render_strips()]
        assert ["changed", "", "three"] == rows[:3]


@pytest.mark.asyncio(loop_scope="session")
async def test_log_comes_after_the_key(desk: DeskDriver, session: ScriptedSession) -> None:
    """While the learner types in the editor, no pulse paints the log; it comes once the key is painted."""
    gate = Gate()
    session.script = (*building("first line"), gate)
    await desk.press("f5")
    await desk.until(lambda: gate.reached.is_set() and "first line" in log_lines(desk), "the log")
    run, pulse = desk.desk.run, desk.desk._pulse
    assert run is not None
    assert pulse is not None
    pulse.pause()
    desk.desk._is_due = False
    await desk.press("f4", "x")

    run._events.put(BuildLog(Purpose.GRADED, ("while typing",)))
    desk.desk._beat()
    assert "while typing" not in log_lines(desk)

    await desk.press("y")
    assert "while typing" in log_lines(desk)

    run._events.put(BuildLog(Purpose.GRADED, ("after typing",)))
    for _ in range(TYPING_PULSES):
        desk.desk._beat()
    assert "after typing" not in log_lines(desk)
    desk.desk._beat()
    assert "after typing" in log_lines(desk)
    gate.open()


def log_lines(desk: DeskDriver) -> list[str]:
    """The lines of the build log."""
    return list(desk.desk.query_one(LogView).lines)


class Noted(Garbage):
    """Notes how often a desk came to rest."""

    def __init__(self) -> None:
        self.rests = 0

    def came_to_rest(self) -> None:
        """Once more."""
        self.rests += 1


@pytest.mark.asyncio(loop_scope="session")
async def test_desk_comes_to_rest_once_a_lesson(desk: DeskDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a lesson and its exercise are there, and not before, garbage may be looked for."""
    noted = Noted()
    monkeypatch.setattr(desk.app, "garbage", noted)

    await desk.reopen_lesson()
    await desk.until(lambda: not desk.desk.opening_exercise)

    assert 1 == noted.rests


def test_garbage_is_looked_for_again_after_the_desk() -> None:
    """No look before the first lesson is there; afterwards, and after the desk, everything as it was before."""
    thresholds = gc.get_threshold()
    garbage = Garbage()
    try:
        assert not gc.isenabled()

        garbage.came_to_rest()
        assert gc.isenabled()
        assert gc.get_freeze_count()

        garbage.came_to_rest()
        assert gc.get_freeze_count()
    finally:
        garbage.close()

    assert gc.isenabled()
    assert thresholds == gc.get_threshold()
    assert not gc.get_freeze_count()
