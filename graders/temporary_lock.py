"""Owns locks between the processes of one user, as locked files in the temporary folder; must never wait.

The files lie in a folder that only their user may enter, and stay there: if one were removed while somebody waits for
it, two could hold the same lock. There are two for an engine and one for all, of no or a few bytes.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from graders.temporary_folder import explained


class TemporaryLock:
    """A file that is open to be locked. Each method raises EngineError when the system refuses."""

    def __init__(self, path: Path, number: int) -> None:
        self._path = path
        self._number = number

    def take(self, *, shared: bool = False) -> bool:
        """Take the lock if it is free, alone or beside others who share it; whether it is now ours."""
        with explained(f"The lock file {self._path} can't be locked"):
            try:
                fcntl.flock(self._number, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def let_go(self) -> None:
        """Give the lock back before the file is closed."""
        with explained(f"The lock file {self._path} can't be unlocked"):
            fcntl.flock(self._number, fcntl.LOCK_UN)

    def read(self, size_bytes: int) -> bytes:
        """What stands in the file; less than asked for when it is shorter."""
        with explained(f"The lock file {self._path} can't be read"):
            return os.pread(self._number, size_bytes, 0)

    def write(self, data: bytes) -> None:
        """Put this at the file's beginning."""
        with explained(f"The lock file {self._path} can't be written"):
            os.pwrite(self._number, data, 0)


@contextmanager
def temporary_lock(name: str) -> Iterator[TemporaryLock]:
    """The lock of this name; closing its file, also by the end of the process, lets go what it holds.

    Raises EngineError when the file can't be had: no engine is to blame, but its work needs the lock.
    """
    with explained(f"There is no place for the lock file {name}.lock"):
        folder = Path(tempfile.gettempdir()) / f"dockyard-{os.getuid()}"
    path = folder / f"{name}.lock"
    with explained(f"The lock file {path} can't be opened"):
        number = _opened(folder, path.name)
    try:
        yield TemporaryLock(path, number)
    finally:
        os.close(number)


def _opened(folder: Path, name: str) -> int:
    """The number of a file in our own folder: everybody may make one in the temporary folder, under any name."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = os.fstat(inside)
        if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o022:
            raise PermissionError(0, f"others may write into {folder}")
        return os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=inside)
    finally:
        os.close(inside)
