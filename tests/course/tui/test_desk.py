"""Behaviour of the desk: reading, editing, checking, unlocking, leaving."""

from __future__ import annotations

import os

import pytest
from textual.widgets import Log, OptionList, Static

from course.session import LessonState
from course.tui.screens.page import Page
from course.tui.screens.pick import Pick
from course.tui.widgets.lesson_view import LessonView
from course.tui.widgets.outline import WIDTH, Outline
from course.tui.widgets.quiz import QuizBlock
from course.tui.widgets.results import Results
from course.tui.widgets.slash_bar import SlashBar
from course.tui.widgets.step_list import StepList
from graders.engine.base import StepStatus
from graders.event import BuildStarted, Purpose
from tests.course.tui.conftest import DeskDriver, Gate, ScriptedSession, building, built, step

FIXED = "FROM python:3.11-slim\n"


@pytest.mark.asyncio(loop_scope="session")
async def test_desk_opens_where_the_learner_left_off(desk: DeskDriver) -> None:
    """The current lesson, its exercise and its files are there, and the missing engine is said in one line."""
    await desk.until(lambda: "dockyard engine up" in desk.text())

    assert ["Dockerfile", ".dockerignore"] == [buffer.name for buffer in desk.bench.buffers]
    assert "FROM python\n" == desk.dockerfile.editor.text.partition("COPY")[0]
    assert "1.1 Why containers" in desk.text()


@pytest.mark.asyncio(loop_scope="session")
async def test_typing_marks_findings_and_tells_them(desk: DeskDriver) -> None:
    """A finding has a mark in the gutter and is told below with the check's hint; mended, it goes."""
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


@pytest.mark.asyncio(loop_scope="session")
async def test_undo_after_a_tall_paste_does_not_crash(desk: DeskDriver) -> None:
    """Undo takes back a paste of many lines, with the cursor near its end."""
    editor = desk.dockerfile.editor
    before = editor.text
    await desk.press("f4")
    editor.replace("RUN true\n" * 200, editor.document.end, editor.document.end)
    editor.move_cursor(editor.document.end)
    await desk.press("ctrl+z")

    assert before == editor.text
    assert "FROM python" in desk.text()


@pytest.mark.asyncio(loop_scope="session")
async def test_failed_check_leads_to_the_line_and_tells_all(desk: DeskDriver, session: ScriptedSession) -> None:
    """Enter on a finding in the list of outcomes goes to its line; an outcome says why it matters and nudges."""
    session.script = (*building("Collecting six"), *built())
    desk.dockerfile.editor.load_text("# first\nFROM python\n")
    await desk.check("Not yet: 1 check failed")
    outcomes = desk.desk.query_one("#outcomes", OptionList)
    outcomes.focus()
    await desk.press("enter")

    assert (1, 0) == desk.dockerfile.editor.cursor_location
    assert desk.dockerfile.editor.has_focus
    assert "Collecting six" in "\n".join(desk.desk.query_one("#log", Log).lines)
    outcomes.focus()
    outcomes.highlighted = 0
    await desk.press("enter")
    await desk.until(lambda: isinstance(desk.app.screen, Page))
    assert "An unpinned base can change between two builds." in desk.text()
    assert "Which tag did you try?" in desk.text()


@pytest.mark.asyncio(loop_scope="session")
async def test_mended_file_passes_and_unlocks(desk: DeskDriver) -> None:
    """A check saves first; a pass says what it unlocked, the outline shows it, and the third tab has bytes by line."""
    mended = FIXED + "COPY app.py /app.py\nRUN pip install six\n"
    await desk.check("Not yet")
    desk.dockerfile.editor.load_text(mended)
    quiz = desk.desk.query_one(QuizBlock)
    quiz.query_one("RadioSet").focus()
    await desk.press("down", "enter")
    await desk.check("✔ Passed")

    assert mended == desk.dockerfile.path.read_text(encoding="utf-8")
    assert "Unlocked: 1.2 Layers" in desk.text()
    assert LessonState.PASSED == desk.desk.lesson_row("1.1").state
    assert () == desk.dockerfile.editor.marked_lines
    await desk.press("f7", "f7")
    await desk.until(lambda: "1.2 MB" in desk.text())
    assert "122 MB" in desk.text()
    await desk.press("end", "enter")
    assert 2 == desk.dockerfile.editor.cursor_location[0]
    await desk.enter("/next")
    await desk.ready("1.2", "other")


