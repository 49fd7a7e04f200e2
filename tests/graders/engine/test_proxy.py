"""The proxy of closed builds reads requests strictly, and passes on what is listed and nothing else."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping

import pytest

from graders.engine.private.proxy import INDEX_HOSTS, Proxy, Target, is_listed, read_request, split_host, upstream_of
from tests.rows import rows

LOOPBACK = ipaddress.IPv4Network("127.0.0.0/8")


@rows(
    ("line", "target"),
    [
        ("CONNECT pypi.org:443 HTTP/1.1", Target("pypi.org", 443)),
        ("CONNECT PyPI.ORG:443 HTTP/1.0", Target("pypi.org", 443)),
        ("GET http://deb.debian.org/debian/x?y=z HTTP/1.1", Target("deb.debian.org", 80, "/debian/x?y=z")),
        ("HEAD http://mirror.test:8080 HTTP/1.1", Target("mirror.test", 8080, "/")),
    ],
)
def test_request_is_read(line: str, target: Target) -> None:
    """Method aside, a host in lower case, a port and a path."""
    assert read_request(line)[1] == target


@rows(
    "line",
    [
        "",
        "GET / HTTP/1.1",
        "POST http://pypi.org/ HTTP/1.1",
        "GET https://pypi.org/ HTTP/1.1",
        "GET http://pypi.org@evil.test/ HTTP/1.1",
        "GET file:///etc/passwd HTTP/1.1",
        "CONNECT pypi.org:443:22 HTTP/1.1",
        "CONNECT pypi.org.:443 HTTP/1.1",
        "CONNECT pypi.org:99999 HTTP/1.1",
        "CONNECT pypi.org evil:443 HTTP/1.1",
        "CONNECT pypi.org:443 SSH-2",
        "GET http://[::1/ HTTP/1.1",
    ],
)
def test_odd_request_is_refused(line: str) -> None:
    """Each with a ValueError, whatever is odd about it."""
    with pytest.raises(ValueError, match=r"."):
        read_request(line)


@rows(
    ("target", "listed"),
    [
        (Target("pypi.org", 443), True),
        (Target("pypi.org", 80, "/"), True),
        (Target("pypi.org", 22), False),
        (Target("evil-pypi.org", 443), False),
        (Target("pypi.org.evil.test", 443), False),
        (Target("sub.pypi.org", 443), False),
        (Target("127.0.0.1", 80, "/"), False),
        (Target("mirror.test", 8443), True),
        (Target("mirror.test", 443), False),
    ],
)
def test_only_listed_hosts_and_ports_count(target: Target, listed: bool) -> None:
    """An entry with a port stands for that port alone, one without for the usual ones."""
    assert is_listed(target, (*INDEX_HOSTS, "Mirror.test:8443")) is listed


@rows("text", ["", "-x", "a b", "a/b", "a:b", "a:-1", "a" * 300, "\u0130.org", "[::1"])
def test_odd_host_is_no_host(text: str) -> None:
    """It is refused, not mended."""
    with pytest.raises(ValueError, match="no host"):
        split_host(text)


@rows(
    ("environ", "target", "host"),
    [
        ({}, Target("pypi.org", 443), None),
        ({"HTTPS_PROXY": "http://u:p%40@proxy.test:3128"}, Target("pypi.org", 443), "proxy.test"),
        ({"HTTPS_PROXY": "http://proxy.test:3128"}, Target("pypi.org", 80, "/"), None),
        ({"http_proxy": "proxy.test:3128"}, Target("pypi.org", 80, "/"), "proxy.test"),
        ({"HTTPS_PROXY": "http://proxy.test", "NO_PROXY": "a, .org"}, Target("pypi.org", 443), None),
    ],
)
def test_proxy_of_the_machine_is_used(environ: Mapping[str, str], target: Target, host: str | None) -> None:
    """As other programs use it, exceptions included."""
    upstream = upstream_of(environ, target)

    assert (upstream.host if upstream else None) == host


def test_tunnel_and_request_go_through_a_proxy_of_the_machine() -> None:
    """The far proxy is asked with its password, and sees the address; a refusal there is told as one."""
    asked: list[bytes] = []

    async def far(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head)
        if b"refused.test" in head:
            writer.write(b"HTTP/1.1 407 No\r\n\r\n")
        elif head.startswith(b"CONNECT"):
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            writer.write(b"echo " + await reader.readexactly(4))
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        await writer.drain()
        writer.close()

    async def work() -> list[bytes]:
        upstream = await asyncio.start_server(far, "127.0.0.1", 0)
        address = f"http://me:secret@127.0.0.1:{upstream.sockets[0].getsockname()[1]}"
        environ = {"HTTP_PROXY": address, "HTTPS_PROXY": address}
        proxy = await Proxy(LOOPBACK, lambda: ("pypi.org", "refused.test"), environ).serve("127.0.0.1")
        port = proxy.sockets[0].getsockname()[1]
        answers = [
            await ask(port, b"CONNECT pypi.org:443 HTTP/1.1\r\n\r\nping"),
            await ask(port, b"GET http://pypi.org/simple HTTP/1.1\r\nHost: evil.test\r\nAccept: */*\r\n\r\n"),
            await ask(port, b"CONNECT refused.test:443 HTTP/1.1\r\n\r\n"),
            await ask(port, b"CONNECT evil.test:443 HTTP/1.1\r\n\r\n"),
            await ask(port, b"CONNECT pypi.org:443 HTTP/1.1\r\nX: " + b"x" * 40_000),
        ]
        proxy.close()
        upstream.close()
        return answers

    tunnel, plain, refused, evil, flood = asyncio.run(work())

    assert tunnel.endswith(b"echo ping")
    assert plain.endswith(b"hi")
    assert b"502" in refused
    assert evil.startswith(b"HTTP/1.1 403 Refused by Dockyard: evil.test:443 is not a package index")
    assert not flood
    assert len(asked) == 3
    assert b"Proxy-Authorization: Basic bWU6c2VjcmV0" in asked[0]
    assert asked[1].startswith(b"GET http://pypi.org:80/simple HTTP/1.1\r\nHost: pypi.org\r\n")
    assert b"evil" not in asked[1]


def test_stranger_is_not_served() -> None:
    """A peer from outside of the builds' network is hung up on."""

    async def work() -> bytes:
        proxy = await Proxy(ipaddress.IPv4Network("172.29.0.0/24"), lambda: INDEX_HOSTS, {}).serve("127.0.0.1")
        try:
            return await ask(proxy.sockets[0].getsockname()[1], b"CONNECT pypi.org:443 HTTP/1.1\r\n\r\n")
        finally:
            proxy.close()

    assert not asyncio.run(work())


async def ask(port: int, request: bytes) -> bytes:
    """All that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        return await asyncio.wait_for(reader.read(), 20.0)
    except ConnectionError:
        return b""
    finally:
        writer.close()
