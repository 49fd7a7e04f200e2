"""Owns finding a process of this machine and the limits that its control groups set; must never change one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
CGROUP = Path("/sys/fs/cgroup")
_UNLIMITED = 1 << 60
"""Version 1 writes "no limit" as a number near 2**63."""


@dataclass(frozen=True, slots=True)
class GroupLimits:
    """The tightest limits over a process, its groups and theirs. None: there is none."""

    memory_bytes: int | None
    pids: int | None


def find_process(mark: str, proc: Path = PROC) -> int:
    """A process whose command line holds the mark; 0 when none can be seen from here."""
    wanted = mark.encode()
    for folder in proc.glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (folder / "cmdline").read_bytes():
                return int(folder.name)
    return 0


def limits_over(pid: int, *, proc: Path = PROC, root: Path = CGROUP) -> GroupLimits | None:
    """The limits over a process; None when its groups can't be seen from here."""
    try:
        text = (proc / str(pid) / "cgroup").read_text("utf-8", "replace")
    except OSError:
        return None
    folders: dict[str, Path] = {}
    for line in text.splitlines():
        _, _, rest = line.partition(":")
        kinds, _, path = rest.partition(":")
        for kind in kinds.split(","):
            top = root if not kind else root / kind
            folders[kind] = top / path.strip("/")
    unified = folders.get("")
    if "memory" not in folders and unified is not None and unified.is_dir():
        return GroupLimits(_least(unified, "memory.max", root), _least(unified, "pids.max", root))
    memory, pids = folders.get("memory"), folders.get("pids")
    if memory is None or pids is None or not memory.is_dir() or not pids.is_dir():
        return None
    return GroupLimits(
        _least(memory, "memory.limit_in_bytes", root / "memory"), _least(pids, "pids.max", root / "pids")
    )


def _least(folder: Path, file: str, top: Path) -> int | None:
    """The smallest number in the files of this name from `folder` up to `top`."""
    found: list[int] = []
    for place in (folder, *folder.parents):
        with suppress(OSError, ValueError):
            number = int((place / file).read_text("ascii"))
            if number < _UNLIMITED:
                found.append(number)
        if place == top:
            break
    return min(found, default=None)
