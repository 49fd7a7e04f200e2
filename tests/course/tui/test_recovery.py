"""Nothing typed is lost when the desk dies; desks on one workspace know of each other; a full disk is said."""

from __future__ import annotations

import json
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path

import pytest

from course.errors import CourseError, ProgressError, WorkspaceError
from course.paths import Paths
from course.tui.disk_file import read_file, write_file
from course.tui.open_desks import OpenDesks, folder_of
from course.tui.recovery import KeptEdit, Recovery
from course.tui.screens.page import Page
from course.tui.screens.pick import Pick
from tests.course.tui.conftest import DeskDriver, ScriptedSession, make_desk_session, open_desk

NOW = datetime(2026, 3, 14, 15, 9, tzinfo=UTC)
TYPED = "FROM python:3.12-slim\n# typed, not saved\n"


def folder(paths: Paths) -> Path:
    """Where the desks of the session's workspace leave word."""
    return folder_of(paths.state, paths.workspace)


def leave_behind(session: ScriptedSession, text: str, *, token: str = "dead", based_on: bytes | None = None) -> Path:
    """What a desk that died leaves: a copy of an unsaved Dockerfile, based on the file as it is, and no lock."""
    path = session.start_exercise("tiny") / "Dockerfile"
    digest = read_file(path).digest if based_on is None else based_on
    Recovery(folder(session.paths), token).keep("tiny", [KeptEdit("Dockerfile", text, digest.hex())], NOW)
    return folder(session.paths) / f"{token}.tiny.edits"


def copies(session: ScriptedSession) -> list[Path]:
    """All copies of unsaved edits."""
    return list(folder(session.paths).glob("*.edits"))


async def asked(desk: DeskDriver) -> None:
    """Wait for the question on edits that were left behind."""
    await desk.until(lambda: isinstance(desk.app.screen, Pick) and desk.shows("Edits that were not saved"))


@pytest.fixture
def short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who stops typing has what was typed kept soon."""
    monkeypatch.setattr("course.tui.screens.desk_safety.KEEP_PAUSE_S", 0.05)


@contextmanager
def no_file_grows_beyond(size_bytes: int) -> Iterator[None]:
    """The kernel refuses each write beyond this size, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


@pytest.mark.usefixtures("short_pause")
@pytest.mark.asyncio(loop_scope="session")
async def test_unsaved_edits_are_kept_until_they_are_saved(desk: DeskDriver, session: ScriptedSession) -> None:
    """A pause after typing makes a private copy with the hash of the file below it; a save or a no removes it."""
    based_on = desk.dockerfile.disk.digest.hex()
    await desk.press("f4", "x")
    await desk.until(lambda: copies(session))
    copy = copies(session)[0]
    kept = json.loads(copy.read_text(encoding="utf-8"))["edits"]

    assert [("Dockerfile", desk.dockerfile.editor.text, based_on)] == [tuple(edit.values()) for edit in kept]
    assert 0o600 == copy.stat().st_mode & 0o777
    await desk.press("ctrl+s")
    assert [] == copies(session)
    await desk.press("y")
    await desk.until(lambda: copies(session))

    async def ask() -> tuple[bool, list[Path]]:
        # At once, as a desk that is left looks: before any message is handled.
        return await desk.desk.may_drop_edits(), copies(session)

    asking = desk.desk.run_worker(ask())
    await desk.until(lambda: isinstance(desk.app.screen, Pick))
    await desk.press("down", "enter")
    assert (True, []) == await asking.wait()


