"""Owns the desk in a browser: a small server on loopback that shows each visitor a desk of their own.

The page is textual-serve's terminal on a page of ours, which asks nobody else for anything. Must never answer a
request that the gate has not let through.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from string import Template

import textual_serve
from aiohttp import WSCloseCode, WSMsgType, web

from course.errors import ConfigError
from course.tui.serve_gate import HOSTS, Gate, new_token
from course.tui.serve_process import DeskProcess

LARGEST_SIDE = 1000
"""Cells; a browser that asks for more gets this."""
STYLES = Path(__file__).parent / "styles"
_STATIC = Path(textual_serve.__file__).parent / "static"
_NOT_KNOWN = "This needs the token: open the address that dockyard serve has printed"
_COMMON_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class DeskServer:
    """Shows desks; `argv` starts one, in `environ`. `told` gets what a desk that failed wrote to standard error."""

    def __init__(self, gate: Gate, argv: tuple[str, ...], environ: Mapping[str, str], told: Callable[[str], None]):
        self.gate = gate
        self._argv = argv
        self._environ = environ
        self._told = told
        self._sockets: set[web.WebSocketResponse] = set()
        self._desks: set[DeskProcess] = set()

    def app(self) -> web.Application:
        """The application, with the gate before everything."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._guard(request, handler)

        app = web.Application(middlewares=[guard])
        app.router.add_get("/", self._page)
        app.router.add_get("/serve.css", self._style)
        app.router.add_get("/ws", self._socket)
        app.router.add_static("/static", _STATIC)
        app.on_response_prepare.append(self._harden)
        app.on_shutdown.append(self._close)
        return app

    def kill(self) -> None:
        """End all desks at once."""
        for desk in self._desks:
            desk.kill()

    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = self.gate.refusal(
            host=request.headers.get("Host", ""),
            origins=tuple(request.headers.getall("Origin", [])),
            is_socket=request.path == "/ws",
        )
        if refusal:
            return web.Response(status=403, text=f"{refusal}.\n")
        if request.path == "/" and self.gate.knows(request.query.get("token")):
            # To a page without the token in its address: it would stay in the browser's history.
            response = web.Response(status=303, headers={"Location": "/"})
            response.set_cookie(self.gate.cookie, self.gate.token, httponly=True, samesite="Strict", path="/")
            return response
        if self.gate.knows(request.cookies.get(self.gate.cookie)):
            return await handler(request)
        return web.Response(status=403, text=f"{_NOT_KNOWN}.\n")

    async def _harden(self, request: web.Request, response: web.StreamResponse) -> None:  # noqa: ARG002  the signature of a signal
        # xterm.js writes style elements of its own; scripts come from our files alone.
        port = self.gate.port
        sockets = " ".join(f"ws://{name}:{port}" for name in HOSTS)
        response.headers.update(_COMMON_HEADERS)
        response.headers["Content-Security-Policy"] = (
            f"default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self' {sockets};"
            " img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )

    async def _page(self, request: web.Request) -> web.Response:
        text = Template((STYLES / "serve.html").read_text(encoding="utf-8"))
        # The gate has compared the host with the ones there are.
        page = text.substitute(socket=f"ws://{request.headers['Host']}/ws")
        return web.Response(text=page, content_type="text/html")

    async def _style(self, request: web.Request) -> web.Response:  # noqa: ARG002  the signature of a handler
        return web.Response(text=(STYLES / "serve.css").read_text(encoding="utf-8"), content_type="text/css")

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        """One desk: what it paints goes out, what is typed comes in, until either side ends."""
        browser = web.WebSocketResponse(heartbeat=15, timeout=2.0)
        await browser.prepare(request)
        columns, rows = (
            _side(request.query.get(name), otherwise) for name, otherwise in (("width", 80), ("height", 24))
        )
        desk = await DeskProcess.start(self._argv, self._environ, columns, rows)
        self._sockets.add(browser)
        self._desks.add(desk)
        paint = asyncio.create_task(_paint(desk, browser))
        try:
            async for message in browser:
                if message.type is WSMsgType.TEXT:
                    await _obey(message.data, desk, browser)
        finally:
            errors = await desk.close()
            await paint
            self._sockets.discard(browser)
            self._desks.discard(desk)
            if errors:
                self._told(errors)
        return browser

    async def _close(self, app: web.Application) -> None:  # noqa: ARG002  the signature of a signal
        for browser in tuple(self._sockets):
            await browser.close(code=WSCloseCode.GOING_AWAY, message=b"The server was stopped")
        while self._desks:
            await asyncio.sleep(0.05)


def listen(port: int) -> socket.socket:
    """A socket on loopback; port 0 takes a free one. Raises ConfigError when it can't be had."""
    try:
        return socket.create_server((HOSTS[0], port))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise ConfigError(
            f"Port {port} of {HOSTS[0]} can't be listened on: {reason}",
            hint="Take a free one: dockyard serve --port 0",
        ) from error


async def serve(
    listening: socket.socket,
    argv: tuple[str, ...],
    environ: Mapping[str, str],
    *,
    ready: Callable[[str], None],
    told: Callable[[str], None],
) -> None:
    """Show desks until ctrl+c or a polite kill; all of them have ended then. `ready` gets the address."""
    gate = Gate(listening.getsockname()[1], new_token())
    server = DeskServer(gate, argv, environ, told)
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def interrupt() -> None:
        if stop.is_set():
            server.kill()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, interrupt)
    runner = web.AppRunner(server.app(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        ready(gate.address)
        await stop.wait()
    finally:
        await runner.cleanup()


async def _paint(desk: DeskProcess, browser: web.WebSocketResponse) -> None:
    """Hand on what the desk paints, to its end whether the page still listens or not; then the page is told."""
    async for data in desk.screen():
        with suppress(ConnectionError):
            await browser.send_bytes(data)
    await browser.close()


async def _obey(text: str, desk: DeskProcess, browser: web.WebSocketResponse) -> None:
    """Do what a message from the page asks for; anything else is passed over."""
    try:
        kind, *rest = json.loads(text)
        match kind, rest:
            case "stdin", [str(typed)]:
                await desk.type(typed)
            case "resize", [{"width": int(columns), "height": int(rows)}]:
                await desk.tell(type="resize", width=_side(columns, 80), height=_side(rows, 24))
            case "ping", [str(mark)]:
                await browser.send_json(["pong", mark])
            case (("focus" | "blur"), []):
                await desk.tell(type=kind)
            case _:
                pass
    except (ValueError, TypeError, ConnectionError):
        return


def _side(value: str | int | None, otherwise: int) -> int:
    """Columns or rows within reason."""
    try:
        return min(max(int(value or otherwise), 1), LARGEST_SIDE)
    except ValueError:
        return otherwise
