"""Owns measuring what a build or a run writes to the engine's disk; must never stop anything itself.

No engine limits the disk of a build, so the free space of the file system that holds the engine's data is watched
from outside. It falls for other reasons too: before a submission is blamed, the layers that are new since its start
are weighed. Where that can't be done (another machine, no rights, other builds at the same time), nobody is blamed.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from graders.engine.docker.errors import HINT_DISK
from graders.errors import EngineError
from graders.limits import MIB

_ENTRIES = 300_000
"""Files that are looked at before a weighing is given up."""
_INODES_HEADROOM = 1000
"""File entries on the engine's disk below which builds and runs are given up."""
_INODES_NEEDED = 50_000
"""File entries that one build may need: the largest of the course's images make some 20,000."""
_WEIGH_S = 2.0
"""Longest pause between two weighings of new layers: what falls by others' work has them weighed again and again."""
_SHARE = 10
"""Layers near the limit are weighed again after so many times the length of the last weighing."""
_REMEMBERED_S = 3600.0
_FASTEST_BYTES_S = 8192 * MIB
"""More than programs write together: what they write goes to memory first, and is counted there."""
_FASTEST_FILES_S = 2_000_000
"""The same for files without content."""
_SET_ASIDE = 3
"""A file that grows has up to so many times its size on XFS, which takes back what is left when it is closed.

Source: measured on Linux 6 with writes of 4 KiB to 100 MiB, 2026-11; xfs_iomap_prealloc_size.
"""


@dataclass(frozen=True, slots=True)
class Space:
    """What is free on a file system at one moment."""

    bytes: int
    files: int | None
    """How many can still be made; None where that has no limit."""


class EngineDisk:
    """The file system that holds an engine's data, as far as it can be seen from here."""

    def __init__(self, address: str, data_root: str, storage: str) -> None:
        """`address`: an engine that is not reached over a local socket is on a disk that we don't see."""
        root = Path(data_root)
        self._layers = _layers_folder(root, storage)
        seen = root if self._layers.is_relative_to(root) else self._layers
        self.root = seen if address.startswith("unix://") and data_root and _space(seen) is not None else None
        self._lock = threading.Lock()
        self._active = 0
        self._crowds: list[tuple[float, int]] = []

    @contextmanager
    def watch(self, limit_mib: int, headroom_mib: int, *, weighs_layers: bool = True) -> Iterator[DiskUse]:
        """Measure from now on. `weighs_layers`: False where the caller always knows what was written."""
        with self._lock:
            self._active += 1
            self._note_crowd()
        try:
            # An engine in use for long has many thousand layers: listing them is work that a run has no need of.
            yield DiskUse(self, limit_mib, headroom_mib, self.layer_names() if weighs_layers else None)
        finally:
            with self._lock:
                self._note_crowd()
                self._active -= 1

    def space(self) -> Space | None:
        """What is free; None where it can't be seen."""
        return _space(self.root) if self.root is not None else None

    def crowd(self, since_s: float) -> int:
        """How many builds and runs of this engine object were at work together since then (monotonic), at most."""
        with self._lock:
            self._crowds = [(at, size) for at, size in self._crowds if at >= since_s - _REMEMBERED_S]
            return max([self._active, *(size for at, size in self._crowds if at >= since_s)])

    def _note_crowd(self) -> None:
        if self._active > 1:
            self._crowds.append((time.monotonic(), self._active))

    def layer_names(self) -> list[str] | None:
        """The layers that there are now; None where they can't be read. No clock is asked: clocks jump."""
        try:
            return os.listdir(self._layers)  # noqa: PTH208 - str names: there are many
        except OSError:
            return None

    def new_layers(self, known: Collection[str] | None) -> tuple[int, int] | None:
        """Bytes and files in layers that are not among the known ones; None where they can't be read."""
        names = self.layer_names() if known is not None else None
        if names is None or known is None:
            return None
        young = [os.path.join(self._layers, name) for name in set(names).difference(known)]  # noqa: PTH118 - str paths
        # Docker keeps a layer's files in "diff", containerd in "fs".
        return bytes_below([os.path.join(path, name) for path in young for name in ("diff", "fs")])  # noqa: PTH118


