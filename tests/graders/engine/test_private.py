"""The private engine starts, works and stops beside another one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from graders.cancel import Cancel
from graders.engine.base import Engine
from graders.engine.private import daemon as private
from graders.engine.private.daemon import PrivatePaths
from graders.engine.private.install import install_engine
from graders.engine.private.network import Bridge
from graders.engine.private.process import end_all, is_ours
from graders.errors import Cancelled, EngineCommandFailed, EngineUnavailable

ENVIRON = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


@pytest.fixture
def paths() -> Iterator[PrivatePaths]:
    name = f"dyt{uuid.uuid4().hex[:6]}"
    with tempfile.TemporaryDirectory(prefix="dy") as folder:
        made = PrivatePaths(
            data=Path(folder) / "d", runtime=Path(folder) / "r", bridge=Bridge(name, "172.29.173.1"), cgroup=name
        )
        yield made
        list(private.down(ENVIRON, paths=made))


@pytest.mark.engine
@pytest.mark.skipif(os.geteuid() != 0, reason="a private engine needs root")
def test_private_engine_starts_works_and_stops(paths: PrivatePaths, engine: Engine) -> None:
    """Up by two at once, used, killed hard, up again, down; the other engine is untouched."""
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda _: list(private.up(ENVIRON, Cancel(), paths=paths)), range(2)))

    assert 1 == sum("answers already" in line for lines in told for line in lines)
    first = private.status(paths)
    ours = private.connect(paths)

    assert first.answers
    assert f"dockyard-engine-{paths.bridge.name}" in rules()
    assert ours.info().private
    assert ours.info().socket == first.socket

    os.kill(first.pid, signal.SIGKILL)
    deadline = time.monotonic() + 20.0
    while private.status(paths).running:
        assert time.monotonic() < deadline
        time.sleep(0.05)

    list(private.up(ENVIRON, Cancel(), paths=paths))
    again = private.status(paths)

    assert again.answers
    assert again.pid != first.pid

    list(private.down(ENVIRON, paths=paths))

    assert not private.status(paths).running
    assert not paths.socket.exists()
    assert paths.bridge.name not in rules()
    assert engine.info().version


@pytest.mark.engine
@pytest.mark.skipif(os.geteuid() != 0, reason="a private engine needs root")
@pytest.mark.parametrize(
    ("program", "cancelled"), [("exit 3", False), ("sleep 60", True)], ids=["dockerd ends", "cancelled"]
)
def test_engine_that_does_not_start_leaves_nothing(
    paths: PrivatePaths, tmp_path: Path, program: str, cancelled: bool
) -> None:
    """No bridge, no firewall rule, no group, no process and no socket stay."""
    dockerd = tmp_path / "dockerd"
    dockerd.write_text(f"#!/bin/sh\n{program}\n")
    dockerd.chmod(0o755)
    cancel = Cancel()
    if cancelled:
        cancel.set()
    with pytest.raises(Cancelled if cancelled else EngineCommandFailed):
        list(private.up(ENVIRON | {"PATH": f"{tmp_path}:{ENVIRON['PATH']}"}, cancel, paths=paths))

    name = paths.bridge.name
    assert name not in rules()
    assert not Path("/sys/class/net", name).exists()
    assert [] == list(Path("/sys/fs/cgroup").glob(f"**/{name}"))
    assert not private.status(paths).running
    assert [] == [entry for entry in Path("/proc").glob("[0-9]*/cmdline") if str(paths.socket).encode() in seen(entry)]
    assert [] == list(paths.runtime.glob("*.sock"))


def rules() -> str:
    """The firewall's rules for both families."""
    programs = ("iptables-save", "ip6tables-save")
    return "".join(
        subprocess.run((program,), capture_output=True, text=True, check=True, env=ENVIRON).stdout
        for program in programs
    )


def seen(file: Path) -> bytes:
    """What is in it; nothing when it is gone."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


def test_processes_that_outlive_their_daemon_are_ended(tmp_path: Path) -> None:
    """Those of this engine, told by its folder; the same program of another engine lives on."""
    code = ("-c", "import time; time.sleep(60)")
    ours, other = (
        subprocess.Popen(("shim", *code, f"{tmp_path}/{name}/s"), executable=sys.executable) for name in ("a", "b")
    )
    with ours, other:
        deadline = time.monotonic() + 20.0
        while not (is_ours(ours.pid, "shim", "/a/") and is_ours(other.pid, "shim", "/b/")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        end_all("shim", f"{tmp_path}/a/")
        code_of_ours = ours.wait(20.0)
        lives = other.poll() is None
        other.kill()

    assert (-signal.SIGKILL, True) == (code_of_ours, lives)


def test_pid_of_another_process_is_not_ours(paths: PrivatePaths) -> None:
    """A stale pid file never leads us to somebody else's process."""
    paths.runtime.mkdir(parents=True)
    paths.pid_file.write_text(str(os.getpid()))

    assert not private.status(paths).running


def test_up_without_root_says_how(paths: PrivatePaths) -> None:
    """The message comes with the command."""
    with pytest.raises(EngineUnavailable) as caught:
        list(private.up(ENVIRON, Cancel(), paths=paths, is_root=False))

    assert "sudo dockyard engine up" in caught.value.hint


def test_install_on_another_system_is_refused(tmp_path: Path) -> None:
    """Only Debian and Ubuntu are touched."""
    release = tmp_path / "os-release"
    release.write_text("ID=fedora\n")
    with pytest.raises(EngineUnavailable):
        list(install_engine(ENVIRON, Cancel(), os_release=release))
