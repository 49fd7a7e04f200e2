"""What /proc and the control groups of this machine tell of a container, and when they must tell nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.engine.process_evidence import listeners, peak_memory_bytes, processor_time
from graders.engine.service import Listener, ProcessorTime

ID = "9fa6cb925e434f65893357038f1bbbb8573bcbd0dfed520b3b22a72caef10e5c"
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A process of a container, as docker.io 20.10.24 with both kinds of control groups shows it."""
    folder = tmp_path / "proc" / "42"
    (folder / "net").mkdir(parents=True)
    (folder / "cgroup").write_text(f"4:memory:/dockyard/{ID}\n0::/dockyard/{ID}\n")
    (folder / "net" / "tcp").write_text(
        HEAD
        + "   0: 0B00007F:A8BD 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1 1\n"
        + "   1: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1 1\n"
        + "   2: 0200A8C0:9999 0100A8C0:0050 01 00000000:00000000 00:00000000 00000000 0 0 1 1\n"
        + "   3: nonsense\n"
    )
    (folder / "net" / "tcp6").write_text(
        HEAD + "   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0 0 0 0 0 0 1\n"
    )
    return tmp_path / "proc"


def test_listeners_are_those_of_the_program(proc: Path) -> None:
    """Connections, the engine's name server and lines that make no sense are left out."""
    assert (Listener("127.0.0.1", 8000), Listener("::", 80)) == listeners(42, ID, proc=proc)


@pytest.mark.parametrize(("pid", "id_"), [(42, "0" * 64), (43, ID), (42, "")])
def test_process_of_somebody_else_tells_nothing(proc: Path, pid: int, id_: str) -> None:
    """A number from another machine may be any process here."""
    assert listeners(pid, id_, proc=proc) is None
    assert peak_memory_bytes(pid, id_, proc=proc, cgroup=proc.parent) is None


@pytest.mark.parametrize(
    "file", [f"memory/dockyard/{ID}/memory.max_usage_in_bytes", f"dockyard/{ID}/memory.peak"], ids=["v1", "v2"]
)
def test_peak_is_read_in_both_versions(proc: Path, tmp_path: Path, file: str) -> None:
    """The figure is the kernel's own."""
    path = tmp_path / "cgroup" / file
    path.parent.mkdir(parents=True)
    path.write_text("123456\n")

    assert 123456 == peak_memory_bytes(42, ID, proc=proc, cgroup=tmp_path / "cgroup")


def test_peak_that_is_not_there_is_none(proc: Path, tmp_path: Path) -> None:
    """An old kernel has no such file."""
    assert peak_memory_bytes(42, ID, proc=proc, cgroup=tmp_path) is None


PRESSURE = (
    "some avg10=10.14 avg60=1.83 avg300=0.38 total=1966749\nfull avg10=10.14 avg60=1.83 avg300=0.38 total=1957716\n"
)


def test_processor_time_is_read_where_version_2_rules(proc: Path, tmp_path: Path) -> None:
    """One folder has it all."""
    group = tmp_path / "cgroup" / "dockyard" / ID
    group.mkdir(parents=True)
    (group / "cpu.pressure").write_text(PRESSURE)
    (group / "cpu.stat").write_text("usage_usec 240000\nuser_usec 200000\nsystem_usec 40000\nthrottled_usec 500000\n")

    assert ProcessorTime(1.966749, 0.24, 0.5) == processor_time(42, ID, proc=proc, cgroup=tmp_path / "cgroup")


def test_processor_time_is_read_where_both_versions_are(proc: Path, tmp_path: Path) -> None:
    """The waiting is version 2's, what the limit held back is version 1's."""
    (proc / "42" / "cgroup").write_text(f"1:cpu:/dockyard/{ID}\n0::/dockyard/{ID}\n")
    unified = tmp_path / "cgroup" / "unified" / "dockyard" / ID
    first = tmp_path / "cgroup" / "cpu" / "dockyard" / ID
    for group in (unified, first):
        group.mkdir(parents=True)
    (unified / "cpu.pressure").write_text(PRESSURE)
    (unified / "cpu.stat").write_text("usage_usec 240000\n")
    (first / "cpu.stat").write_text("nr_periods 5\nnr_throttled 2\nthrottled_time 70000000\n")

    assert ProcessorTime(1.966749, 0.24, 0.07) == processor_time(42, ID, proc=proc, cgroup=tmp_path / "cgroup")


def test_processor_time_that_is_not_counted_is_none(proc: Path, tmp_path: Path) -> None:
    """A kernel without pressure counts, a process of somebody else, half a file."""
    group = tmp_path / "dockyard" / ID
    group.mkdir(parents=True)
    (group / "cpu.stat").write_text("usage_usec 240000\n")

    assert processor_time(42, ID, proc=proc, cgroup=tmp_path) is None

    (group / "cpu.pressure").write_text("some avg10=1.0")

    assert processor_time(42, ID, proc=proc, cgroup=tmp_path) is None
    assert processor_time(42, "0" * 64, proc=proc, cgroup=tmp_path) is None
