"""Owns who may start or change a file of an image, and what whoever starts it becomes; must never judge.

Source: credentials(7), capabilities(7), inode(7) and passwd(5) of the Linux manual; how a USER becomes a user and
groups: the engine's own `GetExecUser` (moby/sys/user), read 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass

from graders.context import LayerFile, LayerScan

SETUID = 0o4000
# fmt: off
CAPABILITIES = (
    "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
    "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
    "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
    "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
    "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
    "checkpoint_restore",
)
# fmt: on
"""In the order of their bits (linux/capability.h of Linux 6.1)."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A user of an image."""

    uid: int
    gids: frozenset[int]


def identity_of(user: str, scan: LayerScan) -> Identity | None:
    """Who a `USER` setting makes the process; None when the image does not know the name."""
    name, _, group = user.partition(":")
    rows = [row for row in _rows(scan.passwd, 7) if name in {row[0], row[2]}]
    if not name:
        return Identity(0, frozenset({0}))
    if not rows and not name.isdecimal():
        return None
    uid, gid = (int(rows[0][2]), int(rows[0][3])) if rows else (int(name), 0)
    groups = _rows(scan.group, 4)
    if group:
        named = [int(row[2]) for row in groups if group in {row[0], row[2]}]
        return Identity(uid, frozenset(named or ([int(group)] if group.isdecimal() else [])))
    more = {int(row[2]) for row in groups if rows and rows[0][0] in row[3].split(",")}
    return Identity(uid, frozenset({gid, *more}))


def may(file: LayerFile, who: Identity, bit: int) -> bool:
    """Whether the file's mode allows it: 4 to read, 2 to write, 1 to start or enter. Root may everything."""
    if who.uid == 0:
        return True
    if file.uid == who.uid:
        return bool(file.mode & bit << 6)
    return bool(file.mode & bit << 3 if file.gid in who.gids else file.mode & bit)


def may_reach(path: str, who: Identity, scan: LayerScan) -> bool:
    """Whether no folder on the way is closed to the user."""
    return all(may(folder, who, 1) for folder in scan.closed if path.startswith(f"{folder.path}/"))


def capability_names(bits: int) -> tuple[str, ...]:
    """The capabilities of a set, in the order of their bits; those that we don't know by number."""
    return tuple(
        CAPABILITIES[at] if at < len(CAPABILITIES) else str(at) for at in range(bits.bit_length()) if bits >> at & 1
    )


def open_accounts(scan: LayerScan) -> tuple[str, ...]:
    """Names of the accounts with number 0 that can be logged in to: without a password, or with one that is set."""
    shadow = {row[0]: row[1] for row in _rows(scan.shadow, 2)}
    found = []
    for row in _rows(scan.passwd, 7):
        word = shadow.get(row[0], "*") if row[1] == "x" else row[1]
        if int(row[2]) == 0 and not word.startswith(("!", "*")):
            found.append(row[0])
    return tuple(found)


def _rows(data: bytes | None, fields: int) -> list[list[str]]:
    """Rows with at least that many fields and, from the third on, a number where one belongs."""
    rows = [line.split(":") for line in (data or b"").decode("utf-8", errors="replace").splitlines()]
    numbers = {7: (2, 3), 4: (2,)}.get(fields, ())
    return [row for row in rows if len(row) >= fields and all(_is_id(row[at]) for at in numbers)]


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 11