async def test_left_edits_come_back_after_a_yes_and_a_hang_up_keeps_them(desk_session: ScriptedSession) -> None:
    """The question says when and which file; put back, they are in the editor only, and one undo takes them out.

    A window that is closed ends the desk with a copy of what was typed the moment before, and nothing else.
    """
    leave_behind(desk_session, TYPED)
    async with open_desk(desk_session) as desk:
        before = desk.dockerfile.disk.text
        await asked(desk)
        assert desk.shows("The desk ended on 2026-03-14 15:09 with unsaved edits")
        assert not desk.shows("changed on the disk")
        await desk.press("enter")
        await desk.until(lambda: TYPED == desk.dockerfile.editor.text)

        assert before == desk.dockerfile.path.read_text(encoding="utf-8")
        assert ("Dockerfile",) == desk.bench.unsaved
        assert [True] == [path.name.startswith(desk.desk._desks.token) for path in copies(desk_session)]
        await desk.press("f4", "ctrl+z")
        assert before == desk.dockerfile.editor.text
        await desk.until(lambda: not copies(desk_session))
        await desk.press("x")
        os.kill(os.getpid(), signal.SIGHUP)
        await desk.until(lambda: desk.app.return_code is not None)

    left = copies(desk_session)
    assert 1 == len(left)
    assert f"x{before}" == json.loads(left[0].read_text(encoding="utf-8"))["edits"][0]["text"]
    assert left == list(folder(desk_session.paths).iterdir())


@pytest.mark.asyncio(loop_scope="session")
async def test_left_edits_are_compared_and_thrown_away(desk: DeskDriver, session: ScriptedSession) -> None:
    """Over a newer file the comparison comes first; thrown away, they are not asked about again."""
    leave_behind(session, TYPED, based_on=b"an older file")
    before = desk.dockerfile.editor.text
    desk.desk.exercise_opened("tiny")
    await asked(desk)
    assert desk.shows("Since then Dockerfile changed on the disk")
    await desk.press("enter")
    await desk.until(lambda: isinstance(desk.app.screen, Page))
    assert desk.shows("+FROM python:3.12-slim")
    assert desk.shows("-FROM python")
    await desk.press("escape")
    await asked(desk)
    await desk.press("down", "down", "enter")
    await desk.until(lambda: not copies(session))

    assert before == desk.dockerfile.editor.text


@pytest.mark.asyncio(loop_scope="session")
async def test_left_edits_that_are_on_the_disk_are_no_question(desk: DeskDriver, session: ScriptedSession) -> None:
    """What was saved after all is forgotten without a word, a damaged copy is left alone, and later means later."""
    leave_behind(session, "FROM python\n", token="later")
    leave_behind(session, desk.dockerfile.path.read_text(encoding="utf-8"), token="saved")
    damaged = folder(session.paths) / "damaged.tiny.edits"
    damaged.write_text('{"kept_at": 1, "edits": [{}]', encoding="utf-8")
    desk.desk.exercise_opened("tiny")
    await asked(desk)
    await desk.press("escape")
    await desk.until(lambda: not isinstance(desk.app.screen, Pick) and 2 == len(copies(session)))

    assert {"later.tiny.edits", damaged.name} == {copy.name for copy in copies(session)}


@pytest.mark.asyncio(loop_scope="session")
async def test_two_desks_notice_each_other(desk: DeskDriver, session: ScriptedSession) -> None:
    """The second says so, keeps saying so in its first line, and never takes the first one's edits."""
    first = OpenDesks(folder(session.paths))
    first.enter(NOW)
    copy = leave_behind(session, TYPED, token=first.token)
    desk.desk._look_for_others()
    desk.desk.exercise_opened("tiny")
    await desk.settle()

    assert f"process {os.getpid()}, since 15:09" in desk.notices
    assert "another desk is open" in desk.text().split("\n")[0]
    assert not isinstance(desk.app.screen, Pick)
    assert copy.exists()
    assert (desk.desk._desks.token,) == tuple(other.token for other in first.others())
    first.leave()
    desk.desk._look_for_others()
    await desk.settle()
    assert "another desk is open" not in desk.text()


