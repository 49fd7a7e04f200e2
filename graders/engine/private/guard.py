"""Owns the process that keeps the private engine's network: its proxy, and who may have the bridge open or closed.

A build asks at a local socket for the network that it is to have and holds the connection as long as it builds, so
that whatever ends a check gives its claim back. Builds with an open network and builds that reach the package index
only never run at the same time: they share one bridge. Must never leave the bridge open while one of the latter runs.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from graders.engine.private.network import Bridge, close_bridge, open_bridge
from graders.engine.private.proxy import INDEX_HOSTS, Proxy, split_host

OPEN, INDEX = "open", "index"
REOPEN_S = 10.0
"""How long the bridge stays closed when nobody claims it: what a killed check was building is ending meanwhile."""
_ASK_S = 10.0
_CLAIMS = 256
_LINE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """What the process is told in its settings file."""

    socket: str
    bridge: Bridge
    hosts: tuple[str, ...] = ()
    """Hosts that builds may reach beside `INDEX_HOSTS`: "host" or "host:port"."""

    def dump(self) -> str:
        """As JSON."""
        return json.dumps({"socket": self.socket, "bridge": asdict(self.bridge), "hosts": list(self.hosts)})


def _load_settings(path: Path) -> GuardSettings:
    """Read what `GuardSettings.dump` wrote. Raises OSError, ValueError, KeyError, TypeError."""
    data = json.loads(path.read_bytes())
    hosts = tuple(str(host) for host in data["hosts"])
    for host in hosts:
        split_host(host)
    return GuardSettings(str(data["socket"]), Bridge(**data["bridge"]), hosts)


@dataclass(eq=False, slots=True)
class _Claim:
    """One build's wish."""

    network: str
    granted: asyncio.Event


class Guard:
    """Grants claims in the order in which they came."""

    def __init__(self, settings: Path, environ: Mapping[str, str]) -> None:
        self._path = settings
        self._settings = _load_settings(settings)
        self._environ = environ
        self._held: dict[_Claim, None] = {}
        self._waiting: deque[_Claim] = deque()
        self._is_closed = False
        self._port = 0
        self._changing = asyncio.Lock()
        self._over = asyncio.Event()
        self._reopening: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Future[None] | asyncio.Future[bool] | asyncio.Future[bytes]] = set()

    async def serve(self) -> None:
        """Work until TERM."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._over.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        bridge = self._settings.bridge
        await asyncio.to_thread(open_bridge, bridge, self._environ)
        proxy = Proxy(bridge.network, lambda: INDEX_HOSTS + self._settings.hosts, self._environ)
        server = await proxy.serve(bridge.address)
        self._port = server.sockets[0].getsockname()[1]
        socket = Path(self._settings.socket)
        socket.unlink(missing_ok=True)
        control = await asyncio.start_unix_server(self._claimed, socket, limit=_LINE_BYTES)
        # Whoever may use the engine may ask; nobody else.
        engine = socket.with_name("engine.sock").stat()
        os.chown(socket, engine.st_uid, engine.st_gid)
        socket.chmod(engine.st_mode & 0o777)
        try:
            await self._over.wait()
        finally:
            server.close()
            control.close()
            socket.unlink(missing_ok=True)
            await asyncio.to_thread(open_bridge, bridge, self._environ)

    def _reload(self) -> None:
        with suppress(OSError, ValueError, KeyError, TypeError):
            self._settings = _load_settings(self._path)

    async def _claimed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        claim: _Claim | None = None
        try:
            asked = json.loads(await asyncio.wait_for(reader.readline(), _ASK_S))
            network = asked.get("network") if isinstance(asked, dict) else None
            if network not in {OPEN, INDEX} or len(self._held) + len(self._waiting) >= _CLAIMS:
                return
            claim = _Claim(str(network), asyncio.Event())
            self._waiting.append(claim)
            gone = asyncio.create_task(reader.read(1))
            self._keep(gone)
            self._keep(asyncio.create_task(self._grant()))
            granted = asyncio.create_task(claim.granted.wait())
            self._keep(granted)
            await asyncio.wait((gone, granted), timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
            if not granted.done() and not gone.done():
                await _say(writer, {"waiting": True})
                await asyncio.wait((gone, granted), return_when=asyncio.FIRST_COMPLETED)
            if granted.done():
                works = claim.network == OPEN or self._is_closed
                proxy = f"http://{self._settings.bridge.address}:{self._port}"
                await _say(writer, {"granted": works, "proxy": proxy})
                await gone
        except (OSError, ValueError, TimeoutError):
            return
        finally:
            if claim is not None:
                self._give_back(claim)
            with suppress(OSError, RuntimeError):
                writer.close()

    async def _grant(self) -> None:
        """Grant what goes with the claims that are held, first come first served."""
        async with self._changing:
            while self._waiting:
                claim = self._waiting[0]
                if any(held.network != claim.network for held in self._held):
                    return
                wants_closed = claim.network == INDEX
                if wants_closed != self._is_closed or (wants_closed and not self._held):
                    await self._turn(closed=wants_closed)
                if self._waiting and self._waiting[0] is claim:
                    self._waiting.popleft()
                    self._held[claim] = None
                    claim.granted.set()

    async def _turn(self, *, closed: bool) -> None:
        bridge = self._settings.bridge
        if closed:
            self._is_closed = await asyncio.to_thread(close_bridge, bridge, self._port, self._environ)
        else:
            await asyncio.to_thread(open_bridge, bridge, self._environ)
            self._is_closed = False

    def _give_back(self, claim: _Claim) -> None:
        with suppress(ValueError):
            self._waiting.remove(claim)
        self._held.pop(claim, None)
        self._keep(asyncio.create_task(self._grant()))
        if self._reopening is not None:
            self._reopening.cancel()
        self._reopening = asyncio.get_running_loop().call_later(
            REOPEN_S, lambda: self._keep(asyncio.create_task(self._reopen()))
        )

    async def _reopen(self) -> None:
        async with self._changing:
            if not self._held and not self._waiting and self._is_closed:
                await self._turn(closed=False)

    def _keep(self, task: asyncio.Task[None] | asyncio.Task[bool] | asyncio.Task[bytes]) -> None:
        """Hold on to a task until it ends: the loop alone would let it be collected."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _say(writer: asyncio.StreamWriter, words: dict[str, object]) -> None:
    writer.write(json.dumps(words).encode() + b"\n")
    await asyncio.wait_for(writer.drain(), _ASK_S)


def main() -> None:
    """Run with the settings file as the only argument."""
    asyncio.run(Guard(Path(sys.argv[1]), dict(os.environ)).serve())
