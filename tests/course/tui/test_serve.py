"""Tests of the gate before a desk in the browser, of the server behind it, and of a desk's process."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, DummyCookieJar, WSServerHandshakeError, web

from course.errors import ConfigError
from course.tui.serve import LARGEST_SIDE, DeskServer, listen
from course.tui.serve_gate import Gate, new_token
from course.tui.serve_process import READY, DeskProcess

TOKEN = "right"
ECHO = f"""
import os, sys
out, read = sys.stdout.buffer, sys.stdin.buffer.read
def say(data):
    out.write(b"D" + len(data).to_bytes(4, "big") + data); out.flush()
out.write({READY!r})
say(os.environ["COLUMNS"].encode() + b"x" + os.environ["ROWS"].encode())
while head := read(5):
    data = read(int.from_bytes(head[1:], "big"))
    if data == b'{{"type": "quit"}}':
        sys.exit(0)
    say(head[:1] + data)
"""
"""A desk that says its size, and then what it is sent."""
STUBBORN = f"import sys, time; sys.stdout.buffer.write({READY!r}); sys.stdout.flush(); time.sleep(600)"


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


@asynccontextmanager
async def visiting(code: str = ECHO) -> AsyncIterator[tuple[ClientSession, Gate, list[str]]]:
    """A client without cookies before a server whose desks run this program; its gate, and what desks complained."""
    with listen(0) as listening:
        gate = Gate(listening.getsockname()[1], TOKEN)
        told: list[str] = []
        runner = web.AppRunner(DeskServer(gate, python(code), {}, told.append).app(), access_log=None)
        await runner.setup()
        await web.SockSite(runner, listening).start()
        async with ClientSession(f"http://127.0.0.1:{gate.port}", cookie_jar=DummyCookieJar()) as client:
            yield client, gate, told
        await runner.cleanup()


def cookie(gate: Gate, value: str = TOKEN) -> dict[str, str]:
    return {"Cookie": f"{gate.cookie}={value}"}


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        ({}, "/", 403),
        ({}, "/?token=wrong", 403),
        ({}, "/?token=right", 303),
        ({"Cookie": "dockyard-PORT=right"}, "/", 200),
        ({"Cookie": "dockyard-PORT=wrong"}, "/", 403),
        ({"Cookie": "dockyard-PORT=wrong"}, "/?token=right", 303),
        ({"Cookie": "dockyard-1=right"}, "/", 403),
        ({"Cookie": "dockyard-PORT=right"}, "/?token=right", 303),
        ({}, "/static/js/textual.js", 403),
        ({}, "/static/js/textual.js?token=right", 403),
        ({"Cookie": "dockyard-PORT=right"}, "/static/js/textual.js", 200),
        ({"Cookie": "dockyard-PORT=right"}, "/static/", 403),
        ({"Cookie": "dockyard-PORT=right"}, "/static/../server.py", 404),
        ({"Cookie": "dockyard-PORT=right"}, "/nowhere", 404),
        ({"Cookie": "dockyard-PORT=right", "Host": "evil.example:PORT"}, "/", 403),
        ({"Cookie": "dockyard-PORT=right", "Host": "127.0.0.1"}, "/", 403),
        ({"Cookie": "dockyard-PORT=right", "Host": "LOCALHOST:PORT"}, "/", 200),
        ({"Host": "evil.example:PORT"}, "/?token=right", 403),
        ({"Cookie": "dockyard-PORT=right", "Origin": "http://evil.example"}, "/", 403),
        ({"Cookie": "dockyard-PORT=right", "Origin": "null"}, "/", 403),
        ({"Cookie": "dockyard-PORT=right", "Origin": "https://127.0.0.1:PORT"}, "/", 403),
        ({"Cookie": "dockyard-PORT=right", "Origin": "http://127.0.0.1:PORT"}, "/", 200),
        ({"Cookie": "dockyard-PORT=right", "Origin": "http://127.0.0.1:1"}, "/", 403),
        ({"Cookie": "dockyard-PORT=right"}, "/ws", 403),
    ],
)
async def test_gate_lets_in_who_has_the_token_and_nobody_else(headers: dict[str, str], path: str, status: int) -> None:
    """Host, Origin and token must all be right, for every path."""
    async with visiting() as (client, gate, _):
        filled = {name: value.replace("PORT", str(gate.port)) for name, value in headers.items()}
        async with client.get(path, headers=filled, allow_redirects=False) as answer:
            assert status == answer.status
            assert "no-store" == answer.headers["Cache-Control"]
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


async def test_first_visit_is_given_a_cookie_that_scripts_and_other_sites_lack() -> None:
    """The token leaves the address for a cookie of this port; who comes with the cookie gets the page."""
    async with visiting() as (client, gate, _):
        async with client.get("/?token=right", allow_redirects=False) as answer:
            assert "/" == answer.headers["Location"]
            assert f"{gate.cookie}=right; HttpOnly; Path=/; SameSite=Strict" == answer.headers["Set-Cookie"]
        async with client.get("/", headers=cookie(gate)) as answer:
            page = await answer.text()

    assert f'data-session-websocket-url="ws://127.0.0.1:{gate.port}/ws"' in page
    assert "https://" not in page


@pytest.mark.parametrize(
    ("origin", "value"),
    [("http://evil.example", TOKEN), ("null", TOKEN), (None, TOKEN), ("http://127.0.0.1:PORT", "wrong")],
)
async def test_websocket_is_refused_without_origin_and_token(origin: str | None, value: str) -> None:
    """No desk is started for a page of another origin, for no page, or without the token."""
    async with visiting() as (client, gate, _):
        headers = cookie(gate, value)
        if origin is not None:
            headers["Origin"] = origin.replace("PORT", str(gate.port))
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect("/ws", headers=headers)

    assert 403 == refused.value.status


async def test_desk_gets_its_size_and_what_is_typed_and_nothing_else() -> None:
    """Keys, sizes within reason and focus reach the desk; messages that make no sense are passed over."""
    async with visiting() as (client, gate, told):
        headers = {**cookie(gate), "Origin": f"http://127.0.0.1:{gate.port}"}
        async with client.ws_connect("/ws?width=99999&height=what", headers=headers) as page:
            assert f"{LARGEST_SIDE}x24".encode() == await page.receive_bytes(timeout=30)
            for nonsense in (
                "",
                "{",
                "[]",
                "7",
                '["stdin"]',
                '["stdin", 7]',
                '["resize", {"width": "9"}]',
                '["rm", 1]',
            ):
                await page.send_str(nonsense)
            await page.send_json(["stdin", "ü"])
            await page.send_json(["resize", {"width": 0, "height": 40}])
            await page.send_json(["focus"])

            assert "Dü".encode() == await page.receive_bytes(timeout=30)
            assert b'M{"type": "resize", "width": 80, "height": 40}' == await page.receive_bytes(timeout=30)
            assert b'M{"type": "focus"}' == await page.receive_bytes(timeout=30)
            await page.send_json(["ping", "7"])
            assert ["pong", "7"] == await page.receive_json(timeout=30)
    assert [] == told


async def test_desk_that_fails_says_why_at_the_server() -> None:
    """What a broken desk wrote to standard error is for who started the server; the page is closed."""
    async with visiting("import sys; sys.exit('no such course')") as (client, gate, told):
        headers = {**cookie(gate), "Origin": f"http://127.0.0.1:{gate.port}"}
        async with client.ws_connect("/ws", headers=headers) as page:
            assert (await page.receive(timeout=30)).data == 1000
    assert ["no such course\n"] == told


async def test_desk_that_will_not_leave_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a grace the process is ended by force, so that the server can end."""
    monkeypatch.setattr("course.tui.serve_process.LEAVE_S", 0.1)
    desk = await DeskProcess.start(python(STUBBORN), {}, 80, 24)
    painted = asyncio.create_task(_all(desk))

    await desk.close()

    assert [] == await painted


async def _all(desk: DeskProcess) -> list[bytes]:
    return [data async for data in desk.screen()]


def test_port_that_is_taken_is_a_clear_error() -> None:
    """The error names the port and the way out."""
    with listen(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError) as error:
            listen(port)

    assert f"Port {port} of 127.0.0.1" in error.value.message
    assert "--port 0" in error.value.hint


def test_server_listens_on_loopback_only() -> None:
    """Nobody on the network can reach it."""
    with listen(0) as listening:
        assert "127.0.0.1" == listening.getsockname()[0]


def test_tokens_are_never_the_same() -> None:
    """Each start has a token of its own, longer than anybody can guess."""
    tokens = {new_token() for _ in range(100)}

    assert 100 == len(tokens)
    assert all(len(token) >= 43 for token in tokens)
