"""Owns the network of one service: nothing on it but the container and us, and no way out; must never be shared.

The engine gives containers of an "internal" network a default route all the same, and stops them by firewall rules
that a daemon without iptables does not make. So the route leads to an address that nobody has, and names are asked
of a server that nobody can reach. Without NET_ADMIN and NET_RAW a program can't change either. This machine's leg
has a name by which the private engine knows it, and lets nothing through it but answers.

An engine keeps to addresses that this machine has no route to, but takes those that it is told; so two engines of one
machine, asked at the same moment, may give the same ones, and the machine would ask the service of one at the other's.
Source: moby 20.10, libnetwork drivers/bridge (AuxAddresses, DefaultGatewayIPv4) and resolver.go, read 2026-11.
"""

from __future__ import annotations

import ipaddress
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

from graders.engine.base import LABEL
from graders.engine.docker.errors import EngineRefused
from graders.engine.docker.owner import OWNER, own_mark
from graders.engine.docker.wire import Json, Wire, as_list, as_object, as_text
from graders.engine.private.network import SERVICE_LEGS
from graders.errors import EngineError

NO_NAME_SERVER = "192.0.2.53"
"""An address for documentation (RFC 5737): no machine has it."""
_INTERFACES = Path("/sys/class/net")
_ROUTES = Path("/proc/net/route")
_BITS = 28
"""Of a small network: sixteen addresses."""
_TRIES = 3


@dataclass(frozen=True, slots=True)
class ServiceNetwork:
    """A network of ours."""

    id: str
    is_reachable: bool
    """Whether this machine has a leg on it."""


def make_network(wire: Wire, name: str, run_id: str) -> ServiceNetwork:
    """Make the network; the caller removes it, also when this raises. Raises EngineError."""
    for attempt in range(_TRIES):
        made = _create(wire, name, run_id, None)
        about = as_object(wire.call("GET", f"/networks/{made}", operation="inspect a network"))
        ways = [as_object(entry) for entry in as_list(as_object(about.get("IPAM")).get("Config"))]
        subnet = as_text(ways[0].get("Subnet")) if ways else ""
        remove_network(wire, name)
        try:
            network = ipaddress.IPv4Network(subnet)
        except ValueError as error:
            raise EngineError(f"The engine does not say the addresses of a network ({subnet or 'none'})") from error
        # The engine chose addresses that are free here; a small corner of them is enough.
        small = _corner(network, f"{name} {attempt}")
        gateway, nobody = small.network_address + 1, small.broadcast_address - 1
        config: Json = {
            "Subnet": str(small),
            "Gateway": str(gateway),
            "AuxiliaryAddresses": {"DefaultGatewayIPv4": str(nobody)},
        }
        try:
            id_ = _create(wire, name, run_id, config)
        except EngineRefused as error:
            # another service took the same addresses between our two calls
            if "overlap" not in error.reason.lower() or attempt == _TRIES - 1:
                raise
            continue
        if not _is_ours_alone(small):
            # Another engine did, and whoever sees it gives way: each looks after its own stands, so one sees the other.
            remove_network(wire, name)
            continue
        legs = (_leg(name), f"br-{id_[:12]}")
        return ServiceNetwork(id_, any((_INTERFACES / leg).exists() for leg in legs))
    raise EngineError("The engine gave no network for a service that nothing else on this machine has")


def remove_network(wire: Wire, name: str) -> None:
    """Remove it; one that is gone is fine. Raises EngineError."""
    wire.remove(f"/networks/{name}", kind="a network")


def _corner(network: ipaddress.IPv4Network, name: str) -> ipaddress.IPv4Network:
    """A small part of a network, one of many by the name, so that two who were shown the same take others."""
    bits = max(_BITS - network.prefixlen, 0)
    size = 2 ** (network.max_prefixlen - network.prefixlen - bits)
    first = int(network.network_address) + zlib.crc32(name.encode()) % 2**bits * size
    return ipaddress.IPv4Network((first, network.prefixlen + bits))


def _is_ours_alone(network: ipaddress.IPv4Network) -> bool:
    """Whether no second leg of this machine is on the same network."""
    try:
        routes = [line.split() for line in _ROUTES.read_text("ascii").splitlines()]
    except OSError:
        return True
    parts = (network.network_address, network.netmask)
    wanted = [f"{int.from_bytes(part.packed, sys.byteorder):08X}" for part in parts]
    return [[row[1], row[7]] for row in routes if len(row) > 7].count(wanted) <= 1


def _leg(name: str) -> str:
    """The name of this machine's leg: 15 characters are the most that Linux takes."""
    return f"{SERVICE_LEGS}{name[-11:]}"


def _create(wire: Wire, name: str, run_id: str, config: Json | None) -> str:
    wanted: Json = {
        "Name": name,
        "Driver": "bridge",
        "Internal": True,
        "CheckDuplicate": True,
        "Labels": {LABEL: run_id, OWNER: own_mark()},
    }
    if config is not None:
        wanted["IPAM"] = {"Driver": "default", "Config": [config]}
        wanted["Options"] = {"com.docker.network.bridge.name": _leg(name)}
    made = as_object(wire.call("POST", "/networks/create", None, wanted, operation="create a network"))
    return as_text(made.get("Id"))
