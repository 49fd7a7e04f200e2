"""The network of a service is nobody else's, also where two engines of one machine give one at the same moment."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from pathlib import Path

import pytest

from graders.engine.docker import service_network
from graders.engine.docker.errors import EngineRefused
from graders.engine.docker.service_network import make_network
from graders.engine.docker.wire import Json, Query, as_list, as_object
from graders.errors import EngineError
from tests.graders.engine.scripted_wire import ScriptedWire

HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
LEG = "\t1002010A\t00000000\t0001\t0\t0\t0\tF0FFFFFF\t0\t0\t0\n"
"""On 10.1.2.16/28."""


class Scripted(ScriptedWire):
    """An engine that gives these networks, one after the other; notes which corners it was told to make."""

    def __init__(self, *given: str, made: Callable[[ipaddress.IPv4Network], None] = lambda _: None) -> None:
        super().__init__()
        self._given = list(given)
        self._made = made
        self.corners: list[ipaddress.IPv4Network] = []
        self.standing = 0

    def answer(self, method: str, path: str, query: Query | None, body: Json | None) -> object:
        if method == "DELETE":
            self.standing -= 1
            return None
        if method == "GET":
            return {"IPAM": {"Config": [{"Subnet": self._given.pop(0)}]}}
        self.standing += 1
        told = as_list(as_object(as_object(body).get("IPAM")).get("Config"))
        if told:
            self.corners.append(ipaddress.IPv4Network(str(as_object(told[0])["Subnet"])))
            self._made(self.corners[-1])
        return {"Id": "ab" * 32}


@pytest.fixture
def routes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What this machine says of its routes."""
    path = tmp_path / "route"
    path.write_text(HEAD)
    monkeypatch.setattr(service_network, "_ROUTES", path)
    return path


def test_two_engines_that_give_the_same_network_take_other_corners(routes: Path) -> None:
    """Each service has sixteen addresses of its own of those that the engine has free."""
    engines = [Scripted("172.18.0.0/16") for _ in range(20)]
    for number, engine in enumerate(engines):
        make_network(engine, f"dockyard-{number:016x}", "run")
    corners = [engine.corners[0] for engine in engines]

    assert len(engines) == len(set(corners))
    assert {28} == {corner.prefixlen for corner in corners}
    assert all(corner.subnet_of(ipaddress.IPv4Network("172.18.0.0/16")) for corner in corners)


@pytest.mark.parametrize("given", ["10.1.2.16/28", "10.1.2.16/29"])
def test_small_network_is_taken_whole(routes: Path, given: str) -> None:
    """An engine that gives little is asked for no more."""
    engine = Scripted(given)
    make_network(engine, "dockyard-0", "run")

    assert [ipaddress.IPv4Network(given)] == engine.corners


def test_network_that_another_engine_took_at_the_same_moment_is_given_back(routes: Path) -> None:
    """This machine would ask our service at the other's: so it is removed, and another one made."""

    def two_legs(corner: ipaddress.IPv4Network) -> None:
        if corner == ipaddress.IPv4Network("10.1.2.16/28"):
            routes.write_text(f"{HEAD}dkysours{LEG}dkystheirs{LEG}")

    engine = Scripted("10.1.2.16/28", "10.1.2.32/28", made=two_legs)
    make_network(engine, "dockyard-0", "run")

    assert ["10.1.2.16/28", "10.1.2.32/28"] == [str(corner) for corner in engine.corners]
    assert 1 == engine.standing


def test_network_that_is_never_ours_alone_is_an_error(routes: Path) -> None:
    """No service is asked where another may answer, and nothing stays."""
    routes.write_text(f"{HEAD}dkysours{LEG}dkystheirs{LEG}")
    engine = Scripted(*["10.1.2.16/28"] * 3)

    with pytest.raises(EngineError, match="that nothing else on this machine has"):
        make_network(engine, "dockyard-0", "run")

    assert 0 == engine.standing


@pytest.mark.parametrize(("reason", "tries"), [("Pool overlaps with other one", 3), ("no space left", 1)])
def test_engine_that_refuses_is_asked_again_only_for_an_overlap(routes: Path, reason: str, tries: int) -> None:
    """A second service of the same engine took the addresses between two calls."""

    def refuse(corner: ipaddress.IPv4Network) -> None:
        raise EngineRefused("create a network", status=403, reason=reason)

    engine = Scripted(*["10.1.2.16/28"] * 3, made=refuse)

    with pytest.raises(EngineRefused, match=reason):
        make_network(engine, "dockyard-0", "run")

    assert tries == len(engine.corners)
