"""Owns starting, renewing and stopping the guard of the private engine's network; must never stop another process."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from graders.engine.network_claim import GUARD_SOCKET
from graders.engine.private.guard import GuardSettings
from graders.engine.private.network import Bridge, open_bridge
from graders.engine.private.process import end, lives, pid_of

_START_S = 20.0
_POLL_S = 0.05
_ROOT = Path(__file__).resolve().parents[3]
_CODE = "import sys; sys.path.insert(0, sys.argv.pop(1)); from graders.engine.private.guard import main; main()"
"""-I keeps the folder that the user stands in, and PYTHONPATH, out of a process of root's."""


def guard_up(runtime: Path, log: Path, bridge: Bridge, hosts: tuple[str, ...], environ: Mapping[str, str]) -> str:
    """Start the guard, or tell the running one what changed; a sentence when the network is not kept, else nothing."""
    settings = runtime / "guard.json"
    wanted = GuardSettings(str(runtime / GUARD_SOCKET), bridge, hosts).dump()
    pid = guard_pid(runtime)
    with suppress(OSError):
        if pid and settings.read_text("utf-8") == wanted:
            return ""
    settings.write_text(wanted, "utf-8")
    if pid:
        os.kill(pid, signal.SIGHUP)
        return ""
    (runtime / GUARD_SOCKET).unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    path = f"{environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin"
    pid = os.posix_spawn(
        sys.executable,
        (sys.executable, "-I", "-c", _CODE, str(_ROOT), str(settings)),
        {**environ, "PATH": path},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    _pid_file(runtime).write_text(str(pid), "ascii")
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and _alive(pid):
        if (runtime / GUARD_SOCKET).exists():
            return ""
        time.sleep(_POLL_S)
    guard_down(runtime, bridge, environ)
    return f"the guard of its network did not start (see {log}): builds for the package index only reach everything"


def guard_down(runtime: Path, bridge: Bridge, environ: Mapping[str, str]) -> None:
    """Stop it; the bridge is open afterwards."""
    pid = guard_pid(runtime)
    if pid and not end(pid):
        return
    for left in (_pid_file(runtime), runtime / GUARD_SOCKET, runtime / "guard.json"):
        with suppress(OSError):
            left.unlink()
    open_bridge(bridge, environ)


def guard_pid(runtime: Path) -> int:
    """The guard's process; 0 when it does not run."""
    return pid_of(_pid_file(runtime), "", str(runtime / "guard.json"))


def _pid_file(runtime: Path) -> Path:
    return runtime / "guard.pid"


def _alive(pid: int) -> bool:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return lives(pid)
