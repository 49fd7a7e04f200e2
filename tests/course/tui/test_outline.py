"""Tests of the room that the outline takes."""

from __future__ import annotations

import pytest

from course.tui.widgets.outline import WIDTH, Outline
from tests.course.tui.conftest import ScriptedSession, open_desk

NARROW, WIDE = (80, 24), (120, 24)


@pytest.mark.parametrize("begin", [NARROW, WIDE])
async def test_outline_alone_has_the_whole_width(desk_session: ScriptedSession, begin: tuple[int, int]) -> None:
    """Where one pane has room, no title is wrapped before the screen ends; beside the others it keeps to its column."""
    async with open_desk(desk_session, size=begin) as desk:
        outline = desk.desk.query_one(Outline)
        await desk.press("f2")
        for size in (NARROW, WIDE, NARROW):
            await desk.pilot.resize_terminal(*size)
            await desk.settle()

            assert (outline.outer_size.width == NARROW[0]) if size == NARROW else (outline.outer_size.width == WIDTH)
