"""Owns the private engine's processes as the kernel sees them; must never touch one that is not ours."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from graders.cancel import Cancel
from graders.errors import EngineTimeout, EngineUnavailable

STOP_S = 20.0
_POLL_S = 0.05


@contextmanager
def alone(lock: Path, cancel: Cancel, timeout_s: float) -> Iterator[None]:
    """Wait until nobody else starts the engine; the kernel gives the lock back when its holder dies.

    Raises `EngineTimeout`, `EngineUnavailable`, `Cancelled`.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
        opened = lock.open("w")
    except OSError as error:
        raise EngineUnavailable(
            f"{lock} could not be made: {error.strerror or error}", hint="Run: dockyard doctor"
        ) from error
    deadline = time.monotonic() + timeout_s
    with opened as file:
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            cancel.raise_if_set()
            if time.monotonic() > deadline:
                raise EngineTimeout(
                    "Somebody else has been starting the private engine for too long",
                    limit_s=timeout_s,
                    elapsed_s=timeout_s,
                    hint="See what it does: dockyard engine status",
                )
            time.sleep(_POLL_S)
        yield


def pid_of(pid_file: Path, program: str, mark: str) -> int:
    """The living process that a pid file names, if it is `program` with `mark` in an argument; else 0."""
    with suppress(OSError, ValueError):
        pid = int(pid_file.read_text("ascii"))
        if is_ours(pid, program, mark):
            return pid
    return 0


def is_ours(pid: int, program: str, mark: str) -> bool:
    """Whether a process runs `program` (empty: any) with `mark` in one of its arguments."""
    with suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        return program in {"", Path(words[0]).name} and any(mark in word for word in words[1:])
    return False


def end_all(program: str, mark: str) -> None:
    """Kill every process that runs `program` with `mark` in one of its arguments."""
    for entry in Path("/proc").glob("[0-9]*"):
        if is_ours(int(entry.name), program, mark):
            with suppress(OSError):
                os.kill(int(entry.name), signal.SIGKILL)


def end(pid: int) -> bool:
    """TERM, then KILL; whether it is gone."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + STOP_S
        while time.monotonic() < deadline:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            if not lives(pid):
                return True
            time.sleep(_POLL_S)
    return False


def lives(pid: int) -> bool:
    """Whether it runs; what only waits to be reaped does not."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[:1] != ["Z"]
