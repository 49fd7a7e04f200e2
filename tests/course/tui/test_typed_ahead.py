"""Keys that come all at once reach the places that the keys before them led to."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from course.tui.screens.page import Page
from course.tui.screens.pick import Pick
from course.tui.widgets.slash_bar import SlashBar
from tests.course.tui.conftest import DeskDriver

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_command_is_whole_however_fast_it_is_typed(desk: DeskDriver) -> None:
    """The slash moves the focus; every letter after it is in the bar."""
    await desk.press("f3", *"/start-2-1")

    assert "/start-2-1" == desk.desk.query_one(SlashBar).query_one(Input).value


async def test_keys_after_a_command_go_to_what_it_opened(desk: DeskDriver) -> None:
    """Enter opens a page, Esc closes it, a second command opens the next: all typed in one go."""
    await desk.press("f3", *"/checklist", "enter", "escape", *"/hint", "enter")
    await desk.until(lambda: isinstance(desk.app.screen, Page))

    assert "Hint 1" in desk.text()


async def test_letters_after_the_editor_key_are_its_text(desk: DeskDriver) -> None:
    """F4 and a line typed behind it: no letter is a key of the lesson."""
    await desk.press("f3", "f4", *"slj", "f3", "f4", *"kb")

    assert "sljkbFROM python" == desk.dockerfile.editor.document.get_line(0)


async def test_enter_in_the_outline_and_typing_behind_it(desk: DeskDriver) -> None:
    """Outline, lesson, links: three places in one burst of keys."""
    await desk.press("f2", "enter", "l")
    await desk.until(lambda: isinstance(desk.app.screen, Pick))

    assert "Links" in desk.text()


async def test_a_finding_and_its_mending_in_one_burst(desk: DeskDriver) -> None:
    """F8 goes to the finding; what is typed then mends its line."""
    await desk.until(lambda: (1,) == desk.dockerfile.editor.marked_lines)
    await desk.press("f8", "end", ":", "3")
    await desk.until(lambda: () == desk.dockerfile.editor.marked_lines)


async def test_a_long_line_comes_whole_and_in_order(desk: DeskDriver) -> None:
    """More than a hundred keys in one go are written as they were typed."""
    text = "the quick brown fox jumps over the lazy dog " * 3
    await desk.press("f4", *text)

    assert text == desk.dockerfile.editor.document.get_line(0)[: len(text)]


async def test_a_save_behind_text_holds_all_of_it(desk: DeskDriver) -> None:
    """A key that acts on the text waits for the letters before it, even though the desk takes it first."""
    await desk.press("f4", *"# all of it", "ctrl+s", *"x")

    assert desk.dockerfile.path.read_text(encoding="utf-8").startswith("# all of itFROM")
