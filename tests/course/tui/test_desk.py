"""Behaviour of the desk: reading, editing, checking, unlocking, leaving."""

from __future__ import annotations

import os
from functools import partial

import pytest
from textual.widgets import Log, OptionList, Static

from course.session import LessonState
from course.tui.screens.page import Page
from course.tui.screens.pick import Pick
from course.tui.widgets.lesson_view import LessonView
from course.tui.widgets.outline import Outline
from course.tui.widgets.quiz import QuizBlock
from course.tui.widgets.slash_bar import SlashBar
from tests.course.tui.conftest import Gate, ScriptedSession, building, built, open_desk

FIXED = "FROM python:3.11-slim\n"


async def test_desk_opens_where_the_learner_left_off(desk_session: ScriptedSession) -> None:
    """The current lesson, its exercise and its files are there, and the missing engine is said in one line."""
    async with open_desk(desk_session) as desk:
        await desk.until(lambda: "dockyard engine up" in desk.text())

        assert ["Dockerfile", ".dockerignore"] == [buffer.name for buffer in desk.bench.buffers]
        assert "FROM python\n" == desk.dockerfile.editor.text.partition("COPY")[0]
        assert "1.1 Why containers" in desk.text()


async def test_outline_opens_a_lesson(desk_session: ScriptedSession) -> None:
    """Enter on an open lesson of the outline shows it."""
    desk_session.unlock_all = True
    async with open_desk(desk_session) as desk:
        await desk.press("f2")
        outline = desk.desk.query_one(Outline)
        outline.highlighted = next(i for i, option in enumerate(outline.options) if "1.2" in str(option.prompt))
        await desk.press("enter")
        await desk.ready("1.2", "other")

        assert "About layers." in desk.text()


async def test_locked_lesson_shows_what_is_missing(desk_session: ScriptedSession) -> None:
    """/start-2-1 on a locked lesson answers with a page, and the desk stays where it was."""
    async with open_desk(desk_session) as desk:
        await desk.enter("/start-2-1")
        await desk.until(lambda: isinstance(desk.app.screen, Page))

        assert "Lesson 2.1 is still locked" in desk.text()
        assert "[ ]" in desk.text()
        await desk.press("escape")
        assert "1.1" == desk.desk.number


async def test_quiz_is_answered_in_place_and_remembered(desk_session: ScriptedSession) -> None:
    """A wrong choice tells why, a right one too, and the last choice is there when the lesson is opened again."""
    async with open_desk(desk_session) as desk:
        quiz = desk.desk.query_one(QuizBlock)
        quiz.query_one("RadioSet").focus()
        await desk.press("enter")
        await desk.until(lambda: "Not quite. Then every change" in str(quiz.query_one(".quiz-verdict", Static).content))
        await desk.press("down", "enter")
        await desk.until(lambda: "✔ Right: they change" in str(quiz.query_one(".quiz-verdict", Static).content))

    assert {"layer-order": 1} == desk_session.answers("1.1")
    async with open_desk(desk_session) as desk:
        quiz = desk.desk.query_one(QuizBlock)

        assert "they change least" in str(quiz.query_one(".quiz-verdict", Static).content)


async def test_typing_marks_findings_and_tells_them(desk_session: ScriptedSession) -> None:
    """A finding has a mark in the gutter and is told below with the check's hint; mended, it goes."""
    async with open_desk(desk_session) as desk:
        editor = desk.dockerfile.editor
        await desk.until(lambda: (1,) == editor.marked_lines)
        await desk.press("f4")
        told = desk.bench.query_one("#finding", Static)

        assert "FROM python names no version" in str(told.content)
        assert 1 < len(str(told.content).splitlines())
        assert "✘" in desk.text()
        await desk.press("end", "colon", "3")
        await desk.until(lambda: () == editor.marked_lines)
        assert "" == str(told.content)
        assert ("Dockerfile",) == desk.bench.unsaved


async def test_next_finding_goes_round(desk_session: ScriptedSession) -> None:
    """F8 goes from finding to finding and begins again after the last."""
    async with open_desk(desk_session) as desk:
        editor = desk.dockerfile.editor
        editor.load_text("FROM a\nRUN x\nFROM b\n")
        await desk.until(lambda: (1, 3) == editor.marked_lines)
        rows = []
        for _ in range(3):
            await desk.press("f8")
            rows.append(editor.cursor_location[0])

        assert [0, 2, 0] == rows


