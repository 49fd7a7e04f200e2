"""Tests of the learner's copies: whole, never overwritten, never lost."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from course.errors import WorkspaceError
from course.workspace import Change, ChangedFile, Workspace, take_back

FILES = ("Dockerfile", ".dockerignore", "*.sh")


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    """A starter with a folder and a script."""
    root = tmp_path / "starter"
    (root / "src").mkdir(parents=True)
    (root / "Dockerfile").write_text("FROM python\n")
    (root / "src" / "app.py").write_text("print()\n")
    (root / "start.sh").write_text("#!/bin/sh\n")
    (root / "start.sh").chmod(0o755)
    return root


@pytest.fixture
def workspace(tmp_path: Path, now: Callable[[], datetime]) -> Workspace:
    """An empty workspace that isn't on disk yet."""
    return Workspace(tmp_path / "deep" / "workspace", now=now)


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_start_copies_the_starter(workspace: Workspace, starter: Path) -> None:
    """The whole starter arrives, scripts stay executable, nothing else is left beside it."""
    assert not workspace.is_started("tiny")

    folder = workspace.start("tiny", starter)

    assert workspace.is_started("tiny")
    assert names(folder) == ["Dockerfile", "src/app.py", "start.sh"]
    assert os.access(folder / "start.sh", os.X_OK)
    assert [path.name for path in workspace.root.iterdir()] == ["tiny"]


def test_start_makes_read_only_content_writable(workspace: Workspace, starter: Path) -> None:
    """A starter from a folder that the learner can't write to can be edited all the same."""
    (starter / "Dockerfile").chmod(0o444)

    folder = workspace.start("tiny", starter)

    assert (folder / "Dockerfile").stat().st_mode & 0o777 == 0o644


def test_start_again_changes_nothing(workspace: Workspace, starter: Path) -> None:
    """What is there stays, even half of it."""
    folder = workspace.start("tiny", starter)
    (folder / "Dockerfile").write_text("FROM mine\n")
    (folder / "start.sh").unlink()

    assert folder == workspace.start("tiny", starter)
    assert (folder / "Dockerfile").read_text() == "FROM mine\n"
    assert not (folder / "start.sh").exists()


def test_start_fills_an_empty_folder(workspace: Workspace, starter: Path) -> None:
    """A folder with nothing in it has nothing to lose."""
    workspace.folder("tiny").mkdir(parents=True)

    assert names(workspace.start("tiny", starter)) == ["Dockerfile", "src/app.py", "start.sh"]


def test_start_twice_at_once_leaves_one_whole_copy(workspace: Workspace, starter: Path) -> None:
    """Two programs that start the same exercise both get the folder."""
    with ThreadPoolExecutor(8) as pool:
        folders = set(pool.map(lambda _: workspace.start("tiny", starter), range(8)))

    assert {workspace.folder("tiny")} == folders
    assert names(workspace.folder("tiny")) == ["Dockerfile", "src/app.py", "start.sh"]
    assert [path.name for path in workspace.root.iterdir()] == ["tiny"]


def test_start_does_not_copy_links(workspace: Workspace, starter: Path, tmp_path: Path) -> None:
    """Nothing from outside the starter gets in through a link."""
    (tmp_path / "secret").write_text("secret")
    (starter / "link").symlink_to(tmp_path / "secret")

    assert "link" not in names(workspace.start("tiny", starter))


