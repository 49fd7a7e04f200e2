"""Owns the control group around all that the private engine runs; must never touch another group.

BuildKit ignores memory and process limits of a single build, so the engine's parent group holds all builds and runs
together. Where the group can't be made, the engine works without: `holds` says which limits are kept.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_MEMORY_SHARE = 0.85
_REMOVE_S = 3.0


@dataclass(frozen=True, slots=True)
class Caps:
    """What all builds and runs of the private engine may use together."""

    memory_mib: int = 0
    """0: 85% of the machine."""
    pids: int = 8192

    @property
    def memory_bytes(self) -> int:
        """The memory limit in bytes."""
        if self.memory_mib:
            return self.memory_mib * 1024 * 1024
        return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * _MEMORY_SHARE)


def limit_group(root: Path, name: str, caps: Caps) -> tuple[str, ...]:
    """Make the group and set its limits; the names of the limits that could not be set."""
    if is_v2(root):
        with suppress(OSError):
            (root / "cgroup.subtree_control").write_text("+memory +pids +cpu", "ascii")
    missing = []
    for limit, file, value in _wanted(root, name, caps):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(str(value), "ascii")
        except OSError:
            missing.append(limit)
    # A limit of memory and swap together can be set after that of memory only, and not on every kernel.
    swap = {
        root / name / "memory.swap.max": 0,
        root / "memory" / name / "memory.memsw.limit_in_bytes": caps.memory_bytes,
    }
    for file, value in swap.items():
        with suppress(OSError):
            if file.exists():
                file.write_text(str(value), "ascii")
    return tuple(missing)


def holds(root: Path, name: str) -> frozenset[str]:
    """Which of "memory" and "pids" the kernel keeps for the group now."""
    found = set()
    for limit, file, _ in _wanted(root, name, Caps()):
        with suppress(OSError, ValueError):
            if int(file.read_text("ascii")) < 1 << 60:
                found.add(limit)
    return frozenset(found)


def end_group(root: Path, name: str) -> None:
    """Kill what still runs in the group: what a daemon that died hard has left. Never call it while one runs."""
    top = root / name if is_v2(root) else root / "pids" / name
    for folder, _, _ in os.walk(top):
        with suppress(OSError, ValueError):
            for pid in map(int, (Path(folder) / "cgroup.procs").read_text("ascii").split()):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def remove_group(root: Path, name: str) -> None:
    """Remove the group with its empty children; processes that still end get a moment."""
    groups = [root / name] if is_v2(root) else [path for path in root.glob(f"*/{name}") if path.is_dir()]
    deadline = time.monotonic() + _REMOVE_S
    for group in groups:
        while group.exists():
            for folder, _, _ in os.walk(group, topdown=False):
                with suppress(OSError):
                    Path(folder).rmdir()
            if time.monotonic() > deadline:
                break
            if group.exists():
                time.sleep(0.05)


def is_v2(root: Path) -> bool:
    """Whether the machine has the unified hierarchy only."""
    return (root / "cgroup.controllers").exists()


def _wanted(root: Path, name: str, caps: Caps) -> tuple[tuple[str, Path, int], ...]:
    if is_v2(root):
        return (
            ("memory", root / name / "memory.max", caps.memory_bytes),
            ("pids", root / name / "pids.max", caps.pids),
        )
    return (
        ("memory", root / "memory" / name / "memory.limit_in_bytes", caps.memory_bytes),
        ("pids", root / "pids" / name / "pids.max", caps.pids),
    )
