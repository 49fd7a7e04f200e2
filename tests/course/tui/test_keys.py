"""Every key of the table and every slash command does what its row says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from textual.command import CommandPalette
from textual.widgets import Input, TabbedContent

from course.slash import COMMANDS, Action
from course.tui.app import Dockyard
from course.tui.keys import KEYS
from course.tui.screens.page import Page
from course.tui.screens.pick import Pick
from course.tui.widgets.key_line import KeyLine
from course.tui.widgets.lesson_view import LessonView
from course.tui.widgets.outline import Outline
from course.tui.widgets.results import Results
from tests.course.tui.conftest import DeskDriver, Gate, ScriptedSession, open_desk

Proof = Callable[[DeskDriver, ScriptedSession], Awaitable[None]]


async def f1(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("f1")

    assert "Keys and commands" in desk.text()
    await desk.press("f1")
    assert not isinstance(desk.app.screen, Page)


async def f2(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("f2")

    assert desk.desk.query_one(Outline).has_focus


async def f3(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("f2", "f3")

    assert desk.desk.query_one(LessonView).has_focus


async def f4(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("f4")

    assert desk.dockerfile.editor.has_focus
    await desk.press("f4")
    assert desk.desk.query_one("#outcomes").has_focus
    await desk.press("f4")
    assert desk.dockerfile.editor.has_focus


async def f5(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("f5")
    await desk.until(lambda: desk.shows("Not yet"))


async def f6(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("f6")
    await desk.press(*"models")

    assert ".dockerignore" == desk.bench.current.name if desk.bench.current else False
    assert (".dockerignore",) == desk.bench.unsaved
    await desk.press("f6")
    assert desk.dockerfile.editor.has_focus


async def f7(desk: DeskDriver, session: ScriptedSession) -> None:
    tabs = desk.desk.query_one(Results).query_one(TabbedContent)
    seen = []
    for _ in range(3):
        await desk.press("f7")
        seen.append(tabs.active)

    assert ["tab-log", "tab-layers", "tab-checks"] == seen


async def f8(desk: DeskDriver, session: ScriptedSession) -> None:
    desk.dockerfile.editor.load_text("\n\nFROM python\n")
    await desk.until(lambda: (3,) == desk.dockerfile.editor.marked_lines)
    await desk.press("f8")

    assert 2 == desk.dockerfile.editor.cursor_location[0]


async def f9(desk: DeskDriver, session: ScriptedSession) -> None:
    session.script = (Gate(),)
    await desk.press("f9")
    assert "No check is running" in desk.notices
    await desk.press("f5", "f9")
    await desk.until(lambda: desk.shows("Nothing was recorded"))


async def ctrl_s(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("f4", "x", "ctrl+s")

    assert desk.dockerfile.path.read_text(encoding="utf-8").startswith("xFROM")
    assert "Saved Dockerfile" in desk.notices


async def ctrl_o(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("ctrl+o")

    assert "no terminal here for another editor" in desk.notices


async def escape(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("f4", "escape")

    assert desk.desk.query_one(LessonView).has_focus


async def slash(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("slash", "h")

    assert "/h" == desk.desk.query_one("#slash", Input).value


async def links(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("l")

    assert isinstance(desk.app.screen, Pick)


async def ctrl_p(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("ctrl+p")
    await desk.until(lambda: isinstance(desk.app.screen, CommandPalette))
    await desk.until(lambda: desk.shows("/checklist"))
    await desk.press("escape")


async def ctrl_a(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("f4", "ctrl+a", "x")

    assert "x" == desk.dockerfile.editor.text


async def ctrl_z(desk: DeskDriver, session: ScriptedSession) -> None:
    before = desk.dockerfile.editor.text
    await desk.press("f4", "x", "ctrl+z")
    assert before == desk.dockerfile.editor.text
    await desk.press("ctrl+y")
    assert f"x{before}" == desk.dockerfile.editor.text


async def enter(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("f5")
    await desk.until(lambda: desk.shows("Not yet"))
    await desk.press("f4", "f4", "enter")

    assert desk.dockerfile.editor.has_focus


async def tab(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("tab", "tab")

    assert desk.app.focused is not desk.desk.query_one(LessonView)


async def f12(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.until(lambda: (1,) == desk.dockerfile.editor.marked_lines)
    await desk.press("f8", "f12")

    for words in ("Every base image", "FROM python names no version", "Why it matters", "A nudge"):
        assert words in desk.text()
    await desk.press("escape", "down", "f12")
    assert "This line has no finding" in desk.notices


async def contents(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("c")

    assert "A table" in desk.text()
    await desk.press("down", "enter")
    assert desk.desk.query_one(LessonView).scroll_y > 0


async def search(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("n")
    assert "S searches" in desk.notices
    await desk.press("s", *"DATA lesson", "enter")
    await desk.until(lambda: "1 of 1" in desk.notices)

    assert desk.desk.query_one(LessonView).scroll_y > 0
    await desk.press("s", *"zebra", "enter")
    await desk.until(lambda: '"zebra" is not in this lesson' in desk.notices)


async def search_on(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("s", *"the", "enter")
    await desk.until(lambda: "1 of " in desk.notices)
    await desk.press("n")
    await desk.until(lambda: "2 of " in desk.notices)


async def copy_code(desk: DeskDriver, session: ScriptedSession) -> None:
    # A lesson with code is copied from in test_reading.py.
    await desk.press("y")

    assert "This lesson has no code." in desk.notices


async def ctrl_q(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("ctrl+q")
    await desk.until(lambda: not desk.app.is_running or desk.app.return_code is not None)


KEY_PROOFS: dict[str, Proof] = {
    "f1": f1, "f2": f2, "f3": f3, "f4": f4, "f5": f5, "f6": f6, "f7": f7, "f8": f8, "f9": f9, "ctrl+s": ctrl_s,
    "ctrl+o": ctrl_o, "escape": escape, "slash": slash, "l": links, "ctrl+p": ctrl_p, "ctrl+a": ctrl_a,
    "ctrl+z": ctrl_z, "enter": enter, "f12": f12, "c": contents, "s": search, "n": search_on,
    "y": copy_code, "tab": tab, "ctrl+q": ctrl_q,
}  # fmt: skip
"""Key -> what proves it; a row of the table without a proof fails below."""


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("key", [row.key for row in KEYS if row.key != "ctrl+q"])
async def test_key_does_what_its_row_says(desk: DeskDriver, session: ScriptedSession, key: str) -> None:
    """Each row of the table of keys is true."""
    await KEY_PROOFS[key](desk, session)


async def test_ctrl_q_leaves(desk_session: ScriptedSession) -> None:
    """The last row of the table."""
    async with open_desk(desk_session) as desk:
        await KEY_PROOFS["ctrl+q"](desk, desk_session)


SHOWN: dict[Action, tuple[str, str]] = {
    Action.START: ("/start-1-1", "1.1  Why containers"),
    Action.CHECK: ("/check", "Not yet"),
    Action.HINT: ("/hint tiny", "Hint 1"),
    Action.NEXT: ("/next", "is still locked"),
    Action.OPEN: ("/open tiny", "tiny"),
    Action.FILES: ("/files", "app.py"),
    Action.EDIT: ("/edit", "no terminal here"),
    Action.SHELL: ("/shell", "no terminal here"),
    Action.RESET: ("/reset", "Put the starter back"),
    Action.SOLUTION: ("/solution", "shown after you passed"),
    Action.REVEAL: ("/reveal tiny", "is told after you passed"),
    Action.CHECKLIST: ("/checklist 1", "Checklist of level 1"),
    Action.DOCTOR: ("/doctor", "This machine"),
    Action.EXPLAIN: ("/explain", "FROM python names no version"),
    Action.THEME: ("/theme", "High-contrast"),
    Action.HELP: ("/help", "Keys and commands"),
}
"""Command -> a line of it, and words that the desk answers with."""


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("action", [row.action for row in COMMANDS if row.action is not Action.QUIT])
async def test_slash_command_answers(desk: DeskDriver, action: Action) -> None:
    """Each row of the table of commands leads somewhere."""
    line, words = SHOWN[action]
    await desk.press("f3", *line, "enter")
    await desk.until(lambda: words in desk.text() + desk.notices, words)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_click_on_a_key_presses_it(desk: DeskDriver) -> None:
    """Each key of the last line is where it is shown, and the mouse does what the key does."""
    line = desk.desk.query_one(KeyLine)
    row = desk.text().split("\n")[-1]
    for key in KEYS:
        if key.label:
            assert key is line.key_at(row.index(f"{key.shown} {key.label}"))
    assert line.key_at(len(row.rstrip())) is None
    await desk.pilot.click(KeyLine, offset=(row.index("Help"), 0))
    await desk.until(lambda: isinstance(desk.app.screen, Page))

    assert "Keys and commands" in desk.text()


@pytest.mark.asyncio(loop_scope="module")
async def test_theme_is_remembered(desk: DeskDriver, session: ScriptedSession) -> None:
    """/theme changes the colours at once and for the next visit."""
    for name, dark in (("light", False), ("high-contrast", True)):
        await desk.press("f3", *f"/theme {name}", "enter")
        await desk.until(partial(lambda wanted: wanted in desk.app.theme, name))
        assert dark == desk.app.current_theme.dark

    assert "dockyard-high-contrast" == Dockyard(session, clock=lambda: 0.0, environ={}).theme
    await desk.press("f3", *"/theme dark", "enter")
    await desk.until(lambda: "textual-dark" == desk.app.theme)


async def test_slash_quit_leaves(desk_session: ScriptedSession) -> None:
    """/quit ends the program."""
    async with open_desk(desk_session) as desk:
        await desk.press("f3", *"/quit", "enter")
        await desk.until(lambda: desk.app.return_code is not None)
    assert 0 == desk.app.return_code
