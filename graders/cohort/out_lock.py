"""Owns that one run at a time writes into `--out`; must never outlive its process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graders.errors import GradebookError

FILE_NAME = ".running"


@contextmanager
def out_lock(out: Path) -> Iterator[None]:
    """Hold the folder; the system lets it go when the process ends, however it ends. Raises GradebookError."""
    path = out / FILE_NAME
    try:
        out.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise GradebookError(
            f"{out} can't be written to: {error.strerror}", hint="Choose another --out, a folder of yours."
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.read(descriptor, 32).decode("ascii", "replace").strip()
            who = f" (process {owner})" if owner.isdecimal() else ""
            raise GradebookError(
                f"Another run is grading into {out}{who}",
                hint="Wait until it is done, or stop it with ctrl+c, then give the same command again.",
            ) from error
        except OSError as error:
            raise GradebookError(
                f"{out} can't be locked: {error.strerror}", hint="Choose an --out on a disk of this machine."
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)