async def test_undo_after_a_tall_paste_does_not_crash(desk_session: ScriptedSession) -> None:
    """Undo takes back a paste of many lines, with the cursor near its end."""
    async with open_desk(desk_session) as desk:
        editor = desk.dockerfile.editor
        before = editor.text
        await desk.press("f4")
        editor.replace("RUN true\n" * 200, editor.document.end, editor.document.end)
        editor.move_cursor(editor.document.end)
        await desk.press("ctrl+z")

        assert before == editor.text


async def test_failed_check_leads_to_the_line(desk_session: ScriptedSession) -> None:
    """A finding in the list of outcomes is one Enter away from its line."""
    desk_session.script = (*building("Collecting six"), *built())
    async with open_desk(desk_session) as desk:
        desk.dockerfile.editor.load_text("# first\nFROM python\n")
        await desk.press("f5")
        await desk.until(lambda: "Not yet: 1 check failed" in desk.text())
        outcomes = desk.desk.query_one("#outcomes", OptionList)
        outcomes.focus()
        await desk.press("enter")

        assert (1, 0) == desk.dockerfile.editor.cursor_location
        assert desk.dockerfile.editor.has_focus
        assert "Collecting six" in "\n".join(desk.desk.query_one("#log", Log).lines)


async def test_outcome_tells_all_about_itself(desk_session: ScriptedSession) -> None:
    """Enter on an outcome shows why it matters and a nudge."""
    async with open_desk(desk_session) as desk:
        await desk.press("f5")
        await desk.until(lambda: "Not yet" in desk.text())
        outcomes = desk.desk.query_one("#outcomes", OptionList)
        outcomes.focus()
        outcomes.highlighted = 0
        await desk.press("enter")
        await desk.until(lambda: isinstance(desk.app.screen, Page))

        assert "An unpinned base can change between two builds." in desk.text()
        assert "Which tag did you try?" in desk.text()


async def test_mended_file_passes_and_unlocks(desk_session: ScriptedSession) -> None:
    """A check saves first; a pass says what it unlocked and the outline shows it."""
    async with open_desk(desk_session) as desk:
        await desk.press("f5")
        await desk.until(lambda: "Not yet" in desk.text())
        desk.dockerfile.editor.load_text(FIXED)
        quiz = desk.desk.query_one(QuizBlock)
        quiz.query_one("RadioSet").focus()
        await desk.press("down", "enter", "f5")
        await desk.until(lambda: "✔ Passed" in desk.text())

        assert FIXED == desk.dockerfile.path.read_text(encoding="utf-8")
        assert "Unlocked: 1.2 Layers" in desk.text()
        assert LessonState.PASSED == desk.desk.lesson_row("1.1").state
        assert () == desk.dockerfile.editor.marked_lines
        await desk.enter("/next")
        await desk.ready("1.2", "other")


async def test_layers_tab_shows_bytes_by_line(desk_session: ScriptedSession) -> None:
    """After a check the third tab has the base and each line with its bytes, and a row leads to its line."""
    async with open_desk(desk_session) as desk:
        desk.dockerfile.editor.load_text(FIXED + "COPY app.py /app.py\nRUN pip install six\n")
        await desk.press("f5")
        await desk.until(lambda: "Passed" in desk.text())
        await desk.press("f7", "f7")
        await desk.until(lambda: "1.2 MB" in desk.text())

        assert "122 MB" in desk.text()
        await desk.press("end", "enter")
        assert 2 == desk.dockerfile.editor.cursor_location[0]


async def test_running_check_shows_steps_and_stops_at_once(desk_session: ScriptedSession) -> None:
    """Steps come live with CACHED and seconds; F9 stops; then everything works again."""
    gate = Gate()
    desk_session.script = (*building("Collecting six"), gate, *built())
    async with open_desk(desk_session) as desk:
        await desk.press("f5")
        await desk.until(lambda: "CACHED" in desk.text() and "Collecting six" in desk.text())

        assert "F9 stops" in desk.text()
        assert "RUN pip install six" in desk.text()
        await desk.press("f9")
        await desk.until(lambda: "Nothing was recorded" in desk.text())
        assert desk.desk.run is None
        assert () == desk_session.attempts("tiny")
        desk_session.script = ()
        await desk.press("f5")
        await desk.until(lambda: "Not yet" in desk.text())