@pytest.mark.asyncio(loop_scope="session")
async def test_running_check_shows_steps_and_stops_at_once(desk: DeskDriver, session: ScriptedSession) -> None:
    """Steps come live with CACHED and seconds; Esc leaves the editor, then stops, and the status says which."""
    gate = Gate()
    results = desk.desk.query_one(Results)
    height = results.size.height
    session.script = (*building("Collecting six"), gate, *built())
    await desk.press("f4", "f5")
    await desk.until(lambda: "CACHED" in desk.text() and "Collecting six" in desk.text())

    assert "F9 stops" in desk.text()
    assert "RUN pip install six" in desk.text()
    assert results.size.height > height
    run = desk.desk.run
    assert run is not None
    assert not desk.shows("Esc or F9 stops")
    await desk.press("escape")
    assert run is desk.desk.run
    assert not run.cancel.is_set
    assert desk.shows("Esc or F9 stops")
    await desk.press("slash")
    assert not desk.shows("Esc or F9 stops")
    await desk.press("escape")
    assert desk.shows("Esc or F9 stops")
    await desk.press("escape")
    await desk.until(lambda: desk.desk.run is None and "Nothing was recorded" in desk.text())
    assert () == session.attempts("tiny")
    assert results.size.height == height
    session.script = ()
    await desk.check("Not yet")


@pytest.mark.asyncio(loop_scope="session")
async def test_engine_error_is_said_with_its_remedy(desk: DeskDriver, session: ScriptedSession) -> None:
    """An engine that is gone ends the check with the command that mends it, and records nothing."""
    from graders.errors import EngineUnavailable

    session.script = (EngineUnavailable("The engine went away", hint="dockyard engine up"),)
    await desk.check("The engine went away")

    assert "dockyard engine up" in desk.notices
    assert () == session.attempts("tiny")


@pytest.mark.asyncio(loop_scope="session")
async def test_slash_completion_offers_and_takes(desk: DeskDriver) -> None:
    """The drop-up holds what fits; Tab takes it over; Enter runs the row on a half-typed command."""
    await desk.press("f3", "slash", "s", "t")
    bar = desk.desk.query_one(SlashBar)
    assert ("/start-1-1", "/start-1-2", "/start-2-1") == bar.candidates
    assert bar.query_one(OptionList).display
    await desk.press("escape")
    assert not bar.query_one(OptionList).display
    await desk.press("slash", *"checkl", "enter")
    await desk.until(lambda: isinstance(desk.app.screen, Page))

    assert "Checklist of level 1" in desk.text()


@pytest.mark.asyncio(loop_scope="session")
async def test_the_bar_says_how_it_is_reached(desk: DeskDriver) -> None:
    """In the editor a slash is text, so the way to the bar begins with escape."""
    await desk.press("f3")
    await desk.until(lambda: desk.shows("Type / for commands"))
    await desk.press("f4")
    await desk.until(lambda: desk.shows("Esc, then / for commands"))


@pytest.mark.asyncio(loop_scope="session")
async def test_reset_asks_and_keeps_the_old_files(desk: DeskDriver) -> None:
    """The starter comes back after a yes, and the edits are in a backup."""
    starter = desk.dockerfile.editor.text
    desk.dockerfile.editor.load_text(FIXED)
    await desk.press("ctrl+s")
    await desk.enter("/reset")
    await desk.until(lambda: isinstance(desk.app.screen, Pick))
    await desk.press("down", "enter")
    await desk.until(lambda: starter == desk.dockerfile.editor.text)

    assert "Your files are in" in desk.notices
    assert () == desk.bench.unsaved


@pytest.mark.asyncio(loop_scope="session")
async def test_panes_follow_the_width(desk: DeskDriver) -> None:
    """Below 100 columns one pane shows at a time; keys choose it, and its name at the top. Wide again, all three."""
    outline = desk.desk.query_one(Outline)

    def shown() -> list[bool]:
        return [desk.desk.query_one(name).display for name in ("#outline", "#lesson", "#work")]

    await desk.begin_again((80, 24))
    assert [False, True, False] == shown()
    await desk.press("f2")
    assert [True, False, False] == shown()
    assert 80 == outline.outer_size.width
    await desk.press("f4")
    assert [False, False, True] == shown()
    assert desk.dockerfile.editor.has_focus
    for name, column in (("outline", 3), ("editor", 20), ("lesson", 11)):
        await desk.pilot.click("#top", offset=(column, 0))
        await desk.until(lambda name=name: name == desk.desk.pane, name)  # type: ignore[misc]
    await desk.press("f2")
    await desk.pilot.resize_terminal(140, 40)
    await desk.until(lambda: [True, True, True] == shown())
    assert WIDTH == outline.outer_size.width
    await desk.pilot.resize_terminal(60, 15)
    await desk.until(lambda: [True, False, False] == shown())
    assert 60 == outline.outer_size.width


@pytest.mark.asyncio(loop_scope="session")
async def test_change_on_the_disk_is_loaded_when_nothing_is_unsaved(desk: DeskDriver) -> None:
    """Another editor's save arrives by itself, and one undo brings the old text back."""
    before = desk.dockerfile.editor.text
    desk.dockerfile.path.write_text(FIXED, encoding="utf-8")
    await desk.until(lambda: FIXED == desk.dockerfile.editor.text)
    await desk.press("f4", "ctrl+z")

    assert before == desk.dockerfile.editor.text


