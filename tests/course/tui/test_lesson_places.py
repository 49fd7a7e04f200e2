"""Tests of a lesson that comes section by section, and of going to a place in it that is not on screen yet."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from unittest.mock import patch

from textual import _time

from course.tui.widgets.lesson_view import LessonView
from tests.course.tui.conftest import ScriptedSession, open_desk


async def test_question_is_gone_to_once_the_lesson_has_a_layout(desk_session: ScriptedSession) -> None:
    """In 80 columns the lesson comes to the front before it is laid out; the open question is shown all the same."""
    async with open_desk(desk_session, size=(80, 24)) as desk:
        lesson = desk.desk.query_one(LessonView)
        desk.desk.show_pane("editor")
        await desk.settle()
        assert not lesson.blocks[-1].region

        desk.desk.show_pane("lesson")
        assert lesson.go_to_quiz({"layer-order"})
        await desk.until(lambda: lesson.scroll_y > 0, "the question")
        assert desk.shows("What is copied first?")

        await desk.press("down", "enter")
        assert desk.shows("Right: they change least.")


async def test_open_desk_has_nothing_on_its_way(desk_session: ScriptedSession) -> None:
    """A test that ends at once ends a desk whose tabs are made: the toolkit raises from tabs that are on their way."""
    async with open_desk(desk_session) as desk:
        assert not desk.desk.opening_exercise
        assert desk.bench.current is desk.dockerfile


async def test_lesson_is_whole_however_late_a_timer_begins(desk_session: ScriptedSession) -> None:
    """The toolkit drops a timer whose task begins when its time is over; no section is lost by that."""
    looks = itertools.count()
    halting = SimpleNamespace(get_time=lambda: _time.get_time() + 0.002 * next(looks))
    async with open_desk(desk_session) as desk:
        with patch("textual.timer._time", halting):
            await desk.reopen_lesson()

        assert desk.desk.query_one(LessonView).complete