async def test_escape_leaves_the_editor_before_it_stops_a_check(desk_session: ScriptedSession) -> None:
    """Esc in the editor only leaves it; pressed again it stops the check."""
    gate = Gate()
    desk_session.script = (gate,)
    async with open_desk(desk_session) as desk:
        await desk.press("f4", "f5")
        await desk.until(gate.reached.is_set)
        await desk.press("escape")
        assert desk.desk.run is not None
        assert not desk.desk.run.cancel.is_set
        await desk.press("escape")
        await desk.until(lambda: desk.desk.run is None)

        assert "Nothing was recorded" in desk.text()


async def test_engine_error_is_said_with_its_remedy(desk_session: ScriptedSession) -> None:
    """An engine that is gone ends the check with the command that mends it, and records nothing."""
    from graders.errors import EngineUnavailable

    desk_session.script = (EngineUnavailable("The engine went away", hint="dockyard engine up"),)
    async with open_desk(desk_session) as desk:
        await desk.press("f5")
        await desk.until(lambda: "The engine went away" in desk.text())

        assert "dockyard engine up" in desk.notices
        assert () == desk_session.attempts("tiny")


async def test_slash_completion_offers_and_takes(desk_session: ScriptedSession) -> None:
    """The drop-up holds what fits; Tab takes it over; Enter runs the row on a half-typed command."""
    async with open_desk(desk_session) as desk:
        await desk.press("f3", "slash", "s", "t")
        bar = desk.desk.query_one(SlashBar)
        assert ("/start-1-1", "/start-1-2", "/start-2-1") == bar.candidates
        await desk.press("escape")
        assert "-open" not in bar.classes
        await desk.press("slash", *"checkl", "enter")
        await desk.until(lambda: isinstance(desk.app.screen, Page))

        assert "Checklist of level 1" in desk.text()


async def test_unknown_command_names_the_nearest(desk_session: ScriptedSession) -> None:
    """A command that does not exist is answered with the one that was meant."""
    async with open_desk(desk_session) as desk:
        await desk.enter("/chekc")

        assert "There is no command /chekc" in desk.notices
        assert "/check" in desk.notices.partition("Try")[2]


async def test_hint_solution_help_and_doctor_are_pages(desk_session: ScriptedSession) -> None:
    """Each opens over the desk; the solution only after a pass."""
    async with open_desk(desk_session) as desk:
        for line, words in (
            ("/hint", "Which tag did you write?"),
            ("/hint", "A tag pins"),
            ("/help", "Keys and commands"),
        ):
            await desk.enter(line)
            await desk.until(partial(desk.shows, words), words)
            await desk.press("escape")
        await desk.enter("/solution")
        await desk.until(lambda: "shown after you passed" in desk.notices)
        await desk.enter("/doctor")
        await desk.until(lambda: "This machine" in desk.text())

        assert "mend it:" in desk.text()


async def test_reset_asks_and_keeps_the_old_files(desk_session: ScriptedSession) -> None:
    """The starter comes back after a yes, and the edits are in a backup."""
    async with open_desk(desk_session) as desk:
        starter = desk.dockerfile.editor.text
        desk.dockerfile.editor.load_text(FIXED)
        await desk.press("ctrl+s")
        await desk.enter("/reset")
        await desk.until(lambda: isinstance(desk.app.screen, Pick))
        await desk.press("enter")
        await desk.until(lambda: starter == desk.dockerfile.editor.text)

        assert "Your files are in" in desk.notices
        assert () == desk.bench.unsaved


async def test_panes_follow_the_width(desk_session: ScriptedSession) -> None:
    """Below 100 columns one pane shows at a time, and the keys choose it; wide again, all three."""

    def shown() -> list[bool]:
        return [desk.desk.query_one(name).display for name in ("#outline", "#lesson", "#work")]

    async with open_desk(desk_session, size=(80, 24)) as desk:
        assert [False, True, False] == shown()
        await desk.press("f2")
        assert [True, False, False] == shown()
        await desk.press("f4")
        assert [False, False, True] == shown()
        assert desk.dockerfile.editor.has_focus
        await desk.pilot.resize_terminal(140, 40)
        await desk.until(lambda: [True, True, True] == shown())
        await desk.pilot.resize_terminal(60, 15)
        await desk.until(lambda: [False, False, True] == shown())


