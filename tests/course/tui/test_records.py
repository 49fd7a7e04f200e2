"""Tests of what the desk tells of the record: own builds in a lesson, the reveal."""

from __future__ import annotations

from pathlib import Path

from course.tui.screens.page import Page
from course.tui.widgets.builds_block import BuildsBlock
from tests.course.tui.conftest import make_desk_session, open_desk, write_small_course


async def test_lesson_draws_own_builds_and_the_reveal_follows_a_pass(tmp_path: Path) -> None:
    """Without a check the chart says how to get one; after a pass it has bars, and the faults are told at once."""
    content = write_small_course(tmp_path / "content")
    lesson = content / "lessons/why/lesson.md"
    lesson.write_text(lesson.read_text().replace("## The end", "```builds\ntiny\n```\n\n## The end", 1))
    (content / "exercises/tiny/reveal.md").write_text("## No version\nchecks: unpinned-base\n\nIt *moves*.\n")
    session = make_desk_session(tmp_path, content)
    async with open_desk(session, size=(140, 60)) as desk:
        chart = desk.desk.query_one(BuildsBlock)
        await desk.until(lambda: "No build of yours" in str(chart.query_one(".builds-chart").render()))
        desk.dockerfile.path.write_text("FROM python:3.11-slim\n")
        desk.bench.look_at_disk()
        await desk.press("f5")
        await desk.until(lambda: isinstance(desk.app.screen, Page), "the reveal")
        await desk.until(lambda: desk.shows("1. No version"))

        assert desk.shows("In your own numbers")
        assert desk.shows("3 of 3")
        await desk.until(lambda: "check 1 of tiny, passed" in str(chart.query_one(".builds-chart").render()))
    session.close()
