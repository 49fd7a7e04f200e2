"""Owns the addresses of engines that tests start for themselves; must never start one."""

from __future__ import annotations

import os


def own_address(number: int) -> str:
    """An address for the bridge of an engine; each worker of `--numprocesses` has another one, from `number` up."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    return f"172.29.{number + 1 + int(worker) if worker else number}.1"
