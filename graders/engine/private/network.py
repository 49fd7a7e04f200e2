"""Owns the private engine's network bridge; must never touch the rules or the bridge of another engine.

A bridge is open, or closed: then what runs on it reaches one port of ours and nothing else, its neighbours included.

Two engines must not share docker0, and a starting dockerd that manages iptables throws away the chains of one that
runs already. So ours gets a bridge of its own and the three rules that it needs, each with our comment.
Source: moby libnetwork, drivers/bridge (removeIPChains at start), read 2026-11.
"""

from __future__ import annotations

import fcntl
import ipaddress
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
CLOSING = "dockyard-closed"
"""Comment of the rules that close a bridge."""
SERVICE_LEGS = "dkys"
"""How the names begin of this machine's legs on the networks of services."""


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

    @property
    def network(self) -> ipaddress.IPv4Network:
        """The addresses of what runs on it."""
        return ipaddress.IPv4Network(self.subnet)


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
        if not iptables(("-C", *rule), environ) and not iptables(("-I", *rule), environ):
            return "iptables could not be used: builds have no network"
    return shut_services(bridge, environ)


def shut_services(bridge: Bridge, environ: Mapping[str, str]) -> str:
    """Let services answer this machine, and reach neither it nor a neighbour; says what is missing, or nothing.

    The rules are put on top again each time, as those of `close_bridge`.
    """
    for rule in _service_rules(bridge):
        while iptables(("-D", *rule), environ):
            pass
        if not iptables(("-I", *rule), environ):
            return "iptables could not be used: services reach what listens on all of this machine's addresses"
    return ""


def close_bridge(bridge: Bridge, port: int, environ: Mapping[str, str]) -> bool:
    """Cut off what runs on the bridge from everything but `port` of its address; whether that holds now.

    The rules are put on top again each time, since another program may have put its own above them.
    """
    open_bridge(bridge, environ)
    if not _stops_neighbours(bridge):
        return False
    return all(iptables(("-I", *rule), environ) for rule in _closing_rules(bridge, port))


def open_bridge(bridge: Bridge, environ: Mapping[str, str]) -> None:
    """Take away what `close_bridge` did, whichever port it was told."""
    for chain in ("INPUT", "FORWARD"):
        for line in listed(chain, environ):
            words = tuple(word.strip('"') for word in line.split())
            if words[:2] == ("-A", chain) and bridge.name in words and CLOSING in words:
                iptables(("-D", *words[1:]), environ)


def remove_bridge(bridge: Bridge, environ: Mapping[str, str]) -> None:
    """Take the bridge and its rules away; what is gone already is fine."""
    if not Path(f"/sys/class/net/{bridge.name}/bridge").exists():
        return
    open_bridge(bridge, environ)
    for rule in (*_rules(bridge), *_service_rules(bridge)):
        iptables(("-D", *rule), environ)
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


def _service_rules(bridge: Bridge) -> tuple[tuple[str, ...], ...]:
    """The comment names the bridge, so that two private engines each keep rules of their own."""
    mark = ("-m", "comment", "--comment", f"dockyard-services-{bridge.name}")
    legs = f"{SERVICE_LEGS}+"
    answers = ("-m", "conntrack", "!", "--ctstate", "ESTABLISHED,RELATED")
    return (
        ("FORWARD", "-o", legs, *mark, "-j", "DROP"),
        ("FORWARD", "-i", legs, *mark, "-j", "DROP"),
        ("INPUT", "-i", legs, *answers, *mark, "-j", "REJECT", "--reject-with", "icmp-admin-prohibited"),
    )


def _closing_rules(bridge: Bridge, port: int) -> tuple[tuple[str, ...], ...]:
    """In the order in which they are put on top, so the last is asked first."""
    mark = ("-m", "comment", "--comment", CLOSING)
    only = ("-p", "tcp", "-d", bridge.address, "--dport", str(port))
    # A refusal is an answer at once; silence would cost an honest mistake the whole time limit of a build.
    refuse = ("-j", "REJECT", "--reject-with", "icmp-admin-prohibited")
    return (
        ("FORWARD", "-o", bridge.name, *mark, "-j", "DROP"),
        ("FORWARD", "-i", bridge.name, *mark, *refuse),
        ("INPUT", "-i", bridge.name, *mark, *refuse),
        ("INPUT", "-i", bridge.name, *only, *mark, "-j", "ACCEPT"),
    )


def _stops_neighbours(bridge: Bridge) -> bool:
    """Have the rules asked for frames from one port of the bridge to another, and no other protocol beside IPv4."""
    with suppress(OSError):
        Path(f"/proc/sys/net/ipv6/conf/{bridge.name}/disable_ipv6").write_text("1\n", "ascii")
    try:
        Path(f"/sys/class/net/{bridge.name}/bridge/nf_call_iptables").write_text("1\n", "ascii")
    except OSError:
        return False
    return True


def listed(chain: str, environ: Mapping[str, str], program: str = "iptables") -> tuple[str, ...]:
    """The rules of a chain as they would be given; none where that can't be told."""
    found = find_program(program, environ)
    if found is None:
        return ()
    try:
        argv = (found, "-w", "5", "-S", chain)
        return tuple(lines_of(argv, environ=environ, cancel=Cancel(), timeout_s=10.0))
    except (EngineCommandFailed, EngineTimeout):
        return ()


def iptables(rule: tuple[str, ...], environ: Mapping[str, str], program: str = "iptables") -> bool:
    """Add, take away or look for a rule; whether that worked."""
    found = find_program(program, environ)
    if found is None:
        return False
    try:
        for _ in lines_of((found, "-w", "5", *rule), environ=environ, cancel=Cancel(), timeout_s=10.0):
            pass
    except (EngineCommandFailed, EngineTimeout):
        return False
    return True
