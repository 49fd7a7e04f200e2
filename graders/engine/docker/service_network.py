"""Owns the network of one service: nothing on it but the container and us, and no way out; must never be shared.

The engine gives containers of an "internal" network a default route all the same, and stops them by firewall rules
that a daemon without iptables does not make. So the route leads to an address that nobody has, and names are asked
of a server that nobody can reach. Without NET_ADMIN and NET_RAW a program can't change either. This machine's leg
has a name by which the private engine knows it, and lets nothing through it but answers.
Source: moby 20.10, libnetwork drivers/bridge (AuxAddresses, DefaultGatewayIPv4) and resolver.go, read 2026-11.
"""

from __future__ import annotations

import ipaddress
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
            network = ipaddress.ip_network(subnet)
        except ValueError as error:
            raise EngineError(f"The engine does not say the addresses of a network ({subnet or 'none'})") from error
        # The engine chose addresses that are free here; a small corner of them is enough.
        small = ipaddress.ip_network(f"{network.network_address}/{max(network.prefixlen, 28)}")
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
        legs = (_leg(name), f"br-{id_[:12]}")
        return ServiceNetwork(id_, any((_INTERFACES / leg).exists() for leg in legs))
    raise EngineError("The engine gave no network for a service")


def remove_network(wire: Wire, name: str) -> None:
    """Remove it; one that is gone is fine. Raises EngineError."""
    wire.remove(f"/networks/{name}", kind="a network")


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
