"""Owns HTTP between us and a Docker engine: connections, deadlines, cancelling; must never know what is asked.

Each request has a connection of its own, so the engine object may be used from several threads and a cancel is a
shutdown of one socket. A local socket is spoken to with the standard library (the SDK costs a quarter of a second
to import); addresses with TCP, TLS or SSH go through the SDK's transports.
"""

from __future__ import annotations

import json
import math
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from graders.cancel import Cancel
from graders.engine.docker.errors import EngineRefused, translated
from graders.engine.docker.http import Body
from graders.engine.docker.stream import Stream
from graders.errors import EngineError, EngineTimeout, EngineUnavailable
from graders.safe_text import clean

CONTROL_S = 30.0
"""Longest wait for the answer to a short request."""
_FROZEN_S = 2.0
"""The same, of an engine that has just let one of them wait in vain."""
NEWEST_API = (1, 47)
"""The newest API that this adapter was tried with."""

Json = dict[str, object]
Query = Mapping[str, str | tuple[str, ...]]
Connected = tuple[socket.socket, object]
"""A socket, and what must live as long as it."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificates of an engine that is reached over the network."""

    folder: Path
    """Holds ca.pem, cert.pem and key.pem."""
    verify: bool = True


class Wire:
    """Requests to one engine."""

    def __init__(self, address: str, tls: Tls | None = None) -> None:
        self.address = address
        self._connect = _connector(address, tls)
        self._prefix = ""
        self._is_frozen = False

    def ping(self, timeout_s: float, cancel: Cancel | None = None) -> dict[str, str]:
        """Ask whether the engine lives and settle on an API version; its headers, names in lower case."""
        try:
            return self._ping(timeout_s, cancel)
        except EngineTimeout:
            self._is_frozen = True
            raise

    def _ping(self, timeout_s: float, cancel: Cancel | None) -> dict[str, str]:
        with self.open("GET", "/_ping", operation="greet it", timeout_s=timeout_s, cancel=cancel) as stream:
            stream.read(cancel)
            self._is_frozen = False
            names = ("Api-Version", "Builder-Version", "Server", "Ostype", "Libpod-Api-Version")
            headers = {name.lower(): clean(stream.header(name), max_len=100) for name in names}
        theirs = headers["api-version"]
        if theirs:
            self._prefix = f"/v{min(version_of(theirs), NEWEST_API)[0]}.{min(version_of(theirs), NEWEST_API)[1]}"
        return headers

    def call(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Json | None = None,
        *,
        operation: str,
        timeout_s: float = CONTROL_S,
        cancel: Cancel | None = None,
    ) -> object:
        """One short request; its decoded answer, None when it is empty, foreign data for `as_object` and the like.

        Raises `EngineRefused` from status 400 on.
        """
        if self._is_frozen:
            timeout_s = min(timeout_s, _FROZEN_S)
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            with self.open(
                method, path, query, data, headers=headers, operation=operation, timeout_s=timeout_s, cancel=cancel
            ) as stream:
                answer = stream.read(cancel)
        except EngineTimeout:
            self._is_frozen = True
            raise
        self._is_frozen = False
        if not answer.strip():
            return None
        with translated(operation, self.address, cancel=cancel):
            found: object = json.loads(answer)
            return found

    def remove(self, path: str, query: Query | None = None, *, kind: str, or_in_use: bool = False) -> None:
        """Remove a thing of this kind ("a volume"); one that is gone is fine, and with `or_in_use` one that stays."""
        try:
            self.call("DELETE", path, query, operation=f"remove {kind}")
        except EngineRefused as error:
            if error.status != 404 and not (or_in_use and error.status == 409):
                raise

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Body = None,
        *,
        operation: str,
        timeout_s: float = CONTROL_S,
        headers: Mapping[str, str] | None = None,
        cancel: Cancel | None = None,
        plain: bool = False,
    ) -> Iterator[Stream]:
        """Send a request and hand out its answer; raises `EngineRefused` from status 400 on.

        `plain`: for large answers, without the engine's chunks.
        """
        stream = self.dial(operation, timeout_s, cancel)
        if plain:
            stream.ask_plainly()
        forget = cancel.on_cancel(stream.hang_up) if cancel is not None else None
        try:
            with translated(operation, self.address, limit_s=timeout_s, cancel=cancel):
                stream.send(method, self.url(path, query), body, headers or {})
            self.check(stream, operation)
            yield stream
        finally:
            if forget is not None:
                forget()
            stream.close()

    def dial(self, operation: str, timeout_s: float, cancel: Cancel | None = None) -> Stream:
        """A connection on which nothing was asked yet; the caller closes it."""
        if cancel is not None:
            cancel.raise_if_set()
        with translated(operation, self.address, limit_s=timeout_s, cancel=cancel):
            sock, holds = self._connect(timeout_s)
            stream = Stream(sock, operation, self.address, holds=holds)
            stream.wait_at_most(timeout_s)
            return stream

    def url(self, path: str, query: Query | None = None) -> str:
        """The request line's target."""
        text = urlencode(query, doseq=True) if query else ""
        return f"{self._prefix}{path}{'?' + text if text else ''}"

    def check(self, stream: Stream, operation: str) -> None:
        """Raise `EngineRefused` when the answer's status says so."""
        if stream.status >= 400:
            raise EngineRefused(operation, status=stream.status, reason=_reason(stream.read()))


