"""Owns telling whose process made something on the engine, so that clean-up spares checks at work; never kills.

The mark names a process of this machine: boot, process id and start time. Where that can't be read, there is no mark.
"""

from __future__ import annotations

import os
from pathlib import Path

OWNER = "dev.dockyard.process"
"""Label with the mark, beside that of the run."""


def own_mark() -> str:
    """The mark of this process; empty where there is no /proc."""
    return _mark(os.getpid())


def is_at_work_elsewhere(mark: str) -> bool:
    """Whether another process of this machine, alive now, made it."""
    _, _, rest = mark.partition("-")
    pid, _, _ = rest.partition("-")
    return pid.isdecimal() and int(pid) != os.getpid() and mark == _mark(int(pid))


def _mark(pid: int) -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").partition("-")[0]
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else f"{boot}-{pid}-{fields[19]}"
