"""Owns locks between the processes of one user, as locked files in the temporary folder; must never wait."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def temporary_lock(name: str) -> Iterator[int]:
    """The open file of this name; closing it, also by the end of the process, lets go what it holds."""
    path = Path(tempfile.gettempdir()) / f"dockyard-{os.getuid()}-{name}.lock"
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        yield number
    finally:
        os.close(number)


def take(number: int, *, shared: bool = False) -> bool:
    """Take the lock if it is free, alone or beside others who share it; whether it is now ours."""
    try:
        fcntl.flock(number, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def let_go(number: int) -> None:
    """Give the lock back before the file is closed."""
    fcntl.flock(number, fcntl.LOCK_UN)
