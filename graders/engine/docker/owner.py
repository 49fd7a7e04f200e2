"""Owns telling who made something on the engine, so that clean-up spares checks at work; must never kill or remove.

An engine may serve several machines, and what a process of another one is doing can't be seen from here. So a mark
names the machine, the process on it, and the hour: what another machine made counts as left over after a day.
"""

from __future__ import annotations

import hashlib
import os
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

OWNER = "dev.dockyard.process"
"""Label with the mark, beside that of the run."""
OLD_HOURS = 24
_HOUR_S = 3600.0
_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


@dataclass(frozen=True, slots=True)
class Mark:
    """Who made something, as far as a label tells."""

    host: str
    process: str
    """Boot, number and start time of the process; without /proc its number alone."""
    hour: int
    """Hours since 1970: coarse, so that the images of one check that are the same stay the same."""

    def __str__(self) -> str:
        """As the label has it."""
        return f"{self.host}/{self.process}/{self.hour}"


def own_mark() -> str:
    """The mark of this process, now."""
    return str(Mark(_host(), _process(os.getpid()), int(time.time() / _HOUR_S)))


def read_mark(text: str) -> Mark | None:
    """What a label says; None when it says nothing that we know."""
    host, process, hour = parts if len(parts := text.split("/")) == 3 else ("", "", "")
    return Mark(host, process, int(hour)) if host and hour.isascii() and hour.isdecimal() else None


def is_left_over(text: str, *, everybody: bool = False) -> bool:
    """Whether what carries this label may be removed: no other process is known to use it.

    `everybody`: also what another machine made less than a day ago, or some program that left no mark that we know.
    """
    mark = read_mark(text)
    if mark is None:
        return everybody
    if mark.host != _host():
        return everybody or int(time.time() / _HOUR_S) - mark.hour >= OLD_HOURS
    return not _is_at_work_elsewhere(mark.process)


def _is_at_work_elsewhere(process: str) -> bool:
    """Whether another process of this machine, alive now, made it."""
    number = process.rpartition("-")[0].rpartition("-")[2] or process
    return number.isdecimal() and int(number) != os.getpid() and process == _process(int(number))


def _host() -> str:
    """This machine, in letters that say nothing of it.

    Machine ids are copied with images of machines and containers, so the name counts too, and which numbers processes
    have here: two containers on one machine see each other's processes no more than two machines do.
    """
    parts = [socket.gethostname()]
    for path in _MACHINE_IDS:
        with suppress(OSError):
            parts.append(path.read_text("ascii", "replace").strip())
            break
    with suppress(OSError):
        parts.append(str(Path("/proc/self/ns/pid").stat().st_ino))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _process(pid: int) -> str:
    """A process that lives; empty for one that does not."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").partition("-")[0]
    except OSError:
        return str(pid) if _answers(pid) else ""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else f"{boot}-{pid}-{fields[19]}"


def _answers(pid: int) -> bool:
    """Whether there is such a process, where there is no /proc."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
