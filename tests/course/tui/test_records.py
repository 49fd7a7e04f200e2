"""Tests of what the desk tells of the record: own builds in a lesson, the reveal."""

from __future__ import annotations

import pytest

from course.tui.screens.page import Page
from course.tui.widgets.builds_block import BuildsBlock
from tests.course.tui.conftest import DeskDriver


@pytest.mark.asyncio(loop_scope="session")
async def test_lesson_draws_own_builds_and_the_reveal_follows_a_pass(desk: DeskDriver) -> None:
    """Without a check the chart says how to get one; after a pass it has bars, and the faults are told at once."""
    await desk.open_second_lesson()
    chart = desk.desk.query_one(BuildsBlock)
    await desk.until(lambda: "No build of yours" in str(chart.query_one(".builds-chart").render()))
    desk.dockerfile.path.write_text("FROM python:3.11-slim\n")
    desk.bench.look_at_disk()
    await desk.press("f5")
    await desk.until(lambda: isinstance(desk.app.screen, Page), "the reveal")
    await desk.until(lambda: desk.shows("1. No version"))

    assert desk.shows("In your own numbers")
    assert desk.shows("3 of 3")
    await desk.until(lambda: "check 1 of other, passed" in str(chart.query_one(".builds-chart").render()))
