"""Owns asking the private engine's guard for a network while a build runs; must never change a network itself."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from graders.cancel import Cancel
from graders.engine.base import Network
from graders.errors import EngineError, EngineTimeout, EngineUnavailable

GUARD_SOCKET = "network.sock"
"""Beside the private engine's own socket."""
HINT = "Start it again with: dockyard engine up"
_WAIT_S = 1800.0
"""Longest wait for builds with another network to end."""
_ANSWER_S = 20.0
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Granted:
    """What a build got."""

    proxy: str = ""
    """Where its requests must go; empty where it reaches everything, or nothing."""

    @property
    def build_args(self) -> dict[str, str]:
        """Arguments that every RUN sees, and neither the image nor the cache. Source: docs.docker.com, predefined ARGs.

        On an engine whose network nobody keeps there are none: there the build goes its own way.
        """
        if not self.proxy:
            return {}
        names = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY")
        return dict.fromkeys(names, self.proxy) | dict.fromkeys(("no_proxy", "NO_PROXY"), "localhost,127.0.0.1,::1")


def guard_socket(address: str) -> Path | None:
    """The guard's socket beside an engine's; None where there is none, so that nobody keeps the engine's network."""
    if not address.startswith("unix://"):
        return None
    path = Path(address.removeprefix("unix://")).with_name(GUARD_SOCKET)
    with suppress(OSError):
        if path.is_socket():
            return path
    return None


@contextmanager
def claimed(address: str, network: Network, cancel: Cancel) -> Iterator[Granted]:
    """Hold the network of a build on the engine at `address`.

    Raises `EngineUnavailable` where the guard is dead, `EngineError` where it can't close the network,
    `EngineTimeout` where other builds don't make room, `Cancelled`.
    """
    path = guard_socket(address)
    if path is None or network is Network.NONE:
        yield Granted()
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        forget = cancel.on_cancel(lambda: _hang_up(sock))
        try:
            answer = _ask(sock, path, network, cancel)
        finally:
            forget()
        yield Granted(answer if network is Network.INDEX else "")


def _ask(sock: socket.socket, path: Path, network: Network, cancel: Cancel) -> str:
    began = time.monotonic()
    try:
        sock.settimeout(_ANSWER_S)
        sock.connect(str(path))
        sock.sendall(json.dumps({"network": "index" if network is Network.INDEX else "open"}).encode() + b"\n")
        rest, limit_s = b"", _ANSWER_S
        while True:
            cancel.raise_if_set()
            if time.monotonic() - began > limit_s:
                raise EngineTimeout(
                    "Builds with another network policy did not end in time",
                    limit_s=limit_s,
                    elapsed_s=time.monotonic() - began,
                    hint="Try again when they are over.",
                )
            sock.settimeout(_POLL_S)
            try:
                data = sock.recv(4096)
            except TimeoutError:
                continue
            if not data:
                raise ConnectionError("it hung up")
            *lines, rest = (rest + data).split(b"\n")
            for said in map(json.loads, lines):
                if said.get("granted") is False:
                    raise EngineError(
                        "The private engine can't close its network, so a build that may reach the package index"
                        " only was not started",
                        hint="Load the module that it needs with: sudo modprobe br_netfilter",
                    )
                if said.get("granted"):
                    return str(said.get("proxy", ""))
                limit_s = _WAIT_S
    except (OSError, ValueError, AttributeError) as error:
        cancel.raise_if_set()
        raise EngineUnavailable(
            f"The guard of the private engine's network does not answer ({error})", hint=HINT
        ) from error


def _hang_up(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
