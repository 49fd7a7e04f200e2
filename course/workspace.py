"""Owns the learner's copies of starters; must never overwrite or lose anything in them.

Links are neither followed nor copied: nothing outside the workspace is read or written through one.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from course.errors import WorkspaceError

BACKUPS = ".backups"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_OCCUPIED = (errno.ENOTEMPTY, errno.EEXIST)
_CHUNK = 1 << 16

Signature = tuple[tuple[str, int, int, int], ...]


class Change(StrEnum):
    """How a file of the workspace differs from the starter."""

    ADDED = "added"
    CHANGED = "changed"
    DELETED = "deleted"


class ChangedFile(NamedTuple):
    """A file that is not as the starter has it."""

    path_in_workspace: str
    """Relative to the exercise's folder, with forward slashes."""
    change: Change


class Workspace:
    """The folder with one folder an exercise. Every method raises `WorkspaceError` and nothing else."""

    def __init__(self, root: Path, *, now: Callable[[], datetime]) -> None:
        self.root = root
        self._now = now

    def folder(self, exercise: str) -> Path:
        """Where an exercise is or will be."""
        return self.root / exercise

    def is_started(self, exercise: str) -> bool:
        """Whether the exercise's folder is there with something in it."""
        with _translated(self.folder(exercise)):
            return self._is_folder(exercise) and any(self.folder(exercise).iterdir())

    def started_folder(self, exercise: str) -> Path:
        """The exercise's folder; an error that names `dockyard start` when it is not there."""
        if not self.is_started(exercise):
            raise WorkspaceError(
                f"{exercise} is not in the workspace: there is no folder {self.folder(exercise)}",
                hint=f"Copy it there: dockyard start {exercise}",
            )
        return self.folder(exercise)

    def start(self, exercise: str, starter: Path) -> Path:
        """Copy the starter out, whole or not at all, unless something is there already; the folder."""
        folder = self.folder(exercise)
        if self.is_started(exercise):
            return folder
        with self._copy_of(exercise, starter) as fresh, _translated(folder):
            try:
                fresh.rename(folder)
            except OSError as error:
                if error.errno not in _OCCUPIED:
                    raise
        return folder

    def reset(self, exercise: str, starter: Path) -> Path:
        """Put the starter back; the folder under `.backups` that now holds all that was there.

        The exercise's folder itself stays, so that a shell or an editor in it isn't left in the backup.
        """
        folder = self.started_folder(exercise)
        with self._copy_of(exercise, starter) as fresh, _translated(folder):
            backup = self._new_backup(exercise)
            moved: list[Path] = []
            try:
                for entry in sorted(folder.iterdir()):
                    entry.rename(backup / entry.name)
                    moved.append(entry)
                for entry in sorted(fresh.iterdir()):
                    entry.rename(folder / entry.name)
            except OSError:
                self._undo_reset(folder, backup, moved)
                raise
        return backup

    def files(self, exercise: str, patterns: tuple[str, ...]) -> tuple[Path, ...]:
        """Files that match the globs, the Dockerfile first; one that is named without a wildcard may not exist yet."""
        from graders.submission import is_editable

        folder = self.started_folder(exercise)
        with _translated(folder):
            paths = {path for path, _ in _walk(folder) if is_editable(path, patterns)}
        literal = {pattern for pattern in patterns if not set(pattern) & set("*?[")}
        missing = {path for path in literal if not os.path.lexists(folder / path)}
        return tuple(folder / path for path in sorted(paths | missing, key=lambda path: (path != "Dockerfile", path)))

    def changed_files(self, exercise: str, starter: Path) -> tuple[ChangedFile, ...]:
        """What is not as the starter has it, by path."""
        folder = self.started_folder(exercise)
        with _translated(folder):
            ours = dict(_walk(starter))
            theirs = dict(_walk(folder))
            changed = dict.fromkeys(ours.keys() - theirs.keys(), Change.DELETED)
            changed |= dict.fromkeys(theirs.keys() - ours.keys(), Change.ADDED)
            for path in ours.keys() & theirs.keys():
                if ours[path].st_size != theirs[path].st_size or not _are_equal(starter / path, folder / path):
                    changed[path] = Change.CHANGED
        return tuple(ChangedFile(path, changed[path]) for path in sorted(changed))

    def signature(self, exercise: str) -> Signature:
        """Path, size and times of every file: equal as long as no file was changed."""
        folder = self.started_folder(exercise)
        with _translated(folder):
            return tuple((path, at.st_size, at.st_mtime_ns, at.st_ctime_ns) for path, at in _walk(folder))

    def _is_folder(self, exercise: str) -> bool:
        folder = self.folder(exercise)
        try:
            mode = folder.lstat().st_mode
        except FileNotFoundError:
            return False
        if stat.S_ISLNK(mode):
            raise WorkspaceError(
                f"{folder} is a link", hint="Move it away: Dockyard follows no link out of the workspace."
            )
        if not stat.S_ISDIR(mode):
            raise WorkspaceError(f"{folder} is not a folder", hint="Move it away, or choose another --workspace.")
        return True

    @contextmanager
    def _copy_of(self, exercise: str, starter: Path) -> Iterator[Path]:
        """A copy of the starter in a temporary folder beside the exercises, gone afterwards."""
        import shutil
        import tempfile

        with _translated(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            temporary = Path(tempfile.mkdtemp(prefix=f".starting-{exercise}-", dir=self.root))
        try:
            fresh = temporary / exercise
            with _translated(fresh):
                _copy(starter, fresh)
            yield fresh
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _new_backup(self, exercise: str) -> Path:
        backups = self.root / BACKUPS
        if backups.is_symlink():
            raise WorkspaceError(f"{backups} is a link", hint="Move it away: backups stay in the workspace.")
        backups.mkdir(exist_ok=True)
        name = f"{exercise}-{self._now():%Y%m%d-%H%M%S}"
        number = 1
        while True:
            backup = backups / (name if number == 1 else f"{name}-{number}")
            try:
                backup.mkdir()
            except FileExistsError:
                number += 1
            else:
                return backup

    @staticmethod
    def _undo_reset(folder: Path, backup: Path, moved: list[Path]) -> None:
        """Move back what went to the backup, where its place is free; the rest stays in the backup."""
        for entry in moved:
            if not os.path.lexists(folder / entry.name):
                (backup / entry.name).rename(folder / entry.name)
        if not any(backup.iterdir()):
            backup.rmdir()


def take_back(folder: Path, starter: Path) -> bool:
    """Remove a copy of a starter that nobody touched; whether it is gone. Raises `WorkspaceError`.

    Anything changed, added or missing keeps all of it: a folder, a link and Python's caches count too.
    """
    import shutil

    with _translated(folder):
        if folder.is_symlink() or not folder.is_dir():
            return False
        copied = [path for path, _ in _walk(starter)]
        expected = {Path(path) for path in copied} | {parent for path in copied for parent in Path(path).parents}
        if {path.relative_to(folder) for path in (folder, *folder.rglob("*"))} != expected:
            return False
        entries = [folder / path for path in copied]
        if not all(path.is_file() and not path.is_symlink() for path in entries):
            return False
        if not all(_are_equal(starter / path, folder / path) for path in copied):
            return False
        shutil.rmtree(folder)
    return True


def _walk(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Regular files below a folder: path relative to it, and its status. Caches of Python are left out."""
    for parent, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            path = Path(parent, name)
            status = path.lstat()
            if stat.S_ISREG(status.st_mode):
                yield path.relative_to(folder).as_posix(), status


def _raise(error: OSError) -> None:
    raise error


def _copy(starter: Path, fresh: Path) -> None:
    """Copy regular files; they can be written to even when the starter's can't."""
    import shutil

    fresh.mkdir()
    for path, status in _walk(starter):
        target = fresh / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(starter / path, target, follow_symlinks=False)
        target.chmod(0o755 if status.st_mode & stat.S_IXUSR else 0o644)


def _are_equal(ours: Path, theirs: Path) -> bool:
    careful = os.open(theirs, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(careful, "rb") as right, ours.open("rb") as left:
        while True:
            mine, other = left.read(_CHUNK), right.read(_CHUNK)
            if mine != other:
                return False
            if not mine:
                return True


@contextmanager
def _translated(place: Path) -> Iterator[None]:
    """Turn the system's errors into ours."""
    try:
        yield
    except OSError as error:
        where = error.filename or place
        if error.errno in _FULL:
            hint = "Make room on the disk, then try again."
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            hint = "Choose a folder that you may write to: dockyard --workspace DIR"
        else:
            hint = ""
        raise WorkspaceError(f"{where}: {error.strerror}", hint=hint) from error
