"""Owns where the quick loop keeps its files: in memory where there is room; must never hold an engine's builds.

Thousands of small files are written, synced and removed again, which a disk makes the tests wait for.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 << 30
"""Many times what the tests write: a container's default of 64 MB is not enough."""

PREFIX = "dockyard-tests-"
LOOKED_AT_S = 24 * 3600.0
"""How long what failed tests wrote is kept at least: memory is not given back by itself."""

KEPT = pytest.StashKey[Path]()


def use_memory(config: pytest.Config, memory: Path = MEMORY) -> None:
    """Put the temporary folders of the tests that need no engine into memory, unless told where to put them."""
    is_worker = hasattr(config, "workerinput")
    if is_worker or config.option.basetemp or config.option.markexpr != "not engine" or not _is_roomy(memory):
        return
    for left in memory.glob(f"{PREFIX}*"):
        # One that is gone by now was another run's.
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > LOOKED_AT_S:
                shutil.rmtree(left, ignore_errors=True)
    config.stash[KEPT] = Path(tempfile.mkdtemp(prefix=PREFIX, dir=memory))
    config.option.basetemp = str(config.stash[KEPT] / "tests")


def forget_memory(config: pytest.Config, exit_status: int) -> None:
    """Give the memory back; what a failed test wrote stays, to be looked at."""
    if (folder := config.stash.get(KEPT, None)) and exit_status == 0:
        shutil.rmtree(folder, ignore_errors=True)


def _is_roomy(folder: Path) -> bool:
    try:
        found = os.statvfs(folder)
    except OSError:
        return False
    is_free = found.f_bavail * found.f_frsize >= ROOM_BYTES
    return is_free and os.access(folder, os.W_OK) and not found.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)
