"""Tests of going to a place in a lesson that is not on screen yet."""

from __future__ import annotations

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
