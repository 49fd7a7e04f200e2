"""Every key of the table and every slash command does what its row says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from textual.command import CommandPalette
from textual.widgets import Input, TabbedContent

from course.slash import COMMANDS, Action
from course.tui.keys import KEYS
from course.tui.screens.page import Page
from course.tui.screens.pick import Pick
from course.tui.widgets.key_line import KeyLine
from course.tui.widgets.lesson_view import LessonView
from course.tui.widgets.outline import Outline
from course.tui.widgets.results import Results
from tests.course.tui.conftest import DeskDriver, Gate, ScriptedSession

Proof = Callable[[DeskDriver, ScriptedSession], Awaitable[None]]


async def help_page(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("f1")

    assert "Keys and commands" in desk.text()
    await desk.press("f1")
    assert not isinstance(desk.app.screen, Page)


async def panes(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("f2")
    assert desk.desk.query_one(Outline).has_focus
    await desk.press("f3")
    assert desk.desk.query_one(LessonView).has_focus
    await desk.press("f4")
    assert desk.dockerfile.editor.has_focus
    await desk.press("f4")
    assert desk.desk.query_one("#outcomes").has_focus
    await desk.press("f4")
    assert desk.dockerfile.editor.has_focus
    await desk.press("escape")
    assert desk.desk.query_one(LessonView).has_focus
    await desk.press("tab", "tab")
    assert desk.app.focused is not desk.desk.query_one(LessonView)


async def check(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.check("Not yet")
    await desk.press("f4", "f4", "enter")

    assert desk.dockerfile.editor.has_focus


async def next_file(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("f6")
    await desk.press(*"models")

    assert ".dockerignore" == desk.bench.current.name if desk.bench.current else False
    assert (".dockerignore",) == desk.bench.unsaved
    await desk.press("f6")
    assert desk.dockerfile.editor.has_focus


async def next_tab(desk: DeskDriver, session: ScriptedSession) -> None:
    tabs = desk.desk.query_one(Results).query_one(TabbedContent)
    seen = []
    for _ in range(3):
        await desk.press("f7")
        seen.append(tabs.active)

    assert ["tab-log", "tab-layers", "tab-checks"] == seen


async def findings(desk: DeskDriver, session: ScriptedSession) -> None:
    editor = desk.dockerfile.editor
    editor.load_text("FROM a\nRUN x\nFROM b\n")
    await desk.until(lambda: (1, 3) == editor.marked_lines)
    rows = []
    for _ in range(3):
        await desk.press("f8")
        rows.append(editor.cursor_location[0])
    assert [0, 2, 0] == rows
    await desk.press("f12")

    for words in ("Every base image", "FROM a names no version", "Why it matters", "A nudge"):
        assert words in desk.text()
    await desk.press("escape", "down", "f12")
    assert "This line has no finding" in desk.notices


async def stop(desk: DeskDriver, session: ScriptedSession) -> None:
    session.script = (Gate(),)
    await desk.press("f9")
    assert "No check is running" in desk.notices
    await desk.press("f5", "f9")
    await desk.until(lambda: desk.shows("Nothing was recorded"))


async def editing(desk: DeskDriver, session: ScriptedSession) -> None:
    before = desk.dockerfile.editor.text
    await desk.press("f4", "x", "ctrl+z")
    assert before == desk.dockerfile.editor.text
    await desk.press("ctrl+y")
    assert f"x{before}" == desk.dockerfile.editor.text
    await desk.press("ctrl+s")
    assert f"x{before}" == desk.dockerfile.path.read_text(encoding="utf-8")
    assert "Saved Dockerfile" in desk.notices
    await desk.press("ctrl+a", "y")
    assert "y" == desk.dockerfile.editor.text


async def other_editor(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("ctrl+o")

    assert "no terminal here for another editor" in desk.notices


async def slash(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("slash", "h")

    assert "/h" == desk.desk.query_one("#slash", Input).value


async def links(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("l")

    assert isinstance(desk.app.screen, Pick)


async def palette(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("ctrl+p")
    await desk.until(lambda: isinstance(desk.app.screen, CommandPalette))
    await desk.until(lambda: desk.shows("/checklist"))
    await desk.press("escape")


async def contents(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("c")

    assert "A table" in desk.text()
    await desk.press("down", "enter")
    assert desk.desk.query_one(LessonView).scroll_y > 0


async def search(desk: DeskDriver, session: ScriptedSession) -> None:
    await desk.press("n")
    assert "S searches" in desk.notices
    await desk.press("s", *"DATA l", "enter")
    await desk.until(lambda: "1 of 1" in desk.notices)
    assert desk.desk.query_one(LessonView).scroll_y > 0
    await desk.press("s", *"zz", "enter")
    await desk.until(lambda: '"zz" is not in this lesson' in desk.notices)
    await desk.press("s", *"the", "enter")
    await desk.until(lambda: "1 of " in desk.notices.replace("1 of 1", ""))
    await desk.press("n")
    await desk.until(lambda: "2 of " in desk.notices)


async def copy_code(desk: DeskDriver, session: ScriptedSession) -> None:
    # A lesson with code is copied from in test_reading.py.
    await desk.press("y")

    assert "This lesson has no code." in desk.notices


KEY_PROOFS: dict[Proof, tuple[str, ...]] = {
    help_page: ("f1",), panes: ("f2", "f3", "f4", "escape", "tab"), check: ("f5", "enter"), next_file: ("f6",),
    next_tab: ("f7",), findings: ("f8", "f12"), stop: ("f9",), editing: ("ctrl+s", "ctrl+a", "ctrl+z"),
    other_editor: ("ctrl+o",), slash: ("slash",), links: ("l",), palette: ("ctrl+p",), contents: ("c",),
    search: ("s", "n"), copy_code: ("y",),
}  # fmt: skip
"""A story -> the keys that it proves. ctrl+q is proved where a desk is left: in test_memory."""


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("proof", KEY_PROOFS, ids=[" ".join(keys) for keys in KEY_PROOFS.values()])
async def test_key_does_what_its_row_says(desk: DeskDriver, session: ScriptedSession, proof: Proof) -> None:
    """Each row of the table of keys is true."""
    await proof(desk, session)


def test_every_key_is_proved() -> None:
    """No row of the table is without a story."""
    proved = [key for keys in KEY_PROOFS.values() for key in keys]

    assert sorted(row.key for row in KEYS) == sorted([*proved, "ctrl+q"])


SHOWN: dict[Action, tuple[tuple[str, ...], ...]] = {
    Action.START: (("/start-2-1", "Lesson 2.1 is still locked", "[ ]"),),
    Action.CHECK: (("/check", "Not yet"),),
    Action.HINT: (("/hint", "Which tag did you write?"), ("/hint tiny", "A tag pins")),
    Action.NEXT: (("/next", "is still locked"),),
    Action.OPEN: (("/open tiny", "1.1 Why containers"),),
    Action.FILES: (("/files", "app.py"),),
    Action.EDIT: (("/edit", "no terminal here"),),
    Action.SHELL: (("/shell", "no terminal here"),),
    Action.RESET: (("/reset", "Put the starter back"),),
    Action.SOLUTION: (
        ("/solution", "shown after you passed", "give up: /solution tiny --give-up"),
        ("/solution tiny --give-up", "Dockerfile, the solution"),
    ),
    Action.REVEAL: (("/reveal tiny", "is told after you passed"),),
    Action.CHECKLIST: (("/checklist 1", "Checklist of level 1"),),
    Action.DOCTOR: (("/doctor", "This machine", "mend it:"),),
    Action.EXPLAIN: (("/explain", "FROM python names no version"),),
    Action.THEME: (("/theme", "High-contrast"),),
    Action.HELP: (("/help", "Keys and commands"),),
}
"""Command -> lines of it, each with words that the desk answers with."""


@pytest.mark.asyncio(loop_scope="session")
async def test_slash_commands_answer(desk: DeskDriver) -> None:
    """Each row of the table of commands leads somewhere, and one that is none to the nearest.

    They are not typed here: other tests enter some of them into the bar, which knows no difference.
    """
    assert {row.action for row in COMMANDS} == {*SHOWN, Action.QUIT}
    lines = [line for group in SHOWN.values() for line in group]
    for line, *words in (*lines, ("/chekc", "There is no command /chekc", "Try /check")):
        desk.desk.run_slash(line)
        await desk.settle()
        await desk.until(partial(_is_answered, desk, words), f"{line}: {words}")
        assert "1.1" == desk.desk.number
        while desk.app.screen is not desk.desk:
            await desk.press("escape")
        desk.app.clear_notifications()


def _is_answered(desk: DeskDriver, words: list[str]) -> bool:
    told = desk.text() + desk.notices if desk.desk.run is None else ""
    return all(word in told for word in words)


@pytest.mark.asyncio(loop_scope="session")
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
