"""Owns the private engine's network bridge; must never touch the rules or the bridge of another engine.

Two engines must not share docker0, and a starting dockerd that manages iptables throws away the chains of one that
runs already. So ours gets a bridge of its own and the three rules that it needs, each with our comment.
Source: moby libnetwork, drivers/bridge (removeIPChains at start), read 2026-11.
"""

from __future__ import annotations

import fcntl
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from graders.cancel import Cancel
from graders.engine.program import find_program, lines_of
from graders.errors import EngineCommandFailed, EngineTimeout

_ADD_BRIDGE, _REMOVE_BRIDGE = 0x89A0, 0x89A1
_SET_ADDRESS, _SET_MASK, _GET_FLAGS, _SET_FLAGS = 0x8916, 0x891C, 0x8913, 0x8914
_UP = 1


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge and its network."""

    name: str = "dockyard0"
    address: str = "172.29.171.1"
    mask: str = "255.255.255.0"

    @property
    def subnet(self) -> str:
        """The network as iptables writes it."""
        return f"{self.address.rsplit('.', 1)[0]}.0/{self.mask}"


def make_bridge(bridge: Bridge, environ: Mapping[str, str]) -> str:
    """Make the bridge and its rules; says what builds will miss, or nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        with suppress(FileExistsError):
            fcntl.ioctl(sock, _ADD_BRIDGE, bridge.name.encode() + b"\0")
        for request, address in ((_SET_ADDRESS, bridge.address), (_SET_MASK, bridge.mask)):
            fcntl.ioctl(sock, request, _request(bridge.name, struct.pack("=HH4s8x", 2, 0, socket.inet_aton(address))))
        flags = struct.unpack_from("=h", fcntl.ioctl(sock, _GET_FLAGS, _request(bridge.name, b"")), 16)[0]
        fcntl.ioctl(sock, _SET_FLAGS, _request(bridge.name, struct.pack("=h", flags | _UP)))
    try:
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1\n", "ascii")
    except OSError:
        return "forwarding could not be switched on: builds have no network"
    for rule in _rules(bridge):
        if not _iptables(("-C", *rule), environ) and not _iptables(("-I", *rule), environ):
            return "iptables could not be used: builds have no network"
    return ""


def remove_bridge(bridge: Bridge, environ: Mapping[str, str]) -> None:
    """Take the bridge and its rules away; what is gone already is fine."""
    if not Path(f"/sys/class/net/{bridge.name}/bridge").exists():
        return
    for rule in _rules(bridge):
        _iptables(("-D", *rule), environ)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, suppress(OSError):
        fcntl.ioctl(sock, _SET_FLAGS, _request(bridge.name, struct.pack("=h", 0)))
        fcntl.ioctl(sock, _REMOVE_BRIDGE, bridge.name.encode() + b"\0")


def _request(name: str, data: bytes) -> bytes:
    return struct.pack("16s24s", name.encode(), data)


def _rules(bridge: Bridge) -> tuple[tuple[str, ...], ...]:
    mark = ("-m", "comment", "--comment", "dockyard")
    return (
        ("FORWARD", "-i", bridge.name, *mark, "-j", "ACCEPT"),
        ("FORWARD", "-o", bridge.name, *mark, "-j", "ACCEPT"),
        ("POSTROUTING", "-t", "nat", "-s", bridge.subnet, "!", "-o", bridge.name, *mark, "-j", "MASQUERADE"),
    )


def _iptables(rule: tuple[str, ...], environ: Mapping[str, str]) -> bool:
    program = find_program("iptables", environ)
    if program is None:
        return False
    try:
        for _ in lines_of((program, "-w", "5", *rule), environ=environ, cancel=Cancel(), timeout_s=10.0):
            pass
    except (EngineCommandFailed, EngineTimeout):
        return False
    return True
