"""Owns how much a command says beside its data; must never say anything."""

from __future__ import annotations

from enum import IntEnum


class Verbosity(IntEnum):
    """How much is said beside the data."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2
