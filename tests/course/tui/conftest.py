"""Owns the desk under test: a real session over a small course, with checks that follow a script."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest
import pytest_asyncio
from textual.content import Content
from textual.events import Key, Paste
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Collapsible

from course.event import SessionEvent
from course.paths import Paths
from course.session import Session
from course.tui.app import Dockyard
from course.tui.look import TOOLKIT_THEMES
from course.tui.open_desks import folder_of
from course.tui.screens.desk import Desk
from course.tui.widgets.lesson_view import LessonView
from course.tui.widgets.marked_bench import Buffer
from course.tui.widgets.results import Results
from course.tui.widgets.slash_bar import SlashBar
from course.tui.widgets.workbench import Workbench
from graders.cancel import Cancel
from graders.engine.base import BuildStep, Engine, EngineInfo, StepStatus
from graders.errors import EngineUnavailable, GraderError
from graders.event import (
    BasePreparing,
    BuildFinished,
    BuildLog,
    BuildStarted,
    BuildStepChanged,
    CheckFinished,
    GradeFinished,
    GradeStarted,
    PlannedCheck,
    Purpose,
    StageStarted,
)
from graders.finding import Finding
from graders.outcome import Level, Outcome, Status
from graders.report import BuildSummary, ImageSummary, Report, StepSummary
from tests.course.conftest import COURSE, HINTS, SOLUTION, STARTER, TINY, write

LOOK_S = 0.03
"""How often a test looks whether it has happened."""

TURN_S = 0.005
"""How long a test waits for a thread or a timer before it looks again."""

SIZE = (140, 40)
"""Columns and rows of the terminal."""

PAINT_S = 1.0
"""How often the toolkit lays the desk out by itself, not 60 times a second: a test does so when it waits."""

BUSY_TURNS = 100
"""Turns of the loop after which something other than the next turn is awaited."""

PATIENCE_S = 40.0
"""How long a test waits for something that must happen."""

LESSON = """\
Opening words with `code` and a [link](https://example.org/page).

> [!WARNING]
> Never put a secret into `ENV`.

- [x] Read this
- [ ] Do that

## A table

| layer | size |
|---|--:|
| base | 122 MB |

<details><summary>The answer</summary>

Hidden words.

</details>

```quiz
id: layer-order
question: What is copied first?
choices:
  - The source
  - The requirements
answer: 1
why:
  - Then every change installs again.
  - "Right: they change least."
```

## The end

See the [data lesson](../data/lesson.md).
"""

LAYERS = """\
About layers.

```builds
other
```

```dockerfile
FROM python:3.11-slim
CMD ["python"]
```

```sh
docker ps
```
"""
"""Of the second lesson: the learner's own builds, and code. The first has none of either."""

CHARACTERS = {" ": "space", "/": "slash", "-": "minus", ":": "colon"}
"""Character -> the key that types it."""

TYPED = {key: character for character, key in CHARACTERS.items()}
"""Key -> the character that it types."""

TABLES = ("outcomes", "passes", "attempts", "hints", "answers", "openings", "give_ups")
"""Those of the progress file."""

QUIET_LOOKS = 3
"""How many turns of the loop in a row must find nothing to do."""


class Gate:
    """A place in a script where the check waits: until the test opens it or the check is stopped."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._opened = threading.Event()

    def open(self) -> None:
        """Let the check go on."""
        self._opened.set()

    def wait(self, cancel: Cancel) -> None:
        """Block as an engine does."""
        self.reached.set()
        while not self._opened.wait(0.01):
            cancel.raise_if_set()


class ScriptedSession(Session):
    """A real session whose grader is a script: its report is made from the Dockerfile in the workspace."""

    script: tuple[SessionEvent | Gate | GraderError, ...] = ()
    engine: EngineInfo | None = None
    """The engine that answers; None: none does."""

    def forget(self) -> None:
        """The learner has done nothing yet."""
        with closing(sqlite3.connect(self.paths.state / "progress.db")) as connection, connection:
            for table in TABLES:
                connection.execute(f"DELETE FROM {table}")

    def engine_info(self) -> EngineInfo:
        """The scripted engine, if there is one."""
        return self.engine or super().engine_info()

    def static_findings(self, exercise: str, dockerfile: str) -> tuple[tuple[str, Finding], ...]:
        """One finding for each FROM that names no version; of an exercise of the course itself, the real ones."""
        if exercise not in ("tiny", "other"):
            return super().static_findings(exercise, dockerfile)
        lines = enumerate(dockerfile.split("\n"), 1)
        return tuple(
            ("unpinned-base", Finding(f"{text.strip()} names no version", line=line))
            for line, text in lines
            if text.startswith("FROM") and (":" not in text or text.endswith(":latest"))
        )

    def check(
        self,
        exercise: str,
        *,
        path: Path | None = None,
        static_only: bool = False,
        fresh: bool = False,
        cancel: Cancel | None = None,
    ) -> Generator[SessionEvent]:
        """Follow the script, then report what the file on the disk deserves."""
        cancel = cancel or Cancel()
        for item in self.script:
            cancel.raise_if_set()
            if isinstance(item, Gate):
                item.wait(cancel)
            elif isinstance(item, GraderError):
                raise item
            else:
                yield item
        text = (self.workspace.folder(exercise) / "Dockerfile").read_text(encoding="utf-8")
        report = report_of(exercise, self.static_findings(exercise, text))
        yield GradeFinished(report)
        yield self._record(report)


def report_of(exercise: str, findings: tuple[tuple[str, Finding], ...]) -> Report:
    """A report with one check of the text and one of the image; both fail when there are findings."""
    bad = tuple(finding for _, finding in findings)
    status = Status.FAILED if bad else Status.PASSED
    outcomes = (
        Outcome(
            "unpinned-base",
            "Every base image names a fixed version",
            Level.DOCKERFILE,
            status,
            points=0 if bad else 2,
            max_points=2,
            findings=bad,
            why="An unpinned base can change between two builds.",
            hint="Which tag did you try?",
        ),
        Outcome("build-fails", "The image builds", Level.IMAGE, Status.PASSED, points=1, max_points=1, elapsed_s=2.0),
    )
    steps = (
        StepSummary(1, "FROM python:3.11-slim", cached=True, elapsed_s=0.0, bytes=None),
        StepSummary(2, "COPY app.py /app.py", cached=False, elapsed_s=0.1, bytes=3_700),
        StepSummary(3, "RUN pip install six", cached=False, elapsed_s=2.2, bytes=1_200_000),
    )
    return Report(
        exercise=exercise,
        outcomes=outcomes,
        content_sha256="0" * 64,
        started_at="2026-03-14T15:09:26Z",
        elapsed_s=3.0,
        build=BuildSummary(2.5, steps),
        image=ImageSummary("sha256:1", 123_203_700, base_size_bytes=122_000_000),
    )


PLANNED = GradeStarted(
    "tiny",
    (
        PlannedCheck("unpinned-base", "Every base image names a fixed version", Level.DOCKERFILE, required=True),
        PlannedCheck("build-fails", "The image builds", Level.IMAGE, required=True),
    ),
)


def step(name: str, status: StepStatus, *, line: int | None = None, elapsed_s: float = 0.0) -> BuildStepChanged:
    """A step of the graded build changed."""
    return BuildStepChanged(Purpose.GRADED, BuildStep(name, name, status, elapsed_s=elapsed_s, line=line))


def building(*lines: str) -> tuple[SessionEvent, ...]:
    """A check that has got as far as a running build which printed these lines."""
    return (
        PLANNED,
        CheckFinished(report_of("tiny", ()).outcomes[0]),
        StageStarted(Level.IMAGE, "Building the image"),
        BasePreparing("python:3.11-slim", "Preparing python:3.11-slim", 0.5),
        BuildStarted(Purpose.GRADED),
        step("[1/3] FROM python:3.11-slim", StepStatus.CACHED, line=1),
        step("[2/3] COPY app.py /app.py", StepStatus.DONE, line=2, elapsed_s=0.1),
        step("[3/3] RUN pip install six", StepStatus.RUNNING, line=3),
        BuildLog(Purpose.GRADED, lines),
    )


def built() -> tuple[SessionEvent, ...]:
    """The end of that build."""
    return (
        step("[3/3] RUN pip install six", StepStatus.DONE, line=3, elapsed_s=2.2),
        BuildFinished(Purpose.GRADED, 2.5),
    )


def no_engine() -> Engine:
    """What opening an engine does on a machine without one."""
    raise EngineUnavailable("No container engine answers", hint="dockyard engine up")


def write_small_course(root: Path) -> Path:
    """The small course with a lesson of every block, and checks of the text only."""
    write(root / "lessons" / "course.toml", COURSE)
    head = "---\ntitle: {title}\nminutes: 10\nobjectives: [Say what an image is]\nexercises: [{exercises}]\n---\n\n"
    write(root / "lessons/why/lesson.md", head.format(title="Why containers", exercises="tiny") + LESSON)
    write(root / "lessons/layers/lesson.md", head.format(title="Layers", exercises="other") + LAYERS)
    write(root / "lessons/data/lesson.md", head.format(title="Data", exercises="") + "About data.\n")
    for name, title in (("tiny", "A tiny image"), ("other", "Another image")):
        exercise = root / "exercises" / name
        write(exercise / "exercise.toml", TINY.replace('"tiny"', f'"{name}"').replace("A tiny image", title))
        write(exercise / "hints.md", HINTS)
        for folder, dockerfile in (("starter", STARTER), ("solution", SOLUTION)):
            write(exercise / folder / "Dockerfile", dockerfile)
            write(exercise / folder / "app.py", "print('hello')\n")
    write(root / "exercises/other/starter/README.md", "# What is asked\n\nPin the base.\n")
    write(root / "exercises/other/reveal.md", "## No version\nchecks: unpinned-base\n\nIt *moves*.\n")
    return root


def make_desk_session(folder: Path, content: Path | None = None) -> ScriptedSession:
    """A session with nothing done, of the course in `content`, else of the small one."""
    return ScriptedSession(
        Paths(
            content=content or write_small_course(folder / "content"),
            state=folder / "state",
            workspace=folder / "workspace",
        ),
        environ={},
        open_engine=no_engine,
        now=lambda: datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC),
        nonce=lambda: "0123456789abcdef",
    )


@pytest.fixture
def desk_session(tmp_path: Path) -> Iterator[ScriptedSession]:
    """A session of the small course, with nothing done."""
    session = make_desk_session(tmp_path)
    yield session
    session.close()


class DeskDriver:
    """The desk with hands: keys, and waiting for what must happen."""

    def __init__(self, pilot: Pilot[None]) -> None:
        assert isinstance(pilot.app, Dockyard)
        self.app: Dockyard = pilot.app
        self.pilot = pilot

    @property
    def desk(self) -> Desk:
        """The main screen."""
        return self.app.desk

    @property
    def bench(self) -> Workbench:
        """The editors."""
        return self.desk.query_one(Workbench)

    @property
    def dockerfile(self) -> Buffer:
        """The Dockerfile of the open exercise."""
        return self.bench.buffers[0]

    async def press(self, *keys: str) -> None:
        """Press keys, as fast as a program does, and wait until they have had their effect."""
        self._post_keys(*keys)
        await self.settle()

    def _post_keys(self, *keys: str) -> None:
        for key in keys:
            name = CHARACTERS.get(key, key)
            self.app.post_message(Key(name, key if len(key) == 1 else TYPED.get(name)))

    async def enter(self, line: str) -> None:
        """Enter a slash command from anywhere. All but its slash is pasted, which is one change of the line."""
        self._post_keys("f3", "slash")
        self.app.post_message(Paste(line.removeprefix("/")))
        await self.press("enter")

    async def check(self, words: str) -> None:
        """Press F5, and wait for the end of the check, which shows these words. No picture is painted meanwhile."""
        await self.press("f5")
        await self.until(lambda: self.desk.run is None, "the end of the check")
        if not self.shows(words):
            pytest.fail(f"The check did not end with {words!r}\n{self.text()}")

    async def settle(self) -> None:
        """Wait until no message is on its way and everything is painted; threads may still be at work.

        The toolkit's own wait sends a message to each widget and sleeps until the processor is idle, for each key.
        """
        deadline = time.monotonic() + PATIENCE_S
        quiet = turns = 0
        while quiet < QUIET_LOOKS:
            turns += 1
            await asyncio.sleep(0 if turns % BUSY_TURNS else TURN_S)
            if self.app._exception is not None or self.app.return_code is not None or not self.app.is_running:
                return
            screen = self.app.screen
            # No widget is asked before the keys are through: that takes hundreds of turns.
            if turns % BUSY_TURNS and (not self.app.typed_ahead.idle or self._has_messages(screen)):
                quiet = 0
                if time.monotonic() > deadline:
                    pytest.fail(f"The desk comes to no rest\n{self.text()}")
            elif self._is_to_be_painted(screen):
                quiet = 0
                screen._on_timer_update()
            elif self.app.typed_ahead.idle:
                quiet += 1

    def _has_messages(self, screen: Screen[object]) -> bool:
        pumps = (self.app, *screen.walk_children(with_self=True))
        return any(pump.message_queue_size for pump in pumps)

    def _is_to_be_painted(self, screen: Screen[object]) -> bool:
        waiting = (screen._dirty_widgets, screen._callbacks, screen._repaint_required, screen._recompose_required)
        return screen._layout_required or screen._scroll_required or any(waiting)

    async def until(self, holds: Callable[[], object], what: str = "") -> None:
        """Wait until something holds; fail when it does not in time."""
        if holds():
            return
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            if time.monotonic() > deadline or self.app._exception is not None:
                pytest.fail(f"Waited in vain: {what or holds}\n{self.text()}")
            await asyncio.sleep(LOOK_S)
            await self.settle()

    async def ready(self, number: str = "1.1", exercise: str = "tiny") -> None:
        """Wait until a lesson and its exercise are there: tabs that are still being made break when the app ends."""
        await self.until(lambda: self.desk.query(LessonView), "the desk")
        lesson = self.desk.query_one(LessonView)
        await self.until(
            lambda: (
                self.desk.number == number
                and lesson.complete
                and self.bench.exercise == exercise
                and not self.desk.opening_exercise
            ),
            f"lesson {number}",
        )

    async def open_second_lesson(self) -> None:
        """Open the second lesson with its exercise, locked or not."""
        self.app.session.unlock_all = True
        self.desk.open_lesson("1.2", "other")
        await self.ready("1.2", "other")

    async def reopen_lesson(self) -> None:
        """Open the first lesson anew."""
        self.desk.query_one(LessonView).complete = False
        self.desk.open_lesson("1.1", "tiny")
        await self.ready()

    async def begin_again(self, size: tuple[int, int] = SIZE) -> None:
        """The desk as a learner who has done nothing opens it: the lesson, the starter's files, no results."""
        session = self.app.session
        assert isinstance(session, ScriptedSession)
        session.script, session.unlock_all = (), False
        if self.desk.run is not None:
            self.desk.run.cancel.set()
            await self.until(lambda: self.desk.run is None, "the end of the check")
        while self.app.screen is not self.desk:
            await self.app.pop_screen()
        if size != self.app.size:
            await self.pilot.resize_terminal(*size)
        self.app.theme = TOOLKIT_THEMES["dark"]
        lesson = self.desk.query_one(LessonView)
        lesson.mark(None)
        lesson.scroll_home(animate=False)
        await self._forget_everything(session)
        self.desk.query_one(Results).clear(Content(""))
        self.desk.query_one(Results).show_tab("tab-checks")
        self.desk.query_one(SlashBar).close()
        self.desk.show_pane("lesson")
        lesson.focus()
        lesson.scroll_home(animate=False)
        await self.until(lambda: (1,) == self.dockerfile.editor.marked_lines, "the finding of the starter")
        await self.settle()
        self.app.clear_notifications()

    async def _forget_everything(self, session: ScriptedSession) -> None:
        """Progress, edits, and what the desk remembers of both."""
        is_elsewhere = self.desk.number != "1.1"
        is_changed = is_elsewhere or bool(session.answers("1.1"))
        session.forget()
        self.desk.memory._places.clear()
        for copy in folder_of(session.paths.state, session.paths.workspace).glob("*.edits"):
            copy.unlink()
        self.desk._reports.clear()
        self.desk._changes.clear()
        self.desk._sought, self.desk._found = "", -1
        folder = session.workspace.folder("tiny")
        (folder / ".dockerignore").unlink(missing_ok=True)
        (folder / "Dockerfile").write_text(STARTER, encoding="utf-8")
        self.bench.discard()
        if is_changed:
            await self.reopen_lesson()
        for reveal in self.desk.query(Collapsible):
            reveal.collapsed = True
        if is_elsewhere:
            shutil.rmtree(session.workspace.folder("other"))
        self.desk.refresh_outline()
        self.bench.forget_report()
        self.bench.show_file("Dockerfile")
        self.dockerfile.editor.history.clear()
        self.dockerfile.editor.move_cursor((0, 0))

    def text(self) -> str:
        """What is on the screen, line by line."""
        rows = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in row) for row in rows)

    def shows(self, words: str) -> bool:
        """Whether the screen shows these words."""
        return words in self.text()

    @property
    def notices(self) -> str:
        """What the notifications say."""
        return "\n".join(f"{item.title} {item.message}" for item in self.app._notifications)