def test_full_disk_leaves_nothing_behind(workspace: Workspace, starter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that doesn't fit is no copy, and the learner is told why."""

    def fail(source: Path, target: Path, *, follow_symlinks: bool) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(shutil, "copyfile", fail)

    with pytest.raises(WorkspaceError, match="No space left") as caught:
        workspace.start("tiny", starter)
    assert "room" in caught.value.hint
    assert list(workspace.root.iterdir()) == []


def test_folder_without_permission_is_an_error(
    workspace: Workspace, starter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hint says how to choose another folder."""

    def fail(path: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", fail)

    with pytest.raises(WorkspaceError, match="Permission denied") as caught:
        workspace.start("tiny", starter)
    assert "--workspace" in caught.value.hint


def test_rename_that_fails_is_an_error(workspace: Workspace, starter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a folder that somebody else filled in the meantime is fine."""

    def fail(path: Path, target: Path) -> None:
        raise OSError(errno.EIO, "Input/output error", str(target))

    monkeypatch.setattr(Path, "rename", fail)

    with pytest.raises(WorkspaceError, match="Input/output error"):
        workspace.start("tiny", starter)
    assert list(workspace.root.iterdir()) == []


def test_workspace_that_is_a_file_is_an_error(tmp_path: Path, starter: Path, now: Callable[[], datetime]) -> None:
    """A file where the workspace should be is named."""
    (tmp_path / "file").write_text("")

    with pytest.raises(WorkspaceError, match="file"):
        Workspace(tmp_path / "file", now=now).start("tiny", starter)


def test_exercise_folder_that_is_a_link_is_refused(workspace: Workspace, starter: Path, tmp_path: Path) -> None:
    """A link in the workspace leads nowhere."""
    workspace.root.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    workspace.folder("tiny").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(WorkspaceError, match="is a link"):
        workspace.start("tiny", starter)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_exercise_folder_that_is_a_file_is_refused(workspace: Workspace, starter: Path) -> None:
    """A file isn't overwritten by a folder."""
    workspace.root.mkdir(parents=True)
    workspace.folder("tiny").write_text("mine")

    with pytest.raises(WorkspaceError, match="is not a folder"):
        workspace.start("tiny", starter)
    assert workspace.folder("tiny").read_text() == "mine"


def test_what_was_not_started_names_the_command(workspace: Workspace) -> None:
    """The error says what to type."""
    with pytest.raises(WorkspaceError, match="not in the workspace") as caught:
        workspace.files("tiny", FILES)

    assert "dockyard start tiny" in caught.value.hint


def test_reset_keeps_every_old_file(workspace: Workspace, starter: Path) -> None:
    """The starter is back, and all that was there is in the backup."""
    folder = workspace.start("tiny", starter)
    identity = folder.stat().st_ino
    (folder / "Dockerfile").write_text("FROM mine\n")
    (folder / "new" / "deep").mkdir(parents=True)
    (folder / "new" / "deep" / "notes").write_text("mine")

    backup = workspace.reset("tiny", starter)

    assert workspace.root / ".backups" / "tiny-20260314-150926" == backup
    assert names(backup) == ["Dockerfile", "new/deep/notes", "src/app.py", "start.sh"]
    assert (backup / "Dockerfile").read_text() == "FROM mine\n"
    assert names(folder) == ["Dockerfile", "src/app.py", "start.sh"]
    assert (folder / "Dockerfile").read_text() == "FROM python\n"
    assert identity == folder.stat().st_ino


def test_two_resets_in_one_second_keep_two_backups(workspace: Workspace, starter: Path) -> None:
    """A backup never replaces another."""
    workspace.start("tiny", starter)

    backups = [workspace.reset("tiny", starter), workspace.reset("tiny", starter)]

    assert ["tiny-20260314-150926", "tiny-20260314-150926-2"] == [backup.name for backup in backups]
    assert all(names(backup) for backup in backups)


def test_reset_of_nothing_names_start(workspace: Workspace, starter: Path) -> None:
    """There is nothing to reset before a start."""
    with pytest.raises(WorkspaceError, match="not in the workspace"):
        workspace.reset("tiny", starter)


def test_reset_refuses_a_linked_backup_folder(workspace: Workspace, starter: Path, tmp_path: Path) -> None:
    """Backups stay in the workspace."""
    workspace.start("tiny", starter)
    (workspace.root / ".backups").symlink_to(tmp_path)

    with pytest.raises(WorkspaceError, match="is a link"):
        workspace.reset("tiny", starter)


@pytest.mark.parametrize("works", [0, 1, 2, 3, 4, 5])
def test_failed_reset_loses_nothing(
    workspace: Workspace, starter: Path, monkeypatch: pytest.MonkeyPatch, works: int
) -> None:
    """Whichever move fails, every byte of the learner's is in the folder or in the backup."""
    folder = workspace.start("tiny", starter)
    (folder / "Dockerfile").write_text("FROM mine\n")
    rename = Path.rename
    calls = iter([True] * works + [False])

    def sometimes(path: Path, target: Path) -> Path:
        if not next(calls, True):
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", sometimes)

    with pytest.raises(WorkspaceError, match="No space left"):
        workspace.reset("tiny", starter)
    texts = [path.read_text() for path in workspace.root.rglob("Dockerfile")]
    assert "FROM mine\n" in texts
    assert (folder / "Dockerfile").exists()


def test_files_puts_the_dockerfile_first(workspace: Workspace, starter: Path) -> None:
    """The files that may be changed, those that are named but not there yet included."""
    folder = workspace.start("tiny", starter)
    (folder / "a.sh").write_text("")

    assert ["Dockerfile", ".dockerignore", "a.sh", "start.sh"] == [
        path.relative_to(folder).as_posix() for path in workspace.files("tiny", FILES)
    ]


def test_files_leaves_links_out(workspace: Workspace, starter: Path, tmp_path: Path) -> None:
    """A link is no file to edit, whether it leads to a file or a folder."""
    folder = workspace.start("tiny", starter)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "b.sh").write_text("")
    (folder / "linked").symlink_to(tmp_path / "outside")
    (folder / ".dockerignore").symlink_to(tmp_path / "outside" / "b.sh")

    assert ["Dockerfile", "start.sh"] == [
        path.relative_to(folder).as_posix() for path in workspace.files("tiny", FILES)
    ]


def test_changed_files_says_how(workspace: Workspace, starter: Path) -> None:
    """Added, changed (also without a change of size) and deleted files are told apart; FIFOs don't block."""
    folder = workspace.start("tiny", starter)
    (folder / "Dockerfile").write_text("FROM pythoN\n")
    (folder / "src" / "app.py").unlink()
    (folder / "größe.txt").write_text("")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "app.pyc").write_text("")
    os.mkfifo(folder / "pipe")

    assert workspace.changed_files("tiny", starter) == (
        ChangedFile("Dockerfile", Change.CHANGED),
        ChangedFile("größe.txt", Change.ADDED),
        ChangedFile("src/app.py", Change.DELETED),
    )


