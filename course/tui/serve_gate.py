"""Owns who may talk to a desk in the browser: the host, the origin and the token; must never open a connection.

Another website that is open in the same browser can send requests to a loopback address, and with a name of its own
that it lets point there (DNS rebinding) it could read the answers. So three things must be right: the Host that was
asked for, the Origin of the page that asks, and a token that only who started the server has read.
Source: OWASP, Cross-Site WebSocket Hijacking; RFC 6454 on origins.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

TOKEN_BYTES = 32
HOSTS = ("127.0.0.1", "localhost")
"""Names of this machine's own loopback address, which is the only one that is listened on."""


def new_token() -> str:
    """A text that nobody can guess, new at every start."""
    return secrets.token_urlsafe(TOKEN_BYTES)


@dataclass(frozen=True, slots=True)
class Gate:
    """What a request must show."""

    port: int
    token: str

    @property
    def cookie(self) -> str:
        """Name of the cookie that holds the token after the first visit. Cookies know no ports, so the name does."""
        return f"dockyard-{self.port}"

    @property
    def address(self) -> str:
        """The first page, with the token."""
        return f"http://{HOSTS[0]}:{self.port}/?token={self.token}"

    def refusal(self, *, host: str, origins: tuple[str, ...], is_socket: bool) -> str:
        """Why a request must not be answered, whatever it knows; empty when it may.

        `origins` are all Origin headers that came. A browser sends one with every websocket.
        """
        known = {f"{name}:{self.port}" for name in HOSTS}
        if host.lower() not in known:
            return "This address answers to 127.0.0.1 and localhost only"
        if is_socket and not origins:
            return "A websocket must say which page it comes from"
        if any(origin.lower() != f"http://{host.lower()}" for origin in origins):
            return "Another page asked for this"
        return ""

    def knows(self, told: str | None) -> bool:
        """Whether this is the token; takes the same time however much of it is right."""
        return told is not None and secrets.compare_digest(told.encode(), self.token.encode())