class DiskUse:
    """How much the free space has fallen since the start of one build or run."""

    def __init__(self, disk: EngineDisk, limit_mib: int, headroom_mib: int, known: Collection[str] | None) -> None:
        """`known`: the layers that there were before; None: no layer is weighed."""
        self._disk = disk
        self._limit_mib = limit_mib
        self._headroom_mib = headroom_mib
        self._began = time.monotonic()
        self._known = known
        self._at_first = disk.space()
        self._weigh_at = 0.0
        self._calm_s = 0.0 if self._at_first is not None else math.inf

    def is_suspicious(self) -> bool:
        """Whether the free space fell by more than the limit or runs out; cheap, and true only now and then."""
        now = self._disk.space() if self._at_first is not None else None
        if now is None or self._at_first is None:
            return False
        bytes_left = min(now.bytes - self._at_first.bytes + self.limit_bytes, now.bytes - self._headroom_mib * MIB)
        files_left = math.inf if now.files is None else now.files - _INODES_HEADROOM
        self._calm_s = max(0.0, min(bytes_left / _FASTEST_BYTES_S, files_left / _FASTEST_FILES_S))
        if (bytes_left >= 0 and files_left >= 0) or time.monotonic() < self._weigh_at:
            return False
        self._weigh_at = time.monotonic() + _WEIGH_S
        return True

    @property
    def calm_s(self) -> float:
        """For how long after the last look nobody could have made the next one suspicious."""
        return self._calm_s

    @property
    def limit_bytes(self) -> int:
        """What the build or run may write."""
        return self._limit_mib * MIB

    @property
    def is_seen(self) -> bool:
        """Whether the disk is one of this machine."""
        return self._at_first is not None

    @property
    def had_room(self) -> bool:
        """Whether the disk had at first what one build or run may use; true where that can't be seen."""
        space = self._at_first
        if space is None:
            return True
        return space.bytes >= self.limit_bytes and (space.files is None or space.files >= _INODES_NEEDED)

    def blame(self, what: str, own_bytes: int | None = None) -> str:
        """What the submission did ("wrote 812 MiB, and one build may write 200 MiB"), or nothing.

        `own_bytes`: what it wrote, where the caller knows it; else the new layers are weighed. Raises EngineError
        when the disk runs out, or is being filled, and the submission can't be shown to be the cause.
        """
        now, at_first = self._disk.space(), self._at_first
        if now is None or at_first is None:
            return ""
        limit = self.limit_bytes
        crowd = self._disk.crowd(self._began)
        own_files = 0
        if own_bytes is None and crowd == 1:
            own_bytes, own_files = self._weigh()
        # A whole MiB more: a file system's own blocks count too, and a program that filled one file up to the limit
        # ends by that file's limit, which names the cause.
        if own_bytes is not None and own_bytes // MIB > self._limit_mib:
            return f"wrote {own_bytes // MIB} MiB, and one {what} may write {self._limit_mib} MiB"
        if now.files is not None and now.files < _INODES_HEADROOM:
            if own_files > (at_first.files or 0) // 2 and own_files > _INODES_NEEDED:
                return f"made {own_files:,} files, and the engine's disk can hold no more"
            raise EngineError(f"The engine's disk can hold only {now.files:,} more files", hint=HINT_DISK)
        if now.bytes < self._headroom_mib * MIB:
            message = f"The engine's disk has {now.bytes // MIB} MiB left, and {self._headroom_mib} MiB are needed"
            raise EngineError(message, hint=HINT_DISK)
        if own_bytes is None and at_first.bytes - now.bytes > limit * crowd:
            lost = (at_first.bytes - now.bytes) // MIB
            message = f"The engine's disk lost {lost} MiB during this {what}, and who wrote it can't be told"
            raise EngineError(message, hint=HINT_DISK)
        return ""

    def _weigh(self) -> tuple[int | None, int]:
        """Bytes and files of the new layers; those that are near the limit may be beyond it soon."""
        began = time.monotonic()
        weighed = self._disk.new_layers(self._known)
        if weighed is None:
            return None, 0
        if weighed[0] * 2 > self.limit_bytes:
            now = time.monotonic()
            self._weigh_at = now + min(_WEIGH_S, (now - began) * _SHARE)
        return weighed


def bytes_below(folders: Iterable[str]) -> tuple[int, int]:
    """Bytes on the disk and number of the entries below some folders; folders that can't be read count nothing."""
    todo, total, entries = list(folders), 0, 0
    while todo and entries < _ENTRIES:
        with suppress(OSError), os.scandir(todo.pop()) as found:
            for entry in found:
                entries += 1
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
                    else:
                        total += _written_bytes(entry.stat(follow_symlinks=False))
    return total, entries


def _written_bytes(file: os.stat_result) -> int:
    """What a file takes of the disk, but for what its file system keeps there of its own accord.

    A file with holes takes less than its size. One that takes more than a file system would set aside was made to.
    """
    taken = file.st_blocks * 512
    is_small = file.st_size < MIB  # it may have a whole block more for a few bytes, and thousands of those count
    return taken if is_small or taken > _SET_ASIDE * file.st_size else min(taken, file.st_size)


def _layers_folder(root: Path, storage: str) -> Path:
    """Where the layers are: Docker's own store, or containerd's inside Docker's data, or that of the machine.

    Source: looked at on Docker 20.10 and 28.5, 2026-11.
    """
    snapshots = Path(f"io.containerd.snapshotter.v1.{storage}", "snapshots")
    for folder in (root / storage, root / "containerd/daemon" / snapshots, Path("/var/lib/containerd") / snapshots):
        with suppress(OSError):
            if folder.is_dir():
                return folder
    return root / storage


def _space(root: Path) -> Space | None:
    try:
        status = os.statvfs(root)
    except OSError:
        return None
    return Space(status.f_bavail * status.f_frsize, status.f_favail if status.f_files else None)
