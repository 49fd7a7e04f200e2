"""Owns what this machine's /proc and control groups tell of a container's first process; must never change anything.

An engine that is elsewhere, or in a machine of its own, has process ids that mean nothing here: then nothing is told.
"""

from __future__ import annotations

import ipaddress
import struct
from contextlib import suppress
from pathlib import Path

from graders.engine.service import Listener, ProcessorTime

_PROC = Path("/proc")
_CGROUP = Path("/sys/fs/cgroup")
_LISTENING = "0A"
_TABLE_CAP_BYTES = 1024 * 1024


def peak_memory_bytes(pid: int, container_id: str, *, proc: Path = _PROC, cgroup: Path = _CGROUP) -> int | None:
    """The most memory that the container's group held, file pages included; None where it can't be read."""
    groups = _groups(pid, container_id, proc)
    candidates = []
    if "memory" in groups:
        candidates.append(cgroup / "memory" / groups["memory"] / "memory.max_usage_in_bytes")
    if "" in groups:
        candidates.append(cgroup / groups[""] / "memory.peak")
    for path in candidates:
        with suppress(OSError, ValueError):
            return int(path.read_text("ascii"))
    return None


def processor_time(pid: int, container_id: str, *, proc: Path = _PROC, cgroup: Path = _CGROUP) -> ProcessorTime | None:
    """What the container's group had of the processors and waited for; None where the kernel doesn't count it.

    With both kinds of groups side by side, version 2 counts the waiting and version 1 what the limit holds back.
    Source: the kernel's accounting/psi and admin-guide/cgroup-v2 (cpu.stat), read 2026-11.
    """
    groups = _groups(pid, container_id, proc)
    for root in (cgroup, cgroup / "unified"):
        group = root / groups.get("", "")
        with suppress(OSError, ValueError, KeyError, IndexError):
            waited_us = int((group / "cpu.pressure").read_text("ascii").split("\n")[0].rpartition("total=")[2])
            counts = _counts(group / "cpu.stat")
            held_back_s = counts.get("throttled_usec", 0) / 1e6
            if "cpu" in groups:
                held_back_s = _counts(cgroup / "cpu" / groups["cpu"] / "cpu.stat")["throttled_time"] / 1e9
            return ProcessorTime(waited_us / 1e6, counts["usage_usec"] / 1e6, held_back_s)
    return None


def listeners(pid: int, container_id: str, *, proc: Path = _PROC) -> tuple[Listener, ...] | None:
    """The TCP ports on which something in the container accepts connections; None where it can't be read."""
    if not _groups(pid, container_id, proc):
        return None
    found: list[Listener] = []
    for name in ("tcp", "tcp6"):
        try:
            with (proc / str(pid) / "net" / name).open("rb") as file:
                text = file.read(_TABLE_CAP_BYTES).decode("ascii", "replace")
        except OSError:
            continue
        for line in text.splitlines()[1:]:
            cells = line.split()
            if len(cells) > 3 and cells[3] == _LISTENING:
                address, _, port = cells[1].partition(":")
                with suppress(ValueError, struct.error):
                    found.append(Listener(_address(address), int(port, 16)))
    # Docker's own name server in the container's network
    return tuple(listener for listener in dict.fromkeys(found) if listener.address != "127.0.0.11")


def _counts(file: Path) -> dict[str, int]:
    """Lines of a name and a number."""
    return {name: int(number) for name, number in map(str.split, file.read_text("ascii").splitlines())}


def _groups(pid: int, container_id: str, proc: Path) -> dict[str, str]:
    """Controller -> path of the container's group; empty when the process is not the container's."""
    try:
        text = (proc / str(pid) / "cgroup").read_text("utf-8", "replace")
    except OSError:
        return {}
    groups: dict[str, str] = {}
    for line in text.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if container_id and container_id in path:
            groups |= dict.fromkeys(controllers.split(","), path.lstrip("/"))
    return groups


def _address(digits: str) -> str:
    """/proc/net writes each 32-bit word of an address in the machine's own byte order."""
    words = [int(digits[at : at + 8], 16) for at in range(0, len(digits), 8)]
    address = ipaddress.ip_address(struct.pack(f"={len(words)}I", *words))
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
