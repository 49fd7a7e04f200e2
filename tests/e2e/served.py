"""Owns a `dockyard serve` under test, and eyes and hands in the page that it shows."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from selenium.webdriver.common.by import By

from tests.browser import log_of
from tests.e2e.terminal import DOCKYARD

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

KEEP_TERMINAL = """
Object.defineProperty(Object.prototype, "websocket_url", {
  configurable: true,
  set(value) {
    Object.defineProperty(this, "websocket_url", { value, writable: true });
    window.keeper = this;
  },
});
"""
"""The page's terminal is in a closure; it is kept while it is made, so that its screen can be read."""
READ = """
const terminal = window.keeper && window.keeper.terminal;
if (!terminal) return "";
const buffer = terminal.buffer.active, lines = [];
for (let y = 0; y < terminal.rows; y++) lines.push(buffer.getLine(buffer.viewportY + y).translateToString(true));
return lines.join("\\n");
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    process: subprocess.Popen[str]
    address: str
    """With the token."""

    @property
    def root(self) -> str:
        """The address without the token."""
        return self.address.partition("?")[0]

    @property
    def port(self) -> int:
        """Where it listens."""
        return urlsplit(self.address).port or 0

    @property
    def token(self) -> str:
        """What it wants to see."""
        return parse_qs(urlsplit(self.address).query)["token"][0]

    def children(self) -> tuple[int, ...]:
        """The desks that run now."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return tuple(int(number) for number in path.read_text().split()) if path.exists() else ()


@contextmanager
def serving(env: dict[str, str], *args: str) -> Iterator[Server]:
    """A server on a free port; killed after the test if it still runs."""
    command = [str(DOCKYARD), "serve", "--port", "0", *args]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        address = process.stdout.readline().strip()
        assert address, process.stderr.read()
        yield Server(process, address)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)


class Page:
    """The desk in a browser: keys go in, the terminal's screen comes out."""

    def __init__(self, browser: Chrome, address: str) -> None:
        self.browser = browser
        browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": KEEP_TERMINAL})
        browser.get(address)

    def screen(self) -> str:
        """What the terminal in the page shows now."""
        return str(self.browser.execute_script(READ) or "")

    def keys(self, *keys: str) -> None:
        """Press keys in the terminal."""
        self.browser.find_element(By.CSS_SELECTOR, ".xterm-helper-textarea").send_keys(*keys)

    def wait(self, seen: str | Callable[[str], bool], timeout_s: float = 40.0) -> str:
        """Wait until the screen shows the text (or satisfies the predicate); fail with the last screen."""
        is_there = seen if callable(seen) else (lambda screen: seen in screen)
        end = time.monotonic() + timeout_s
        while not is_there(screen := self.screen()):
            if time.monotonic() > end:
                log = log_of(self.browser, "browser")
                pytest.fail(f"Waited {timeout_s:.0f} s in vain for {seen!r}; {log}; the screen was:\n{screen}")
            time.sleep(0.1)
        return screen


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(claim: Callable[[], bool], timeout_s: float = 30.0) -> None:
    """Wait until a claim holds."""
    end = time.monotonic() + timeout_s
    while not claim():
        assert time.monotonic() < end, f"still not so after {timeout_s:.0f} s"
        time.sleep(0.05)


def new_user(home: Path) -> dict[str, str]:
    """The environment of somebody without an engine."""
    return {
        "HOME": str(home),
        "DOCKER_HOST": "unix:///nowhere/engine.sock",
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PATH": os.environ["PATH"],
    }
