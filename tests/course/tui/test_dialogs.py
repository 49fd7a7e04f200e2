"""Pages and questions over the desk leave the lines around the panes to be read."""

from __future__ import annotations

import pytest
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets._toast import Toast

from course.tui.screens.ask import Ask
from course.tui.screens.compare import Compare
from course.tui.screens.page import Page
from course.tui.screens.pick import Pick
from tests.course.tui.conftest import DeskDriver

WORDS = "Your edits are back in the editor. They are not saved yet: Ctrl+S saves. " * 3
TALL = "\n".join(f"Line {number}" for number in range(100))


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("size", [(60, 20), (80, 24), (140, 40)])
@pytest.mark.parametrize("name", ["help", "text", "compare", "pick", "ask"])
async def test_dialog_stands_between_the_top_and_the_status_line(
    desk: DeskDriver, size: tuple[int, int], name: str
) -> None:
    """However long it is, the lesson's name, the status with a running check, the bar and the keys are left free."""
    await desk.begin_again(size)
    dialogs: dict[str, ModalScreen[None] | ModalScreen[str]] = {
        "text": Page("Long", Content(TALL)),
        "compare": Compare(yours={"Dockerfile": TALL}, solution={"Dockerfile": TALL}),
        "pick": Pick("Which?", Content(TALL), (("a", Content("This")),)),
        "ask": Ask("What?"),
    }
    if name == "help":
        await desk.press("f1")
    else:
        desk.app.push_screen(dialogs[name])
    await desk.until(lambda: desk.app.screen is not desk.desk)
    await desk.settle()
    dialog = desk.app.screen.query_one(".dialog").region
    panes = desk.desk.query_one("#panes").region
    behind = desk.app.screen.size
    await desk.press("escape")

    assert panes.contains_region(dialog)
    assert dialog.height == panes.height or name == "ask"
    # The toolkit paints the desk behind it into what is left of that size.
    assert behind == desk.app.size


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("size", [(60, 20), (80, 24), (140, 40)])
async def test_what_is_said_in_passing_leaves_the_status_line_free(desk: DeskDriver, size: tuple[int, int]) -> None:
    """It stands in the panes: how far a check is, the bar and the keys are read beside it."""
    await desk.begin_again(size)
    desk.desk.say(WORDS)
    await desk.until(lambda: desk.desk.query(Toast))
    await desk.settle()
    said = desk.desk.query_one(Toast).region
    panes = desk.desk.query_one("#panes").region
    desk.app.clear_notifications()

    assert panes.contains_region(said)
