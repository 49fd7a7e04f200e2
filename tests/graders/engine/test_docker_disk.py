"""What a submission writes is weighed in whichever store the engine keeps its layers."""

from __future__ import annotations

import itertools
import math
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from graders.engine.docker import disk as docker_disk
from graders.engine.docker.disk import EngineDisk, Space, bytes_below
from tests.rows import rows

MIB = 1024 * 1024


@rows(
    "layer",
    ["overlay2/abc/diff", "containerd/daemon/io.containerd.snapshotter.v1.overlay2/snapshots/7/fs"],
    ids=["Docker's store", "containerd's store"],
)
def test_new_layers_are_weighed_in_both_stores(tmp_path: Path, layer: str) -> None:
    """Docker and containerd name their folders differently; what was there before does not count."""
    (tmp_path / layer / "deep").mkdir(parents=True)
    (tmp_path / layer / "deep" / "file").write_bytes(os.urandom(3 * MIB))
    disk = EngineDisk("unix:///nowhere", str(tmp_path), "overlay2")

    assert disk.root == tmp_path
    assert (3 * MIB, 2) == disk.new_layers(frozenset())
    assert (0, 0) == disk.new_layers(disk.layer_names())


@rows(
    ("size", "room", "weight_mib"),
    [(4 * MIB, 0, 4), (4 * MIB, 12 * MIB, 4), (4 * MIB, 44 * MIB, 44), (1, 4 * MIB, 4)],
    ids=["nothing", "what XFS does", "on purpose", "on purpose, for a small file"],
)
def test_room_that_a_file_system_gives_a_growing_file_was_not_written(
    tmp_path: Path, size: int, room: int, weight_mib: int
) -> None:
    """What a file has beyond its end counts only where it is more than a file system gives by itself."""
    file = tmp_path / "file"
    file.write_bytes(os.urandom(size))
    if room:
        subprocess.run(("fallocate", "--keep-size", "--length", str(room), str(file)), check=True)
    weight, entries = bytes_below([str(tmp_path)])

    assert (size, weight_mib, 1) == (file.stat().st_size, weight // MIB, entries)


def test_hole_in_a_file_was_not_written(tmp_path: Path) -> None:
    """A file weighs no more than the disk has of it."""
    with (tmp_path / "file").open("wb") as file:
        file.truncate(1024 * MIB)

    assert (0, 1) == bytes_below([str(tmp_path)])


def test_layers_of_a_future_clock_are_not_new(tmp_path: Path) -> None:
    """What was there before is not a submission's, whatever the clock said when it was written."""
    (tmp_path / "overlay2/old/diff").mkdir(parents=True)
    (tmp_path / "overlay2/old/diff/file").write_bytes(b"x" * MIB)
    os.utime(tmp_path / "overlay2/old", (1e10, 1e10))
    disk = EngineDisk("unix:///nowhere", str(tmp_path), "overlay2")
    with disk.watch(limit_mib=0, headroom_mib=0) as use:
        blame = use.blame("build")

    assert "" == blame


def test_unknown_store_can_not_be_weighed(tmp_path: Path) -> None:
    """Where layers can't be found nothing is claimed about them."""
    assert EngineDisk("unix:///nowhere", str(tmp_path), "zfs").new_layers(frozenset()) is None


def test_free_space_is_looked_at_sooner_the_less_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However fast memory is written, the free space can't pass a limit between two looks."""
    space = Space(9_000 * MIB, None)
    monkeypatch.setattr(docker_disk, "_space", lambda _: space)
    disk = EngineDisk("unix:///nowhere", str(tmp_path), "overlay2")
    told = []
    with disk.watch(limit_mib=1024, headroom_mib=512, weighs_layers=False) as use:
        told.append((use.is_suspicious(), use.calm_s))
        for left in (
            Space(9_000 * MIB - 1000 * MIB, None),
            Space(9_000 * MIB, 3_000),
            Space(512 * MIB, None),
            Space(9_000 * MIB - 1025 * MIB, None),
        ):
            space = left
            told.append((use.is_suspicious(), use.calm_s))

    assert [False, False, False, True, False] == [is_suspicious for is_suspicious, _ in told]
    assert pytest.approx([1 / 8, 24 / 8192, 0.001, 0, 0]) == [calm_s for _, calm_s in told]


def test_disk_that_is_not_seen_is_never_suspicious() -> None:
    """On another machine's disk nothing can be looked at, so nothing asks for a look."""
    with EngineDisk("tcp://far", "/", "overlay2").watch(0, 1 << 40) as use:
        found = (use.is_suspicious(), use.calm_s, use.had_room)

    assert (False, math.inf, True) == found


@rows(("more_bytes", "told"), [(MIB - 1, ""), (MIB, "wrote 451 MiB, and one run may write 450 MiB")])
def test_blocks_of_the_file_system_are_no_writing_beyond_the_limit(tmp_path: Path, more_bytes: int, told: str) -> None:
    """One file up to its own limit weighs some blocks more where the free space is in pieces."""
    with EngineDisk("unix:///nowhere", str(tmp_path), "overlay2").watch(450, 0, weighs_layers=False) as use:
        assert told == use.blame("run", 450 * MIB + more_bytes)


@rows(("had_mib", "shortest_s", "longest_s"), [(200, 0.0, 0.2), (20, 1.5, 2.1)])
def test_layers_near_their_limit_are_weighed_again_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, had_mib: int, shortest_s: float, longest_s: float
) -> None:
    """What writes fast is beyond the limit a moment later; where others write, looking again and again is no use."""
    looks = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: 100.0 + next(looks) / 1000)
    monkeypatch.setattr(docker_disk, "time", clock)
    free = itertools.chain([Space(9_000 * MIB, None)] * 2, itertools.repeat(Space(8_000 * MIB, None)))
    monkeypatch.setattr(docker_disk, "_space", lambda _: next(free))
    layer = tmp_path / "overlay2/new/diff"
    (tmp_path / "overlay2").mkdir()
    with EngineDisk("unix:///nowhere", str(tmp_path), "overlay2").watch(limit_mib=200, headroom_mib=0) as use:
        layer.mkdir(parents=True)
        _set_aside(layer / "first", had_mib)
        first = (use.is_suspicious(), use.blame("build"))
        _set_aside(layer / "second", 200)
        began_s = clock.monotonic()
        while not use.is_suspicious():
            pass
        took_s = clock.monotonic() - began_s
        told = use.blame("build")

    assert (True, "") == first
    assert shortest_s < took_s < longest_s
    assert f"wrote {had_mib + 200} MiB, and one build may write 200 MiB" == told


def _set_aside(file: Path, mib: int) -> None:
    """A file of this weight that nobody has to write."""
    with file.open("wb") as opened:
        os.posix_fallocate(opened.fileno(), 0, mib * MIB)
