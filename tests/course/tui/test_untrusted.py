"""Hostile text at the desk: markup stays text, and no control sequence reaches the terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.segment import Segment
from textual.color import Color
from textual.widgets import OptionList

from course.tui.disk_file import LARGEST_FILE_BYTES, read_file
from course.tui.guard import ControlGuard, visible
from graders.event import CheckFinished, Notice
from graders.finding import Finding
from tests.course.tui.conftest import DeskDriver, ScriptedSession, building, report_of
from tests.rows import rows

EVIL = "[/x] [bold]b[/bold] \x1b]52;c;aGk=\x07 \x1b[2J \x9b31m \u202etxt"
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def assert_harmless(desk: DeskDriver) -> None:
    """Nothing that is painted holds a control character."""
    painted = desk.text()
    filtered = [
        segment.text
        for row in desk.app.screen._compositor.render_strips()
        for segment in ControlGuard().apply(list(row), Color.parse("black"))
    ]

    assert not CONTROLS.search("".join(filtered)), painted


@pytest.mark.asyncio(loop_scope="session")
async def test_dockerfile_text_is_only_text(desk: DeskDriver) -> None:
    """Markup and escape sequences in a Dockerfile crash neither desk nor page, and are saved as they were."""
    text = f"FROM {EVIL}\n".replace(":", "")
    desk.dockerfile.editor.load_text(text)
    await desk.until(lambda: (1,) == desk.dockerfile.editor.marked_lines)
    await desk.press("f4")
    await desk.check("Not yet")

    assert "[/x] [bold]b[/bold]" in desk.text()
    assert_harmless(desk)
    assert text == desk.dockerfile.path.read_text(encoding="utf-8")
    outcomes = desk.desk.query_one("#outcomes", OptionList)
    outcomes.focus()
    outcomes.highlighted = 0
    await desk.press("enter")
    await desk.until(lambda: "Why it matters" in desk.text())

    assert "FROM [/x] [bold]b[/bold]" in desk.text()
    assert_harmless(desk)


@pytest.mark.asyncio(loop_scope="session")
async def test_log_and_findings_are_only_text(desk: DeskDriver, session: ScriptedSession) -> None:
    """The build's log, a notice and a finding of the grader's may hold anything."""
    failed = replace(report_of("tiny", (("x", Finding(EVIL, file=EVIL, line=3, hint=EVIL)),)).outcomes[0], claim=EVIL)
    session.script = (*building(EVIL), CheckFinished(failed), Notice(EVIL))
    await desk.check("Not yet")
    assert_harmless(desk)
    await desk.press("f7")
    await desk.until(lambda: "[/x] [bold]b[/bold]" in desk.text())

    assert_harmless(desk)


@pytest.mark.asyncio(loop_scope="session")
async def test_files_from_outside_are_only_text_and_keep_their_bytes(
    desk: DeskDriver, session: ScriptedSession
) -> None:
    """A name that is markup with an escape sequence gets a tab; line ends and byte order mark survive a save."""
    session.unlock_all = True
    folder = session.start_exercise("other")
    (folder / "[bold]\x1b[2J.sh").write_text("#!/bin/sh\n", encoding="utf-8")
    (folder / "Dockerfile").write_bytes(b"\xef\xbb\xbfFROM python:3\r\nCMD x\r\n")
    await desk.open_second_lesson()
    await desk.press("f6", "f6")

    assert "[bold]" in desk.text()
    assert_harmless(desk)
    await desk.press("f6")
    desk.dockerfile.editor.move_cursor(desk.dockerfile.editor.document.end)
    await desk.press("y", "ctrl+s")
    assert b"\xef\xbb\xbfFROM python:3\r\nCMD x\r\ny" == (folder / "Dockerfile").read_bytes()


def test_guard_drops_control_characters_and_keeps_the_width() -> None:
    """The filter lets text through and takes out what Textual counts as zero cells wide."""
    out = ControlGuard().apply([Segment("plain"), Segment("a\x1b]52;c;x\x07b\u202e")], Color.parse("black"))

    assert ["plain", "a]52;c;xb"] == [segment.text for segment in out]


def test_editor_shows_control_characters() -> None:
    """Each becomes one visible character; tabs stay."""
    assert "a\u241bb\tc\ufffd" == visible("a\x1bb\tc\u202e")


@rows("kind", ["link", "fifo", "folder", "binary", "huge"])
def test_what_cannot_be_edited_is_said(tmp_path: Path, kind: str) -> None:
    """No link is followed, nothing blocks, and the reason is a sentence."""
    import os

    path = tmp_path / "Dockerfile"
    match kind:
        case "link":
            path.symlink_to("/etc/hostname")
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "binary":
            path.write_bytes(b"\xff\xfe\x00")
        case _:
            path.write_bytes(b"x" * (LARGEST_FILE_BYTES + 1))

    read = read_file(path)

    assert "" == read.text
    assert read.problem.startswith("Dockerfile ")
