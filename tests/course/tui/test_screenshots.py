"""Pictures of the desk's main states, made the same way each time and kept in docs/screenshots.

To make them again: `python -m tests.course.tui.test_screenshots`.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.widgets import OptionList

from course.tui.look import TOOLKIT_THEMES
from course.tui.screens.page import Page
from graders.engine.base import EngineInfo
from tests.course.tui.conftest import (
    DeskDriver,
    Gate,
    ScriptedSession,
    building,
    built,
    make_desk_session,
    open_desk,
    report_of,
)
from tests.rows import rows

ROOT = Path(__file__).parents[3]
KEPT = ROOT / "docs" / "screenshots"
LESSON, EXERCISE = "1.4", "ship-the-classifier"
OF_THE_COURSE = ("lesson", "finding", "commands", "locked")
"""States shown with the course itself; the others with the small course and a grader that follows a script."""
ENGINE = EngineInfo("docker", "20.10.24", "1.41", "overlay2", "buildkit", "unix:///run/docker.sock")
SIZES = ((140, 40), (80, 24))
PIP = (
    "Collecting six==1.17.0",
    "  Downloading six-1.17.0-py2.py3-none-any.whl (11 kB)",
    "Installing collected packages: six",
    "Successfully installed six-1.17.0",
)
STARTER = 'FROM python\nCOPY app.py /app.py\nRUN pip install six\nCMD ["python", "/app.py"]\n'


async def show_lesson(desk: DeskDriver, session: ScriptedSession) -> None:
    """A lesson, read."""


async def show_finding(desk: DeskDriver, session: ScriptedSession) -> None:
    """A finding in the editor, told below it."""
    await desk.press("f4")
    await desk.until(lambda: desk.dockerfile.editor.marked_lines)
    await desk.press("f8")


async def show_build(desk: DeskDriver, session: ScriptedSession) -> None:
    """A build under way."""
    gate = Gate()
    session.script = (*building(*PIP), gate)
    await edit(desk, STARTER.replace("python\n", "python:3.11-slim\n", 1))
    await desk.press("f5")
    await desk.until(lambda: gate.reached.is_set() and desk.shows("Successfully"))
    await desk.until(lambda: "F9 stops" in desk.text())


async def show_failed(desk: DeskDriver, session: ScriptedSession) -> None:
    """A check that failed."""
    session.script = (*building(*PIP), *built())
    await edit(desk, STARTER)
    await desk.check("Not yet")
    desk.desk.query_one("#outcomes", OptionList).focus()


async def show_passed(desk: DeskDriver, session: ScriptedSession) -> None:
    """A check that passed, and what it unlocked."""
    session.answer("1.1", "layer-order", 1)
    await edit(desk, STARTER.replace("python\n", "python:3.11-slim\n", 1))
    await desk.check("Unlocked")


async def show_commands(desk: DeskDriver, session: ScriptedSession) -> None:
    """The slash bar with its completions."""
    await desk.press("f3", "slash", "s")


async def show_locked(desk: DeskDriver, session: ScriptedSession) -> None:
    """A lesson that is still locked."""
    await desk.enter("/start-2-1")
    await desk.until(lambda: isinstance(desk.app.screen, Page))


State = Callable[[DeskDriver, ScriptedSession], Awaitable[None]]
STATES: dict[str, State] = {
    "lesson": show_lesson,
    "finding": show_finding,
    "build": show_build,
    "failed": show_failed,
    "passed": show_passed,
    "commands": show_commands,
    "locked": show_locked,
}


async def edit(desk: DeskDriver, text: str) -> None:
    """Put a text into the Dockerfile and save it, with the editor in front."""
    await desk.press("f4")
    desk.dockerfile.editor.load_text(text)
    await desk.press("ctrl+s")
    desk.app.clear_notifications()
    await desk.until(lambda: not desk.bench.unsaved)


async def pictures(
    session: ScriptedSession, name: str, size: tuple[int, int], themes: tuple[str, ...] = ("dark",)
) -> list[str]:
    """The SVG of one state in each theme."""
    session.engine = ENGINE
    real = session.paths.content == ROOT
    if real:
        read_on(session)
    number, exercise = (LESSON, EXERCISE) if real else ("1.1", "tiny")
    found = []
    async with open_desk(session, size=size, number=number, exercise=exercise) as desk:
        desk.app.still = True  # a cursor that blinks is in one picture and not in the next
        await desk.until(lambda: desk.shows(ENGINE.version))
        await STATES[name](desk, session)
        busy = ("findings", "opening", "engine")
        await desk.until(lambda: not any(w.group in busy and w.is_running for w in desk.app.workers))
        for theme in themes:
            desk.app.theme = TOOLKIT_THEMES[theme]
            desk.app.clear_notifications()
            await desk.pilot.pause()
            svg = desk.app.export_screenshot(title="Dockyard", simplify=True)
            found.append(re.sub(r"terminal-\d+", "terminal-1", svg))
    return found


def read_on(session: ScriptedSession) -> None:
    """Pass everything before the lesson that is shown, and open that with its last exercise."""
    for number in session.catalog.slugs:
        result = session.start_lesson(number)
        assert result.lesson is not None
        last = number == LESSON
        row = next(row for level in session.outline() for row in level.lessons if row.number == number)
        for exercise in row.exercises[: -1 if last else None]:
            session._record(report_of(exercise.id, ()))
        if last:
            return
        for quiz in result.lesson.quizzes:
            session.answer(number, quiz.id, quiz.answer)


def file_of(name: str, size: tuple[int, int], theme: str) -> str:
    """Where a picture is kept."""
    return f"{name}-{size[0]}x{size[1]}{'' if theme == 'dark' else f'-{theme}'}.svg"


async def test_pictures_are_the_same_each_time(tmp_path: Path) -> None:
    """Two pictures of one state are equal, so a changed picture in a commit means a changed desk."""
    made = []
    for turn in ("first", "second"):
        session = make_desk_session(tmp_path / turn)
        made.append(await pictures(session, "passed", (80, 24)))
        session.close()

    assert made[0] == made[1]


def test_no_picture_is_left_over() -> None:
    """The pictures that are kept are those of the states, no more and no fewer."""
    wanted = {file_of(name, size, theme) for name in STATES for size in SIZES for theme in TOOLKIT_THEMES}

    assert wanted == {path.name for path in KEPT.glob("*.svg")}


@rows("name", STATES)
def test_picture_is_kept(name: str) -> None:
    """Each state has its picture at both sizes in each theme."""
    for size in SIZES:
        for theme in TOOLKIT_THEMES:
            assert (KEPT / file_of(name, size, theme)).read_text(encoding="utf-8").startswith("<svg")


def main() -> None:
    """Make all pictures again, or those of the states that are named."""
    KEPT.mkdir(parents=True, exist_ok=True)
    themes = tuple(TOOLKIT_THEMES)
    for name in sys.argv[1:] or STATES:
        for size in SIZES:
            with tempfile.TemporaryDirectory() as folder:
                session = make_desk_session(Path(folder), ROOT if name in OF_THE_COURSE else None)
                made = asyncio.run(pictures(session, name, size, themes))
                session.close()
            for theme, svg in zip(themes, made, strict=True):
                (KEPT / file_of(name, size, theme)).write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
