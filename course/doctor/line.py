"""Owns what the doctor says, line by line, and the commands that mend most of it; must never look at anything."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ENGINE_UP = "dockyard engine up"
ENGINE_PRIVATE = "dockyard engine up --private && export DOCKER_HOST=unix:///run/dockyard/engine.sock"
"""Ours is asked last, so beside another engine it has to be named."""
ENGINE_CLEAN = "dockyard engine clean"


class State(StrEnum):
    """How something stands."""

    OK = "ok"
    WARNING = "warning"
    """The course works, but less well."""
    MISSING = "missing"
    """A check can't run without it."""


@dataclass(frozen=True, slots=True)
class DoctorLine:
    """One thing that was looked at. May hold text of the engine's: escape it where it is shown."""

    name: str
    """ "engine", "builder", "storage", "cgroup", "base image", "leftovers", "build index", the limits of
    `graders.engine.probe`, "limits", "disk", "proxy", "certificates", "terminal", "encoding", "workspace",
    "progress"."""
    state: State
    text: str
    remedy: str = ""
    """The command that mends it; empty when it is ok."""
