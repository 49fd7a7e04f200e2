"""Owns how busy this machine is and how long it lets us wait; must never judge a service.

Source: the kernel's scheduler/sched-stats and proc_loadavg(5), read 2026-11.
"""

from __future__ import annotations

import os
from pathlib import Path

_OWN_SCHEDULE = Path("/proc/thread-self/schedstat")
_NANOSECONDS = 1e9


def load_per_cpu() -> float:
    """Processes that wanted a processor within the last minute or so, for each that there is; 0: not known."""
    try:
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    except OSError:
        return 0.0


def own_wait_s(file: Path = _OWN_SCHEDULE) -> float:
    """How long this thread, in all its life, could have run and got no processor; 0 where that is not counted."""
    try:
        return int(file.read_text("ascii").split()[1]) / _NANOSECONDS
    except (OSError, ValueError, IndexError):
        return 0.0