@pytest.mark.asyncio(loop_scope="session")
async def test_change_on_the_disk_asks_when_something_is_unsaved(desk: DeskDriver) -> None:
    """Neither version is lost without a yes."""
    mine, theirs = "# mine\n", "FROM scratch\n"
    for keys, text, kept in ((("down", "enter"), FIXED, FIXED), (("enter",), theirs, mine)):
        desk.dockerfile.editor.load_text(mine)
        desk.dockerfile.path.write_text(text, encoding="utf-8")
        await desk.until(lambda: isinstance(desk.app.screen, Pick))
        await desk.press(*keys)
        await desk.until(lambda: not isinstance(desk.app.screen, Pick))

        assert kept == desk.dockerfile.editor.text
        await desk.press("ctrl+s")
        assert kept == desk.dockerfile.path.read_text(encoding="utf-8")


@pytest.mark.asyncio(loop_scope="session")
async def test_full_disk_is_said_and_nothing_is_lost(desk: DeskDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A save that fails says why, leaves the old file whole and the new text in the editor."""

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    before = desk.dockerfile.path.read_bytes()
    desk.dockerfile.editor.load_text(FIXED)
    monkeypatch.setattr(os, "fsync", full)
    await desk.press("f5")

    assert "No space left on device" in desk.notices
    assert before == desk.dockerfile.path.read_bytes()
    assert ("Dockerfile",) == desk.bench.unsaved
    assert {"Dockerfile", "app.py"} == {path.name for path in desk.dockerfile.path.parent.iterdir()}
    assert desk.desk.run is None


@pytest.mark.asyncio(loop_scope="session")
async def test_links_are_opened_by_keys(desk: DeskDriver) -> None:
    """L lists the links of the lesson; Enter on one to a locked lesson says what is missing."""
    assert ["link", "data lesson"] == [link.text for link in desk.desk.query_one(LessonView).links()]
    await desk.press("f3", "l")
    await desk.until(lambda: isinstance(desk.app.screen, Pick))
    await desk.press("down", "enter")
    await desk.until(lambda: isinstance(desk.app.screen, Page))

    assert "Lesson 2.1 is still locked" in desk.text()


@pytest.mark.asyncio(loop_scope="session")
async def test_lesson_reads_without_colour(desk: DeskDriver) -> None:
    """Boxes, callouts and tables carry their meaning in characters; what a reveal hides comes after Enter on it."""
    await desk.begin_again((140, 60))
    text = desk.text()

    for words in ("[x] Read this", "[ ] Do that", "▲ Warning", "base", "122 MB", "( ) The source"):
        assert words in text
    assert "Hidden words." not in text
    desk.desk.query_one("CollapsibleTitle").focus()
    await desk.press("enter")
    await desk.until(lambda: "Hidden words." in desk.text())


@pytest.mark.asyncio(loop_scope="session")
async def test_checklist_is_exported_from_its_page(desk: DeskDriver, session: ScriptedSession) -> None:
    """E on the page asks for the format; the file lies in the folder of the exercises."""
    await desk.enter("/checklist 1")
    await desk.until(lambda: desk.shows("E exports it"))
    await desk.press("e")
    await desk.until(lambda: desk.shows("How shall it be written?"))
    await desk.press("down", "enter")
    path = session.paths.workspace / "checklist-1.md"
    await desk.until(path.is_file, "the file")
    await desk.until(lambda: "Written:" in desk.notices)

    assert "# Checklist of level 1" in path.read_text()


@pytest.mark.asyncio(loop_scope="session")
async def test_checklist_without_a_line_is_not_said_to_be_done(desk: DeskDriver) -> None:
    """A level that asks for nothing proves nothing."""
    await desk.enter("/checklist 2")
    await desk.until(lambda: isinstance(desk.app.screen, Page))

    assert desk.shows("Level 2 asks for nothing.")
    assert not desk.shows("All done")


@pytest.mark.asyncio(loop_scope="session")
async def test_steps_of_the_engine_itself_show_only_when_they_fail(desk: DeskDriver) -> None:
    """The list holds the learner's instructions as they wrote them, and the engine's own work when it fails."""
    steps = desk.desk.query_one(StepList)
    steps.apply(BuildStarted(Purpose.GRADED))
    steps.apply(step("[internal] load build context", StepStatus.DONE))
    steps.apply(step("copy /context /", StepStatus.RUNNING))
    steps.apply(step("[builder 2/4] RUN pip install six", StepStatus.DONE, line=3))
    steps.apply(step("[1/4] FROM docker.io/library/python:3.11-slim", StepStatus.CACHED, line=1))
    seen = steps.plain_text

    assert "copy /context" not in seen
    assert "[internal]" not in seen
    assert "[builder" not in seen
    assert "RUN pip install six" in seen
    assert "FROM python:3.11-slim" in seen
    assert "" == steps.current
    steps.apply(step("[internal] load build context", StepStatus.FAILED))
    assert "[internal] load build context" in steps.plain_text
