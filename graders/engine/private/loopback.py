"""Owns keeping dockerd itself off this machine's own services; must never touch what other programs send.

What `FROM` and `ADD` name is fetched by dockerd and not by a step of the build: from this machine's network, where
127.0.0.1 is this machine. So dockerd is started with a group that nobody else has, and the firewall knows by it what
dockerd sends to this machine. Names, and the registries and proxies that it was told of, stay reachable.
Source: iptables-extensions(8), "owner" with --suppl-groups; moby 20.10, builder-next (sources), read 2026-11.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from graders.engine.private.network import iptables, listed

_CODE = """\
import os, sys
try:
    os.setgroups([*os.getgroups(), int(sys.argv[1])])
except OSError:
    pass
os.execv(sys.argv[2], sys.argv[2:])
"""
_FIRST_GROUP, _GROUPS = 4_200_000_000, 10_000_000
"""Above what Debian and the ranges of users' namespaces use."""
_NAMES_PORT = 53
_FAMILIES = {4: "iptables", 6: "ip6tables"}


def marked(argv: tuple[str, ...], engine: str) -> tuple[str, ...]:
    """The same program with the mark of this engine's dockerd: a supplementary group, which no file and no container
    gets."""
    return (sys.executable, "-I", "-c", _CODE, str(_group(engine)), *argv)


def is_marked(pid: int, engine: str) -> bool:
    """Whether a process has the mark."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines():
            if line.startswith("Groups:"):
                return str(_group(engine)) in line.split()
    return False


def shut_loopback(engine: str, asked: Iterable[tuple[str, int]], environ: Mapping[str, str]) -> str:
    """Refuse what the marked dockerd sends to this machine but for `asked`; says what is missing, or nothing."""
    open_loopback(engine, environ)
    for family in _families():
        for rule in _rules(engine, family, frozenset(asked)):
            if not iptables(("-I", *rule), environ, _FAMILIES[family]):
                return f"{_FAMILIES[family]} could not be used: FROM and ADD reach services of this machine"
    return ""


def open_loopback(engine: str, environ: Mapping[str, str]) -> None:
    """Take the rules away; where there are none that is fine."""
    for family in _families():
        for line in listed("OUTPUT", environ, _FAMILIES[family]):
            words = tuple(word.strip('"') for word in line.split())
            if words[:2] == ("-A", "OUTPUT") and _comment(engine) in words:
                iptables(("-D", *words[1:]), environ, _FAMILIES[family])


def _rules(engine: str, family: int, asked: frozenset[tuple[str, int]]) -> Iterator[tuple[str, ...]]:
    """In the order in which they are put on top, so the last is asked first."""
    owner = ("-m", "owner", "--gid-owner", str(_group(engine)), "--suppl-groups")
    mark = ("-m", "comment", "--comment", _comment(engine))
    # Answers to what came from outside go out the same way, so only what dockerd begins is refused.
    base = ("OUTPUT", "-o", "lo", *owner, "-m", "conntrack", "--ctstate", "NEW")
    yield (*base, "-p", "udp", *mark, "-j", "REJECT")
    yield (*base, "-p", "tcp", *mark, "-j", "REJECT", "--reject-with", "tcp-reset")
    for host, port in sorted(asked):
        for address in _addresses(host, family):
            yield (*base, "-p", "tcp", "-d", address, "--dport", str(port), *mark, "-j", "RETURN")
    for protocol in ("udp", "tcp"):
        yield (*base, "-p", protocol, "--dport", str(_NAMES_PORT), *mark, "-j", "RETURN")


def _addresses(host: str, family: int) -> tuple[str, ...]:
    """The addresses of a host that may be this machine, nobody asked: a number, or a name of its own."""
    if host in {"localhost", socket.gethostname()}:
        return ("127.0.0.0/8" if family == 4 else "::1",)
    with suppress(ValueError):
        if ipaddress.ip_address(host).version == family:
            return (host,)
    return ()


def _families() -> tuple[int, ...]:
    return (4, 6) if Path("/proc/net/if_inet6").exists() else (4,)


def _group(engine: str) -> int:
    return _FIRST_GROUP + zlib.crc32(engine.encode()) % _GROUPS


def _comment(engine: str) -> str:
    return f"dockyard-engine-{engine}"