async def test_change_on_the_disk_is_loaded_when_nothing_is_unsaved(desk_session: ScriptedSession) -> None:
    """Another editor's save arrives by itself, and one undo brings the old text back."""
    async with open_desk(desk_session) as desk:
        before = desk.dockerfile.editor.text
        desk.dockerfile.path.write_text(FIXED, encoding="utf-8")
        await desk.until(lambda: FIXED == desk.dockerfile.editor.text)
        await desk.press("f4", "ctrl+z")

        assert before == desk.dockerfile.editor.text


@pytest.mark.parametrize(("keys", "kept"), [(("enter",), "# mine\n"), (("down", "enter"), FIXED)])
async def test_change_on_the_disk_asks_when_something_is_unsaved(
    desk_session: ScriptedSession, keys: tuple[str, ...], kept: str
) -> None:
    """Neither version is lost without a yes."""
    async with open_desk(desk_session) as desk:
        desk.dockerfile.editor.load_text("# mine\n")
        desk.dockerfile.path.write_text(FIXED, encoding="utf-8")
        await desk.until(lambda: isinstance(desk.app.screen, Pick))
        await desk.press(*keys)
        await desk.until(lambda: not isinstance(desk.app.screen, Pick))

        assert kept == desk.dockerfile.editor.text
        await desk.press("ctrl+s")
        assert kept == desk.dockerfile.path.read_text(encoding="utf-8")


async def test_full_disk_is_said_and_nothing_is_lost(
    desk_session: ScriptedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A save that fails says why, leaves the old file whole and the new text in the editor."""

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    async with open_desk(desk_session) as desk:
        before = desk.dockerfile.path.read_bytes()
        desk.dockerfile.editor.load_text(FIXED)
        monkeypatch.setattr(os, "fsync", full)
        await desk.press("f5")

        assert "No space left on device" in desk.notices
        assert before == desk.dockerfile.path.read_bytes()
        assert ("Dockerfile",) == desk.bench.unsaved
        assert {"Dockerfile", "app.py"} == {path.name for path in desk.dockerfile.path.parent.iterdir()}
        assert desk.desk.run is None


async def test_leaving_with_unsaved_edits_asks(desk_session: ScriptedSession) -> None:
    """Stay stays; save saves and leaves."""
    async with open_desk(desk_session) as desk:
        desk.dockerfile.editor.load_text(FIXED)
        await desk.press("ctrl+q")
        await desk.until(lambda: isinstance(desk.app.screen, Pick))
        await desk.press("down", "down", "enter")
        assert desk.app.is_running
        await desk.press("ctrl+q")
        await desk.until(lambda: isinstance(desk.app.screen, Pick))
        await desk.press("enter")

        assert FIXED == desk.dockerfile.path.read_text(encoding="utf-8")
    assert 0 == desk.app.return_code


async def test_links_are_opened_by_keys(desk_session: ScriptedSession) -> None:
    """L lists the links of the lesson; Enter on one to a locked lesson says what is missing."""
    async with open_desk(desk_session) as desk:
        assert ["link", "data lesson"] == [link.text for link in desk.desk.query_one(LessonView).links()]
        await desk.press("f3", "l")
        await desk.until(lambda: isinstance(desk.app.screen, Pick))
        await desk.press("down", "enter")
        await desk.until(lambda: isinstance(desk.app.screen, Page))

        assert "Lesson 2.1 is still locked" in desk.text()


async def test_reveal_is_filled_when_it_is_opened(desk_session: ScriptedSession) -> None:
    """What a reveal hides is not there before, and is after Enter on it."""
    async with open_desk(desk_session) as desk:
        title = desk.desk.query_one("CollapsibleTitle")
        assert "Hidden words." not in desk.text()
        title.focus()
        await desk.press("enter")
        await desk.until(lambda: "Hidden words." in desk.text())


async def test_lesson_reads_without_colour(desk_session: ScriptedSession) -> None:
    """Boxes, callouts and tables carry their meaning in characters."""
    async with open_desk(desk_session, size=(140, 60)) as desk:
        text = desk.text()

        for words in ("[x] Read this", "[ ] Do that", "▲ Warning", "base", "122 MB", "( ) The source"):
            assert words in text
