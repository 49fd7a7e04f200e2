"""Owns the proxy through which builds reach a package index and nothing else; must never connect to an unlisted host.

It speaks CONNECT, and GET and HEAD of plain HTTP (apt). It never looks into TLS. What arrives is hostile: heads are
short, waiting is bounded, and a peer gets one request a connection.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

INDEX_HOSTS = ("pypi.org", "files.pythonhosted.org", "deb.debian.org", "security.debian.org")
"""The package indexes of Python and Debian."""
_HEAD_BYTES = 16 * 1024
_HEAD_S = 20.0
_CONNECT_S = 20.0
_SILENCE_S = 120.0
_CONNECTIONS = 256
_CHUNK = 64 * 1024
_DEFAULT_PORTS = (80, 443)
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?|\[[0-9a-f:.]+\]")
_DROPPED = {"connection", "proxy-connection", "proxy-authorization", "host", "keep-alive", "upgrade", "te"}


@dataclass(frozen=True, slots=True)
class Target:
    """A host and port, and for plain HTTP what is asked of it."""

    host: str
    port: int
    path: str = ""
    """Empty: a tunnel."""

    @property
    def address(self) -> str:
        """As it is written in a URL."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Upstream:
    """The proxy that this machine itself has to use."""

    host: str
    port: int
    credentials: str = ""
    """What Proxy-Authorization says, without its scheme."""


def split_host(text: str) -> tuple[str, int]:
    """A host in lower case and its port; 0 when none is named. Raises ValueError."""
    host, colon, port = text.strip().lower().rpartition(":")
    if not colon or port.endswith("]"):
        host, port = text.strip().lower(), "0"
    if not _HOST.fullmatch(host) or not (port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) < 65536):
        raise ValueError(f"{text!r} is no host")
    return host, int(port)


def is_listed(target: Target, hosts: tuple[str, ...]) -> bool:
    """Whether an entry names the host, with this port, or with none and the port is a usual one."""
    for entry in hosts:
        host, port = split_host(entry)
        if host == target.host and (target.port == port or (not port and target.port in _DEFAULT_PORTS)):
            return True
    return False


def read_request(line: str) -> tuple[str, Target]:
    """Method and target of a request line. Raises ValueError with a sentence for the peer."""
    parts = line.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise ValueError("This is no HTTP request")
    method, url, _ = parts
    if method == "CONNECT":
        host, port = split_host(url)
        return method, Target(host, port)
    if method not in {"GET", "HEAD"}:
        raise ValueError(f"{method[:20]} is not passed on")
    split = urlsplit(url)
    if split.scheme != "http" or split.username is not None:
        raise ValueError("Only http:// addresses are passed on")
    host, port = split_host(split.netloc)
    path = (split.path or "/") + (f"?{split.query}" if split.query else "")
    return method, Target(host, port or 80, path)