def as_object(value: object) -> Json:
    """`value` if it is a JSON object, else an empty one: an engine's answer is foreign data."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """`value` if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    """`value` if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def as_number(value: object) -> int:
    """`value` if it is a whole number, else 0."""
    return value if isinstance(value, int) else 0


def messages(chunks: Iterator[bytes]) -> Iterator[Json]:
    """The JSON objects of an engine's progress stream, one a line; what is none is left out."""
    split = LineSplitter()
    for chunk in chunks:
        yield from split.feed(chunk)
    yield from split.feed(b"\n")


class LineSplitter:
    """Cuts a progress stream into JSON objects, across chunk borders."""

    _LONGEST = 32 * 1024 * 1024

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[Json]:
        """The objects that this chunk completes."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > self._LONGEST:
            self._rest = b""
        found: list[Json] = []
        for line in lines:
            if line.strip():
                with suppress(ValueError, RecursionError):
                    found.append(as_object(json.loads(line)))
        return found


def version_of(text: str) -> tuple[int, int]:
    """An API version as numbers; what makes no sense counts as the newest that we know."""
    major, _, minor = text.partition(".")
    if not (major.isdecimal() and minor.isdecimal()):
        return NEWEST_API
    return int(major), int(minor)


def _reason(data: bytes) -> str:
    message = ""
    with suppress(ValueError, RecursionError):
        answer = as_object(json.loads(data))
        message = as_text(answer.get("message")) or as_text(answer.get("cause"))
    return clean(message or data.decode("utf-8", "replace"), max_len=2000) or "no reason given"


def _connect_locally(path: str, timeout_s: float) -> Connected:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout_s)
        sock.connect(path)
    except BaseException:
        sock.close()
        raise
    return sock, None


def _connector(address: str, tls: Tls | None) -> Callable[[float], Connected]:
    scheme, _, rest = address.partition("://")
    if scheme == "unix":
        return partial(_connect_locally, rest)
    if scheme not in {"tcp", "http", "https", "ssh"} or not rest:
        raise EngineUnavailable(
            f"{clean(address, max_len=200)} is no address of an engine",
            hint="Write unix:///path/to.sock, tcp://host:port or ssh://user@host.",
        )
    return _sdk_connector(address, tls)


def _sdk_connector(address: str, tls: Tls | None) -> Callable[[float], Connected]:
    def connect(timeout_s: float) -> Connected:
        import http.client

        import docker
        import requests
        from docker.tls import TLSConfig

        certificates: TLSConfig | None = None
        if tls is not None:
            certificates = TLSConfig(
                client_cert=(str(tls.folder / "cert.pem"), str(tls.folder / "key.pem")),
                ca_cert=str(tls.folder / "ca.pem"),
                verify=tls.verify,
            )
        client = docker.APIClient(
            base_url=address, version="1.41", timeout=math.ceil(timeout_s), tls=certificates or False
        )
        adapter = client.get_adapter(client.base_url)
        if address.startswith("ssh://"):
            pool = adapter.get_connection(client.base_url)  # type: ignore[attr-defined]
        else:
            asked = requests.Request("GET", client.base_url).prepare()
            pool = adapter.get_connection_with_tls_context(  # type: ignore[attr-defined]
                asked, client.verify, cert=client.cert
            )
        connection = pool._new_conn()
        if not isinstance(connection, http.client.HTTPConnection):
            raise EngineError(f"The SDK has no connection for {address}")
        connection.timeout = timeout_s
        connection.connect()
        sock: socket.socket | None = connection.sock
        if sock is None:
            raise ConnectionError("the connection was closed at once")
        return sock, connection

    return connect
