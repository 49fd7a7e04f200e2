"""Owns one request to an engine while its answer is read: deadlines, cancelling; must never know what is asked."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress

from graders.cancel import Cancel
from graders.engine.docker.errors import translated
from graders.engine.docker.http import Body, Exchange
from graders.errors import Cancelled


class Stream:
    """An answer while it is read; closing it from any thread ends it."""

    def __init__(self, sock: socket.socket, operation: str, address: str, *, holds: object = None) -> None:
        """`holds` is what must live as long as the socket."""
        self._socket = sock
        self._holds = holds
        self._exchange = Exchange(sock)
        self._operation = operation
        self._address = address
        self._is_plain = False
        self._limit_s = 0.0

    @property
    def status(self) -> int:
        """HTTP status of the answer; 0 before it came."""
        return self._exchange.status

    @property
    def socket(self) -> socket.socket:
        """The connection's socket, for requests that leave HTTP (attach)."""
        return self._socket

    def header(self, name: str) -> str:
        """A header of the answer; empty when it is not there."""
        return self._exchange.header(name)

    def send(self, method: str, url: str, body: Body, headers: Mapping[str, str]) -> None:
        """Send the request and read the answer's head."""
        try:
            self._exchange.send(
                method, url, {"Host": "docker", "Connection": "close", **headers}, body, old=self._is_plain
            )
        except (BrokenPipeError, ConnectionResetError):
            # An engine that refuses a body half-way has usually said why before it hung up.
            self.half_close()
        self._exchange.receive()

    def ask_plainly(self) -> None:
        """Speak HTTP/1.0: the answer then comes as it is, not cut into chunks of 16 KB (a tenth of an export)."""
        self._is_plain = True

    def upgrade(self, method: str, url: str) -> None:
        """Ask to leave HTTP on this connection; afterwards `socket` carries raw bytes."""
        with translated(self._operation, self._address, limit_s=self._limit_s):
            self._exchange.send(method, url, {"Host": "docker", "Connection": "Upgrade", "Upgrade": "tcp"}, old=False)
            self._exchange.receive()

    def half_close(self) -> None:
        """Tell the other side that nothing more comes from us."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def wait_at_most(self, limit_s: float) -> None:
        """Longest silence of every further read."""
        self._limit_s = limit_s
        with suppress(OSError):
            self._socket.settimeout(max(limit_s, 0.001))

    def read(self, cancel: Cancel | None = None) -> bytes:
        """The whole rest of the answer."""
        return b"".join(self.chunks(cancel))

    def chunks(self, cancel: Cancel | None = None) -> Iterator[bytes]:
        """The rest of the answer as it comes."""
        with translated(self._operation, self._address, limit_s=self._limit_s, cancel=cancel):
            pieces = self._exchange.pieces()
        while True:
            with translated(self._operation, self._address, limit_s=self._limit_s, cancel=cancel):
                data = next(pieces, b"")
            if cancel is not None and cancel.is_set:
                raise Cancelled
            if not data:
                return
            yield data

    def hang_up(self) -> None:
        """Wake up whoever reads: they see the end of the answer."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let everything go."""
        self.hang_up()
        self._socket.close()
