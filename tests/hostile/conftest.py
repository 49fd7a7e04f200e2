"""Owns the room in which hostile submissions are let loose: an engine of its own, small, on a disk of its own.

The engine's group may use half a gigabyte of memory and 300 processes, its disk is a file of 1.5 GiB, so that no
attack can hurt the machine that runs the tests, whatever fails. All that is measured is this engine's, so that attacks
can run beside other tests; each worker has a room of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from graders.base_images.stand_in import build_stand_in
from graders.cancel import Cancel
from graders.engine.docker.adapter import DockerEngine
from graders.engine.docker.wire import Wire, as_list, as_object, as_text
from graders.engine.private import daemon as private
from graders.engine.private.cgroup import Caps, is_v2
from graders.engine.private.daemon import PrivatePaths
from graders.engine.private.network import Bridge
from graders.limits import MIB
from tests.own_address import own_address

ENVIRON = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
BASE = "busybox:1.35"
CAPS = Caps(memory_mib=512, pids=300)
DISK_MIB = 1536
FILES = 60_000
"""What the disk can hold: somewhat more than one build may need, for a test fills it up."""
_SAMPLE_S = 0.02
_CACHE_MIB = 8
"""What the build cache of one attack may weigh."""
_STOP_S = 0.15
"""How long it may take to see that a disk fills, and to stop what fills it; twice that while this process sleeps."""
_GRACE_S = 10.0
"""How long what was stopped may take to be gone."""


@dataclass
class Measured:
    """What one attack cost, seen from outside."""

    seconds: float = 0.0
    memory_mib: int = 0
    """Most memory of all that the engine ran, at one moment."""
    pids: int = 0
    disk_mib: int = 0
    """By how much the free space of the engine's disk fell at most."""
    fastest_mib: int = 0
    """The most that was written within the time that stopping may take."""
    disk_kept_mib: int = 0
    """What stays on the engine's disk: the build cache."""
    left: list[str] = field(default_factory=list)


class Room:
    """The engine of the hostile suite."""

    def __init__(self, paths: PrivatePaths) -> None:
        self.paths = paths
        self.engine: DockerEngine = private.connect(paths)
        self._wire = Wire(f"unix://{paths.socket}")
        self._wire.ping(5.0)
        self._base = ""
        self.has_own_disk = paths.data.parent.is_mount()
        """Else what others write to the machine's disk is measured too."""

    def prepare(self) -> None:
        """Put the base image there and remember it."""
        for _ in build_stand_in(self.engine, BASE, Cancel(), ENVIRON):
            pass
        base = self.engine.image(BASE)
        assert base is not None
        self._base = base.id

    def open(self) -> DockerEngine:
        """A connection of its own, as a check opens one."""
        return private.connect(self.paths)

    @contextmanager
    def measured(self) -> Iterator[Measured]:
        """Measure what happens inside, and afterwards what is left."""
        found = Measured()
        over = threading.Event()
        free = self._free()
        began = time.monotonic()

        def sample() -> None:
            recent: deque[tuple[float, int]] = deque()
            while not over.wait(_SAMPLE_S):
                now, lost = time.monotonic(), (free - self._free()) // MIB
                recent.append((now, lost))
                # The last one before that stays: on a busy machine this thread sleeps too, while others write.
                while len(recent) > 1 and recent[1][0] < now - _STOP_S:
                    recent.popleft()
                found.fastest_mib = max(found.fastest_mib, lost - recent[0][1])
                found.memory_mib = max(found.memory_mib, self._group("memory") // MIB)
                found.pids = max(found.pids, self._group("pids"))
                found.disk_mib = max(found.disk_mib, lost)

        sampler = threading.Thread(target=sample)
        sampler.start()
        try:
            yield found
        finally:
            found.seconds = time.monotonic() - began
            over.set()
            sampler.join()
            found.left = self.left()
            deadline = time.monotonic() + _GRACE_S
            while (kept := (free - self._free()) // MIB) > _CACHE_MIB and time.monotonic() < deadline:
                time.sleep(0.05)
            found.disk_kept_mib = kept

    def left(self) -> list[str]:
        """Everything on the engine that was not there at first; what is still ending is waited for a while."""
        deadline = time.monotonic() + _GRACE_S
        while (found := self._left()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return found

    def _left(self) -> list[str]:
        images = {as_text(row.get("Id")) for row in self._rows("/images/json", {"all": "1"})} - {self._base}
        found = [f"image {id_}" for id_ in images]
        found += [f"container {as_text(row.get('Id'))}" for row in self._rows("/containers/json", {"all": "1"})]
        networks = {as_text(row.get("Name")) for row in self._rows("/networks", {})} - {"bridge", "host", "none"}
        found += [f"network {name}" for name in networks]
        answer = as_object(self._wire.call("GET", "/volumes", operation="list volumes"))
        found += [f"volume {as_text(as_object(row).get('Name'))}" for row in as_list(answer.get("Volumes"))]
        running = self._group("pids")
        return found + ([f"{running} processes"] if running else [])

    def _rows(self, path: str, query: dict[str, str]) -> list[dict[str, object]]:
        return [as_object(row) for row in as_list(self._wire.call("GET", path, query, operation="list"))]

    def _free(self) -> int:
        status = os.statvfs(self.paths.data)
        return status.f_bavail * status.f_frsize

    def _group(self, what: str) -> int:
        root, name = self.paths.cgroup_root, self.paths.cgroup
        files = {"memory": ("memory.current", "memory.usage_in_bytes"), "pids": ("pids.current", "pids.current")}[what]
        file = root / name / files[0] if is_v2(root) else root / what / name / files[1]
        return int(file.read_text("ascii"))


@contextmanager
def small_disk(folder: Path, size_mib: int) -> Iterator[Path]:
    """A folder on a file system of its own; a plain folder where the machine has no loop devices."""
    image, mount = folder / "disk.img", folder / "d"
    mount.mkdir()
    with image.open("wb") as file:
        file.truncate(size_mib * MIB)
    mkfs = shutil.which("mkfs.ext4", path=ENVIRON["PATH"])
    mounted = mkfs is not None and (
        subprocess.run(
            (mkfs, "-q", "-F", "-m", "0", "-N", str(FILES), str(image)), check=False, capture_output=True
        ).returncode
        == 0
        and subprocess.run(("/usr/bin/mount", "-o", "loop", str(image), str(mount)), check=False).returncode == 0
    )
    try:
        yield mount
    finally:
        if mounted:
            subprocess.run(("/usr/bin/umount", "-l", str(mount)), check=True)


@contextmanager
def private_room(*, caps: Caps, disk_mib: int, address: str) -> Iterator[PrivatePaths]:
    """Paths of a private engine that nobody else uses, started; stopped and removed at the end."""
    name = f"dyh{uuid.uuid4().hex[:6]}"
    with (
        tempfile.TemporaryDirectory(prefix="dyh", ignore_cleanup_errors=True) as folder,
        small_disk(Path(folder), disk_mib) as disk,
    ):
        paths = PrivatePaths(
            data=disk / "engine", runtime=Path(folder) / "r", bridge=Bridge(name, address), cgroup=name, caps=caps
        )
        try:
            list(private.up(ENVIRON, Cancel(), paths=paths))
            yield paths
        finally:
            list(private.down(ENVIRON, paths=paths))


@pytest.fixture(scope="session")
def room() -> Iterator[Room]:
    """The engine, prepared."""
    if os.geteuid() != 0:
        pytest.skip("a private engine needs root")
    with private_room(caps=CAPS, disk_mib=DISK_MIB, address=own_address(190)) as paths:
        made = Room(paths)
        made.prepare()
        yield made