def test_a_desk_that_died_is_not_open(tmp_path: Path) -> None:
    """Its lock went with its process, whatever its file says."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        OpenDesks(tmp_path / "desks").enter(NOW)
        os.write(write_end, b"!")
        signal.pause()
    os.read(read_end, 1)
    desks = OpenDesks(tmp_path / "desks")
    seen = [desk.pid for desk in desks.others()]
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(read_end)
    os.close(write_end)

    assert [child] == seen
    assert () == desks.others()
    assert [] == list((tmp_path / "desks").iterdir())


def test_state_that_cannot_be_written_stops_no_desk(tmp_path: Path) -> None:
    """There is nothing to see of the others then, and nothing breaks."""
    (tmp_path / "state").write_text("a file", encoding="utf-8")
    desks = OpenDesks(tmp_path / "state" / "desks")
    desks.enter(NOW)

    assert () == desks.others()
    desks.leave()


@pytest.mark.usefixtures("short_pause")
@pytest.mark.asyncio(loop_scope="session")
async def test_edits_that_cannot_be_kept_are_said_once(desk: DeskDriver, session: ScriptedSession) -> None:
    """The kernel's reason and what to do, and not again with every key."""
    with no_file_grows_beyond(0):
        await desk.press("f4", "x")
        await desk.until(lambda: "not kept for the case of a crash: File too large" in desk.notices)
        desk.app.clear_notifications()
        await desk.press("y")
        desk.desk.keep_edits()

        assert "not kept" not in desk.notices
    desk.desk.keep_edits()

    assert 1 == len(copies(session))


def fill_all(paths: Paths, session: ScriptedSession) -> dict[str, CourseError]:
    """Try each write of the desk where nothing can be written; what each said."""
    said: dict[str, CourseError] = {}
    session.unlock_all = True
    target = paths.workspace / "tiny" / "Dockerfile"
    attempts: dict[str, Callable[[], object]] = {
        "save": lambda: write_file(target, TYPED),
        "recovery": lambda: Recovery(folder(paths), "mine").keep("tiny", [KeptEdit("Dockerfile", TYPED, "")], NOW),
        "workspace": lambda: session.start_exercise("other"),
        "progress": lambda: session.hint("tiny"),
    }
    for name, attempt in attempts.items():
        try:
            attempt()
        except CourseError as error:
            said[name] = error
    return said


def assert_said(said: dict[str, CourseError], reason: str) -> None:
    """Each refused write named the reason and the way out, with the type that its place promises."""
    assert {"save", "recovery", "workspace", "progress"} == set(said)
    for name in ("save", "recovery", "workspace"):
        assert isinstance(said[name], WorkspaceError)
        assert reason in said[name].message
        assert "room" in said[name].hint
    assert isinstance(said["progress"], ProgressError)
    assert "disk is not full" in said["progress"].hint


def test_refused_writes_are_said_and_leave_everything_whole(desk_session: ScriptedSession) -> None:
    """Save, copy of unsaved edits, starter and progress: the old stays, nothing half-written is left."""
    before = (desk_session.start_exercise("tiny") / "Dockerfile").read_bytes()
    with no_file_grows_beyond(0):
        said = fill_all(desk_session.paths, desk_session)

    assert_said(said, "File too large")
    assert before == (desk_session.paths.workspace / "tiny" / "Dockerfile").read_bytes()
    assert ["tiny"] == [path.name for path in desk_session.paths.workspace.iterdir()]
    assert [] == list(folder(desk_session.paths).iterdir())
    assert desk_session.hint("tiny").strength == 1


@pytest.mark.engine
def test_full_disk_is_said_by_every_write(tmp_path: Path) -> None:
    """The same on a real disk without a free byte."""
    import subprocess

    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)], check=True)
    session = make_desk_session(disk)
    try:
        before = (session.start_exercise("tiny") / "Dockerfile").read_bytes()
        session.hint("tiny")
        folder(session.paths).mkdir(parents=True)
        with (disk / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space left"):
            filler.writelines(repeat(bytes(512)))
        said = fill_all(session.paths, session)

        assert_said(said, "No space left on device")
        assert before == (session.paths.workspace / "tiny" / "Dockerfile").read_bytes()
        (disk / "filler").unlink()
        assert session.hint("tiny").strength == 2
    finally:
        session.close()
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
