"""A container that writes too much is stopped, whichever store the engine keeps its layer in."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from graders.engine.docker import disk as docker_disk
from graders.engine.docker import disk_guard as docker_disk_guard
from graders.engine.docker.disk import EngineDisk
from graders.engine.docker.disk_guard import DiskGuard, end_process
from graders.engine.docker.errors import EngineRefused
from graders.engine.docker.wire import Json, Query
from graders.errors import EngineError
from tests.graders.engine.scripted_wire import ScriptedWire

MIB = 1024 * 1024
VOLUME = "ab" * 32


class Scripted(ScriptedWire):
    """An engine with one container; notes what it is told to do with it."""

    def __init__(self, about: Json) -> None:
        super().__init__()
        self.about = about
        self.trouble: EngineError | None = None
        self.weighed = threading.Semaphore(0)
        self.killed = threading.Event()

    def answer(self, method: str, path: str, query: Query | None, body: Json | None) -> object:
        if path.endswith("/kill"):
            self.killed.set()
        if method == "POST":
            return None
        if query:
            self.weighed.release()
        if self.trouble is not None:
            raise self.trouble
        return self.about


def grown(folder: Path, mib: int) -> None:
    with (folder / "big").open("wb") as file:
        file.write(b"x" * mib * MIB)


@pytest.mark.parametrize("written", ["layer", "volume", "layer of containerd's store"])
def test_container_that_writes_too_much_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    """What it had before it started does not count; what it writes does, wherever that is."""
    monkeypatch.setattr(docker_disk_guard, "_ASK_S", 0.01)
    monkeypatch.setattr(docker_disk_guard, "_WEIGH_S", 0.01)
    layer, volume = tmp_path / "layer", tmp_path / "volume"
    layer.mkdir()
    volume.mkdir()
    (volume / "had").write_bytes(b"x" * 3 * MIB)
    about: Json = {"Mounts": [{"Name": VOLUME, "Source": str(volume)}, {"Name": "", "Source": str(tmp_path)}]}
    if written != "layer of containerd's store":
        about["GraphDriver"] = {"Data": {"UpperDir": str(layer)}}
    wire = Scripted(about)
    with EngineDisk("unix:///nowhere", str(tmp_path), "overlay2").watch(2, 0) as use:
        guard = DiskGuard(wire, "c", use)
        about["SizeRw"] = 0
        with guard:
            assert "" == guard.blame()
            if written == "layer of containerd's store":
                about["SizeRw"] = 5 * MIB
            else:
                grown(layer if written == "layer" else volume, 5)
            assert wire.killed.wait(20.0)

    assert re.fullmatch("wrote [2345] MiB, and one run may write 2 MiB", guard.blame())


def test_only_a_process_of_the_container_is_ended() -> None:
    """A number that something else has by now is left alone; what a number means here is asked of the kernel."""
    with subprocess.Popen((sys.executable, "-c", "import time; time.sleep(60)")) as other:
        alone = [end_process(other.pid, "ab" * 32), end_process(other.pid, ""), end_process(0, "/"), end_process(1, "")]
        lives = other.poll() is None
        ended = end_process(other.pid, "/")
        code = other.wait(20.0)

    assert ([False] * 4, True) == (alone, lives)
    assert (True, -signal.SIGKILL) == (ended, code)


@pytest.mark.parametrize(
    ("trouble", "headroom_mib", "matters"),
    [
        (EngineError("silent"), 0, False),
        (EngineError("silent"), 1 << 40, True),
        (EngineRefused("look", status=404, reason="no such container"), 1 << 40, False),
    ],
    ids=["nothing is lost", "the disk runs out", "it ended just now"],
)
def test_weighing_that_fails_matters_when_the_disk_runs_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: EngineError, headroom_mib: int, matters: bool
) -> None:
    """An engine that can't say what a container wrote ends a run only where somebody fills the disk."""
    monkeypatch.setattr(docker_disk_guard, "_ASK_S", 0.01)
    monkeypatch.setattr(docker_disk, "_WEIGH_S", 0.01)
    wire = Scripted({})
    with EngineDisk("unix:///nowhere", str(tmp_path), "overlay2").watch(1 << 40, headroom_mib) as use:
        guard = DiskGuard(wire, "c", use)
        wire.trouble = trouble
        with guard:
            for _ in range(1 if matters else 3):
                assert wire.weighed.acquire(timeout=20.0)
            assert matters is wire.killed.wait(20.0 if matters else 0.0)

    if matters:
        with pytest.raises(EngineError, match="silent"):
            guard.blame()
    else:
        assert "" == guard.blame()
