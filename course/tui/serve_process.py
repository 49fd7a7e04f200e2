"""Owns the process of one desk that is shown in a browser, and its end; must never talk to the browser.

The desk runs on Textual's web driver: after a line of its own come packets of a letter, a length in four bytes and as
many bytes: D what a terminal would be sent, M a fact about the program as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress

READY = b"__GANGLION__\n"
DRIVER = "textual.drivers.web_driver:WebDriver"
LEAVE_S = 5.0
"""How long a desk that was told to leave may take: it stops its check first."""
STDERR_BYTES = 64 * 1024
PARENT_S = 1.0
"""How often a desk looks whether its server is still there."""


class DeskProcess:
    """A desk of its own; made by `start`, ended by `close`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._stdin, self._stdout = process.stdin, process.stdout
        self._errors = asyncio.create_task(_tail(process.stderr))

    @classmethod
    async def start(cls, argv: tuple[str, ...], environ: Mapping[str, str], columns: int, rows: int) -> DeskProcess:
        """Start a desk of this size in a process group of its own."""
        env = {
            **environ,
            "TEXTUAL_DRIVER": DRIVER,
            "TEXTUAL_COLOR_SYSTEM": "truecolor",
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "COLUMNS": str(columns),
            "ROWS": str(rows),
        }
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=pipe, stdout=pipe, stderr=pipe, env=env, start_new_session=True
        )
        return cls(process)

    async def screen(self) -> AsyncIterator[bytes]:
        """What the desk paints, until it ends."""
        try:
            if await self._stdout.readline() != READY:
                return
            while True:
                kind = await self._stdout.readexactly(1)
                payload = await self._stdout.readexactly(int.from_bytes(await self._stdout.readexactly(4), "big"))
                if kind == b"D":
                    yield payload
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            return

    async def type(self, text: str) -> None:
        """Send what was typed."""
        await self._send(b"D", text.encode("utf-8", "replace"))

    async def tell(self, **fact: str | int) -> None:
        """Tell the desk a fact about its window."""
        await self._send(b"M", json.dumps(fact).encode())

    async def close(self) -> str:
        """End the desk and wait for it; by force when it won't. What it wrote to standard error, if it failed.

        Somebody must read `screen` to its end meanwhile: a desk that paints waits for its reader.
        """
        await self.tell(type="quit")
        try:
            await asyncio.wait_for(self._process.wait(), LEAVE_S)
        except TimeoutError:
            self.kill()
            await self._process.wait()
        errors = await self._errors
        return errors if self._process.returncode else ""

    def kill(self) -> None:
        """End the desk and all that it started, at once."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def _send(self, kind: bytes, payload: bytes) -> None:
        with suppress(ConnectionError, RuntimeError):
            self._stdin.write(kind + len(payload).to_bytes(4, "big") + payload)
            await self._stdin.drain()


def leave_with_parent(parent: Callable[[], int] = os.getppid) -> None:
    """In a desk's process: leave politely as soon as the server is gone, also when it was killed."""
    server = parent()

    def look() -> None:
        waiting = threading.Event()
        while not waiting.wait(PARENT_S):
            if parent() != server:
                os.kill(os.getpid(), signal.SIGTERM)
                return

    threading.Thread(target=look, name="leave-with-parent", daemon=True).start()


async def _tail(stream: asyncio.StreamReader) -> str:
    """The end of what comes."""
    kept = b""
    while data := await stream.read(4096):
        kept = (kept + data)[-STDERR_BYTES:]
    return kept.decode("utf-8", "replace")
