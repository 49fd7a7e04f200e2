"""Owns the terminal that the end-to-end tests drive: a real tmux with a screen of a stated size."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

DOCKYARD = Path(os.environ.get("DOCKYARD_E2E", "") or Path(sys.executable).parent / "dockyard")
"""The command that is played: DOCKYARD_E2E names another, such as one that was installed from a wheel."""


class Tmux:
    """A tmux server of its own with one window; keys go in, screens come out."""

    def __init__(self, socket: Path, columns: int, rows: int, env: dict[str, str], command: str) -> None:
        self._base = ["tmux", "-S", str(socket), "-f", os.devnull]
        self._columns, self._rows = columns, rows
        size = ["-x", str(columns), "-y", str(rows)]
        variables = [part for name, value in env.items() for part in ("-e", f"{name}={value}")]
        subprocess.run([*self._base, "new-session", "-d", *size, *variables, command], check=True, env=dict(os.environ))
        self._run("set-option", "-g", "remain-on-exit", "on")

    def _run(self, *args: str) -> str:
        done = subprocess.run([*self._base, *args], check=True, capture_output=True, text=True)
        return done.stdout

    def keys(self, *names: str) -> None:
        """Press keys by tmux's names ("F5", "Enter", "C-s")."""
        self._run("send-keys", *names)

    def type(self, text: str) -> None:
        """Type text as it stands."""
        self._run("send-keys", "-l", text)

    def paste(self, text: str) -> None:
        """Paste text as a terminal does (bracketed)."""
        self._run("set-buffer", "--", text)
        self._run("paste-buffer", "-p", "-r")

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size, as a person who drags its corner."""
        self._run("resize-window", "-x", str(columns), "-y", str(rows))

    def screen(self) -> str:
        """What a person sees now."""
        return self._run("capture-pane", "-p")

    def settled(self, quiet_s: float = 0.5, timeout_s: float = 10.0) -> str:
        """The screen once it has not changed for a while."""
        end = time.monotonic() + timeout_s
        screen, since = self.screen(), time.monotonic()
        while time.monotonic() < end and time.monotonic() - since < quiet_s:
            time.sleep(0.05)
            now = self.screen()
            if now != screen:
                screen, since = now, time.monotonic()
        return screen

    def wait(self, seen: str | Callable[[str], bool], timeout_s: float = 30.0) -> str:
        """Wait until the screen shows the text (or satisfies the predicate); fail with the last screen."""
        is_there = seen if callable(seen) else (lambda screen: seen in screen)
        end = time.monotonic() + timeout_s
        screen = self.screen()
        while not is_there(screen):
            if time.monotonic() > end:
                pytest.fail(f"Waited {timeout_s:.0f} s in vain for {seen!r}; the screen was:\n{screen}")
            time.sleep(0.1)
            screen = self.screen()
        return screen

    def ended(self, timeout_s: float = 30.0) -> int:
        """Wait for the program's end; its exit code."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            dead, _, status = (
                self._run("display-message", "-p", "#{pane_dead} #{pane_dead_status}").strip().partition(" ")
            )
            if dead == "1":
                return int(status or 0)
            time.sleep(0.1)
        pytest.fail(f"The program still runs after {timeout_s:.0f} s; the screen was:\n{self.screen()}")

    def close(self) -> None:
        """End the server and all in it."""
        subprocess.run([*self._base, "kill-server"], check=False, capture_output=True)
