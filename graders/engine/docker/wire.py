"""Owns HTTP between us and a Docker engine: connections, deadlines, cancelling; must never know what is asked.

Each request has a connection of its own, so the engine object may be used from several threads and a cancel is a
shutdown of one socket. A local socket is spoken to with the standard library (the SDK costs a quarter of a second
to import); addresses with TCP, TLS or SSH go through the SDK's transports.
"""

from __future__ import annotations

import http.client
import json
import math
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from graders.cancel import Cancel
from graders.engine.docker.errors import EngineRefused, translated
from graders.errors import Cancelled, EngineError, EngineTimeout, EngineUnavailable
from graders.safe_text import clean

CONTROL_S = 30.0
"""Longest wait for the answer to a short request."""
_FROZEN_S = 2.0
"""The same, of an engine that has just let one of them wait in vain."""
NEWEST_API = (1, 47)
"""The newest API that this adapter was tried with."""
CHUNK = 256 * 1024

Json = dict[str, object]
Query = Mapping[str, str | tuple[str, ...]]
Body = bytes | Iterator[bytes] | None


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificates of an engine that is reached over the network."""

    folder: Path
    """Holds ca.pem, cert.pem and key.pem."""
    verify: bool = True


class Stream:
    """An answer while it is read; closing it from any thread ends it."""

    def __init__(
        self, connection: http.client.HTTPConnection, sock: socket.socket, operation: str, address: str
    ) -> None:
        self._connection = connection
        self._socket = sock
        self._operation = operation
        self._address = address
        self._response: http.client.HTTPResponse | None = None
        self._limit_s = 0.0

    @property
    def status(self) -> int:
        """HTTP status of the answer; 0 before it came."""
        return self._response.status if self._response is not None else 0

    @property
    def socket(self) -> socket.socket:
        """The connection's socket, for requests that leave HTTP (attach)."""
        return self._socket

    def header(self, name: str) -> str:
        """A header of the answer; empty when it is not there."""
        return (self._response.getheader(name) or "") if self._response is not None else ""

    def send(self, method: str, url: str, body: Body, headers: Mapping[str, str]) -> None:
        """Send the request and read the answer's head."""
        chunked = body is not None and not isinstance(body, bytes)
        headers = {"Host": "docker", "Connection": "close", **headers}
        if chunked:
            headers["Transfer-Encoding"] = "chunked"
        try:
            self._connection.request(method, url, body=body, headers=headers, encode_chunked=chunked)
        except (BrokenPipeError, ConnectionResetError):
            # An engine that refuses a body half-way has usually said why before it hung up.
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)
        self._response = self._connection.getresponse()

    def ask_plainly(self) -> None:
        """Speak HTTP/1.0: the answer then comes as it is, not cut into chunks of 16 KB (a tenth of an export)."""
        # http.client has no public way to say so.
        self._connection._http_vsn, self._connection._http_vsn_str = 10, "HTTP/1.0"  # type: ignore[attr-defined]

    def upgrade(self, method: str, url: str) -> None:
        """Ask to leave HTTP on this connection; afterwards `socket` carries raw bytes."""
        with translated(self._operation, self._address, limit_s=self._limit_s):
            self._connection.request(method, url, headers={"Host": "docker", "Connection": "Upgrade", "Upgrade": "tcp"})
            self._response = self._connection.getresponse()

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
        response = self._response
        while response is not None:
            with translated(self._operation, self._address, limit_s=self._limit_s, cancel=cancel):
                data = response.read1(CHUNK)
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
        if self._response is not None:
            self._response.close()
        self._connection.close()
        self._socket.close()


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
        """One short request; its decoded answer, None when it is empty. Raises `EngineRefused` from status 400 on."""
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

    def call_object(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Json | None = None,
        *,
        operation: str,
        timeout_s: float = CONTROL_S,
        cancel: Cancel | None = None,
    ) -> Json:
        """As `call`, where the answer is a JSON object."""
        answer = self.call(method, path, query, body, operation=operation, timeout_s=timeout_s, cancel=cancel)
        return as_object(answer)

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
            connection = self._connect(timeout_s)
            connection.connect()
            sock: socket.socket | None = connection.sock
            if sock is None:
                raise ConnectionError("the connection was closed at once")
            stream = Stream(connection, sock, operation, self.address)
            stream.wait_at_most(timeout_s)
            return stream

    def url(self, path: str, query: Query | None = None) -> str:
        """The request line's target."""
        text = urlencode(query or {}, doseq=True)
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


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a local socket."""

    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("docker", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        """Connect, or raise `OSError`."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(self._path)
        except OSError:
            self.sock.close()
            raise


def _connector(address: str, tls: Tls | None) -> Callable[[float], http.client.HTTPConnection]:
    scheme, _, rest = address.partition("://")
    if scheme == "unix":
        return lambda timeout_s: _UnixConnection(rest, timeout_s)
    if scheme not in {"tcp", "http", "https", "ssh"} or not rest:
        raise EngineUnavailable(
            f"{clean(address, max_len=200)} is no address of an engine",
            hint="Write unix:///path/to.sock, tcp://host:port or ssh://user@host.",
        )
    return _sdk_connector(address, tls)


def _sdk_connector(address: str, tls: Tls | None) -> Callable[[float], http.client.HTTPConnection]:
    def connect(timeout_s: float) -> http.client.HTTPConnection:
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
        return connection

    return connect
