"""Tests of what a learner sees first: the beginning of the lesson, and nothing that jumps afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

from textual.screen import Screen

from course.tui.widgets.lesson_text import split_first_section, split_sections
from course.tui.widgets.lesson_view import LessonView
from tests.course.tui.conftest import SIZE, DeskDriver, ScriptedSession, make_app
from tests.rows import rows

LESSONS = sorted((Path(__file__).parents[3] / "lessons").glob("*/lesson.md"))

TRICKS = {
    "fence": "Words\n\n```\n## no heading\n```\n\n## One\n\nMore\n\n## Two\n",
    "reveal": "Words\n\n<details><summary>More</summary>\n\n## hidden\n\n</details>\n\n## One\n\n## Two\n",
    "begins": "## One\n\nWords\n\n## Two\n",
    "quoted": "> ## quoted\n\n- ## in a list\n\nBetween\n\n   ## One\n\nWords\n",
    "underlined": "Words\n\nOne\n---\n\n## Two\n",
    "none": "Words\n\n### Three\n",
    "empty": "",
}


@rows("text", [*TRICKS.values(), *(path.read_text(encoding="utf-8") for path in LESSONS)])
def test_first_section_ends_where_the_cut_of_the_whole_does(text: str) -> None:
    """Cut one by one or all at once, a text is cut before headings of the second level and nothing of it is lost."""
    first, rest = split_first_section(text)

    assert text == first + rest
    assert text == "".join(split_sections(text))
    assert any("".join(split_sections(text)[:count]) == first for count in range(1, len(split_sections(text)) + 1))
    assert not rest or rest.lstrip(" ").startswith("## ")


@rows(
    ("trick", "sections"),
    [("fence", 3), ("reveal", 3), ("begins", 2), ("quoted", 2), ("underlined", 3), ("none", 1), ("empty", 1)],
)
def test_sections_begin_at_headings_that_are_some(trick: str, sections: int) -> None:
    """A heading in a fence, a reveal, a quotation or a list begins none."""

    assert sections == len(split_sections(TRICKS[trick]))


def test_start_imports_nothing_that_comes_later() -> None:
    """The editor, the tabs, the log and all that grades are imported once the lesson is on screen."""
    later = [
        *("textual.widgets._text_area", "textual.widgets._tabs", "textual.widgets._tabbed_content"),
        *("textual.widgets._log", "course.tui.widgets.editor", "course.tui.widgets.log_view"),
        *(
            "course.doctor",
            "graders.static",
            "graders.pipeline",
            "graders.engine.docker.adapter",
            "docker",
            "watchfiles",
        ),
    ]
    code = "import course.tui.app, json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert [] == [name for name in later if name in json.loads(done.stdout)]


async def test_first_painting_holds_the_lesson(desk_session: ScriptedSession) -> None:
    """Nothing is painted before the lesson is there, and its rows are as wide then as when all of it is there."""
    painted: list[int] = []
    widths: list[int] = []
    paint = Screen._compositor_refresh

    def note(screen: Screen[object]) -> None:
        blocks = screen.query_one(LessonView).blocks
        painted.append(len(blocks))
        widths.extend(block.size.width for block in blocks[:1])
        paint(screen)

    with patch.object(Screen, "_compositor_refresh", note):
        async with make_app(desk_session).run_test(size=(SIZE[0], 16)) as pilot:
            desk = DeskDriver(pilot)
            await desk.ready()
            lesson = desk.desk.query_one(LessonView)
            await desk.until(lambda: lesson.max_scroll_y > 0)

    assert painted
    assert painted[0] > 0
    assert 1 == len(set(widths))