def upstream_of(environ: Mapping[str, str], target: Target) -> Upstream | None:
    """The proxy that the environment names for a target; None when it is reached directly. Raises ValueError."""
    scheme = "http" if target.path else "https"
    named = next((environ[name] for name in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY") if environ.get(name)), "")
    if not named or _is_exempt(target.host, environ.get("no_proxy") or environ.get("NO_PROXY") or ""):
        return None
    split = urlsplit(named if "://" in named else f"http://{named}")
    if split.scheme != "http" or not split.hostname:
        raise ValueError("The proxy that this machine names is not an http:// one")
    user = f"{unquote(split.username)}:{unquote(split.password or '')}" if split.username else ""
    return Upstream(split.hostname, split.port or 80, base64.b64encode(user.encode()).decode() if user else "")


def _is_exempt(host: str, exempt: str) -> bool:
    names = [name.strip().lower().lstrip(".") for name in exempt.split(",") if name.strip()]
    return any(name in {"*", host} or host.endswith(f".{name}") for name in names)


class Proxy:
    """Passes on what `hosts` lists, for peers of one network."""

    def __init__(
        self,
        network: ipaddress.IPv4Network,
        hosts: Callable[[], tuple[str, ...]],
        environ: Mapping[str, str],
    ) -> None:
        self._network = network
        self._hosts = hosts
        self._environ = environ
        self._open = 0

    async def serve(self, address: str, port: int = 0) -> asyncio.Server:
        """Listen; the caller closes the server."""
        return await asyncio.start_server(self._accept, address, port, limit=_HEAD_BYTES)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        try:
            if self._open >= _CONNECTIONS or not peer or ipaddress.IPv4Address(peer[0]) not in self._network:
                return
            self._open += 1
            try:
                await self._handle(reader, writer)
            finally:
                self._open -= 1
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            # Whatever a peer or a far host does ends this connection and nothing else.
            return
        finally:
            with suppress(OSError, RuntimeError):
                writer.close()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _HEAD_S)
        first, *headers = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        try:
            method, target = read_request(first)
        except ValueError as error:
            await _answer(writer, 400, f"Refused by Dockyard: {error}")
            return
        if not is_listed(target, self._hosts()):
            await _answer(writer, 403, f"Refused by Dockyard: {target.address} is not a package index")
            return
        try:
            far_reader, far_writer = await self._connect(target)
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError) as error:
            reason = error if isinstance(error, ValueError) else "it can't be reached from this machine"
            await _answer(writer, 502, f"No way to {target.address}: {reason}")
            return
        try:
            if target.path:
                await self._pass_request(method, target, headers, far_writer)
                await _copy(far_reader, writer, _Life())
            else:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await writer.drain()
                await _relay((reader, writer), (far_reader, far_writer))
        finally:
            far_writer.close()

    async def _connect(self, target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        upstream = upstream_of(self._environ, target)
        host, port = (upstream.host, upstream.port) if upstream else (target.host, target.port)
        reader, writer = await asyncio.wait_for(
            asyncio.open_connection(host.strip("[]"), port, limit=_HEAD_BYTES), _CONNECT_S
        )
        if upstream is None or target.path:
            return reader, writer
        writer.write(f"CONNECT {target.address} HTTP/1.1\r\nHost: {target.address}\r\n{_proof(upstream)}\r\n".encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _CONNECT_S)
        if head.split(b" ", 2)[1:2] != [b"200"]:
            writer.close()
            raise ValueError("the proxy of this machine refused")
        return reader, writer

    async def _pass_request(
        self, method: str, target: Target, headers: list[str], writer: asyncio.StreamWriter
    ) -> None:
        upstream = upstream_of(self._environ, target)
        path = f"http://{target.address}{target.path}" if upstream else target.path
        name = target.host if target.port == 80 else target.address
        lines = [f"{method} {path} HTTP/1.1", f"Host: {name}", "Connection: close"]
        lines += [line for line in headers if line.partition(":")[0].strip().lower() not in _DROPPED]
        proof = _proof(upstream) if upstream else ""
        writer.write(("\r\n".join(lines) + f"\r\n{proof}\r\n").encode("latin-1"))
        await writer.drain()


def _proof(upstream: Upstream) -> str:
    return f"Proxy-Authorization: Basic {upstream.credentials}\r\n" if upstream.credentials else ""


async def _answer(writer: asyncio.StreamWriter, status: int, reason: str) -> None:
    text = re.sub(r"[^ -~]", "?", reason)
    head = f"HTTP/1.1 {status} {text}\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    writer.write(f"{head}Content-Length: {len(text) + 1}\r\n\r\n{text}\n".encode())
    await asyncio.wait_for(writer.drain(), _HEAD_S)


async def _relay(
    near: tuple[asyncio.StreamReader, asyncio.StreamWriter], far: tuple[asyncio.StreamReader, asyncio.StreamWriter]
) -> None:
    life = _Life()
    ways = (asyncio.create_task(_copy(near[0], far[1], life)), asyncio.create_task(_copy(far[0], near[1], life)))
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


class _Life:
    """When a connection was last heard, in either direction: a download is silent in one of them."""

    def __init__(self) -> None:
        self.heard = time.monotonic()

    async def read(self, reader: asyncio.StreamReader) -> bytes:
        """What comes next; raises TimeoutError when both directions were silent for too long."""
        while True:
            try:
                data = await asyncio.wait_for(reader.read(_CHUNK), _SILENCE_S)
            except TimeoutError:
                if time.monotonic() - self.heard >= _SILENCE_S:
                    raise
            else:
                self.heard = time.monotonic()
                return data


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, life: _Life) -> None:
    while data := await life.read(reader):
        writer.write(data)
        await asyncio.wait_for(writer.drain(), _SILENCE_S)
    if writer.can_write_eof():
        writer.write_eof()