def test_untouched_copy_has_no_changes(workspace: Workspace, starter: Path) -> None:
    """A fresh copy is as the starter has it."""
    workspace.start("tiny", starter)

    assert workspace.changed_files("tiny", starter) == ()


def test_signature_changes_with_any_file(workspace: Workspace, starter: Path) -> None:
    """Equal while nothing changes, different after a write."""
    folder = workspace.start("tiny", starter)
    before = workspace.signature("tiny")

    assert before == workspace.signature("tiny")
    (folder / "src" / "app.py").write_text("print(2)\n")
    assert before != workspace.signature("tiny")


def test_unreadable_folder_is_an_error(workspace: Workspace, starter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that can't be listed isn't taken for an empty one."""
    workspace.start("tiny", starter)

    def fail(path: str | Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", fail)

    with pytest.raises(WorkspaceError, match="Permission denied"):
        workspace.signature("tiny")


def test_copy_that_nobody_touched_can_be_taken_back(workspace: Workspace, starter: Path) -> None:
    """It is gone, once; there is nothing to take back then."""
    folder = workspace.start("tiny", starter)

    assert take_back(folder, starter)
    assert [] == list(workspace.root.iterdir())
    assert not take_back(folder, starter)


@pytest.mark.parametrize(
    "touch",
    [
        pytest.param(lambda folder: (folder / "Dockerfile").write_text("FROM pythom\n"), id="changed"),
        pytest.param(lambda folder: (folder / "notes.txt").write_text(""), id="added"),
        pytest.param(lambda folder: (folder / "empty").mkdir(), id="a folder"),
        pytest.param(lambda folder: (folder / "src" / "__pycache__").mkdir(), id="a cache"),
        pytest.param(lambda folder: (folder / "link").symlink_to("Dockerfile"), id="a link"),
        pytest.param(lambda folder: (folder / "start.sh").unlink(), id="deleted"),
        pytest.param(
            lambda folder: (folder / "src").rename(folder.parent / "src") and (folder / "src").symlink_to("../src"),
            id="a link to the same",
        ),
    ],
)
def test_copy_that_was_touched_is_not_taken_back(
    workspace: Workspace, starter: Path, touch: Callable[[Path], object]
) -> None:
    """Whatever was done, all of it stays."""
    folder = workspace.start("tiny", starter)
    touch(folder)
    before = sorted(folder.rglob("*"))

    assert not take_back(folder, starter)
    assert before == sorted(folder.rglob("*"))


def test_link_to_a_copy_is_not_taken_back(workspace: Workspace, starter: Path) -> None:
    """Nothing outside is removed through one."""
    folder = workspace.start("tiny", starter)
    (workspace.root / "other").symlink_to(folder)

    assert not take_back(workspace.root / "other", starter)
    assert (folder / "Dockerfile").is_file()
