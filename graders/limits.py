"""Owns the limits that a submission is built and run in; must never measure anything."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024
MB = 1_000_000
"""In which images are weighed, as engines print them."""


def in_mb(size_bytes: int) -> str:
    """ "12.3 MB"."""
    return f"{size_bytes / MB:.1f} MB"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one submission may use. An exercise overrides single values in its `[limits]` table."""

    build_s: float = 600.0
    """Wall time of one build."""
    build_idle_s: float = 180.0
    """Longest silence of a build before it counts as hung."""
    run_s: float = 30.0
    """Wall time of one run."""
    stop_grace_s: float = 3.0
    """Time between SIGTERM and SIGKILL."""
    memory_mib: int = 512
    """Memory of a run, swap included."""
    pids: int = 256
    """Processes and threads of a run."""
    cpus: float = 2.0
    output_kib: int = 256
    """Output of a run that is kept; more is cut and said."""
    build_log_kib: int = 4096
    """Build log that is kept; more is cut and said."""
    context_mib: int = 64
    """Bytes of a submission that may be sent to the engine."""
    context_files: int = 5000
    tmpfs_mib: int = 64
    """Size of each in-memory folder of a run."""
    image_mib: int = 4096
    """Largest image whose layers are read."""
    build_disk_mib: int = 8192
    """What one build may write to the engine's disk."""
    run_disk_mib: int = 1024
    """What one run may write outside of its in-memory folders."""
    disk_headroom_mib: int = 512
    """Free space on the engine's disk below which builds and runs are given up, and nobody is blamed."""

    @property
    def context_bytes(self) -> int:
        """`context_mib` in bytes."""
        return self.context_mib * MIB