def stay_unpainted(screen: Screen[object]) -> None:
    """Instead of painting what nobody looks at, which is half the work of a test: `DeskDriver.text` paints it all."""
    screen._dirty_widgets.clear()
    screen._compositor._dirty_regions.clear()
    screen.app._update_mouse_over(screen)


@contextmanager
def unpainted() -> Iterator[None]:
    """As long as this lasts, a screen is painted only where a test looks at it."""
    with patch("textual.screen.UPDATE_PERIOD", PAINT_S), patch.object(Screen, "_compositor_refresh", stay_unpainted):
        yield


def make_app(session: Session, *, welcome: bool = False) -> Dockyard:
    """The program over a session, not run yet; without `welcome` as on a later visit."""
    app = Dockyard(session, clock=lambda: 0.0, environ={"TERM": "xterm-256color"})
    if not welcome:
        app.memory.welcome()
    app.animation_level = "none"
    return app


@asynccontextmanager
async def open_desk(
    session: Session,
    *,
    size: tuple[int, int] = SIZE,
    number: str = "1.1",
    exercise: str = "tiny",
    welcome: bool = False,
) -> AsyncIterator[DeskDriver]:
    """The desk over a session, ready for keys; without `welcome` as on a later visit."""
    with unpainted():
        async with make_app(session, welcome=welcome).run_test(size=size, notifications=True) as pilot:
            driver = DeskDriver(pilot)
            await driver.ready(number, exercise)
            yield driver


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def open_all_along(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DeskDriver]:
    """One desk for all tests that don't open or leave one: to open it takes longer than most of them."""
    session = make_desk_session(tmp_path_factory.mktemp("desk"))
    async with AsyncExitStack() as stack:
        # From the start, for a screen keeps the period that it was made with.
        with unpainted():
            driver = DeskDriver(
                await stack.enter_async_context(make_app(session).run_test(size=SIZE, notifications=True))
            )
            await driver.ready()
        yield driver
    session.close()


@pytest_asyncio.fixture(loop_scope="session")
async def desk(open_all_along: DeskDriver) -> AsyncIterator[DeskDriver]:
    """The desk that is open all along, as it was opened."""
    if open_all_along.app._exception is not None:
        pytest.fail(f"An earlier test broke the desk: {open_all_along.app._exception!r}")
    with unpainted():
        await open_all_along.begin_again()
        yield open_all_along


@pytest.fixture
def session(desk: DeskDriver) -> ScriptedSession:
    """The session of the desk that is open all along."""
    assert isinstance(desk.app.session, ScriptedSession)
    return desk.app.session
