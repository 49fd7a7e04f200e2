"""Owns what this machine has and lacks for the course, and the command that mends it; must never mend anything.

Nothing here raises for what is missing: that is what it is there to say.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from course.paths import Paths
from course.terminal import Terminal
from graders.engine.base import Engine, EngineInfo
from graders.errors import GraderError
from graders.exercise import BuildSpec

GIB = 1024**3
DISK_WARNING_BYTES = 5 * GIB
DISK_MISSING_BYTES = 1 * GIB
DOCKER_DATA = Path("/var/lib/docker")
"""Where an engine keeps its images unless it is told otherwise. Source: docs.docker.com, daemon data directory."""
HEREDOC_VERSION = 23
"""First Docker release whose builder reads heredocs without a frontend from outside; measured on 20.10, 26.1, 28.5."""
COLUMNS, LINES = 80, 24
"""Smallest terminal that the desk is made for."""
ENGINE_UP = "dockyard engine up"


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
    """ "engine", "builder", "base image", "leftovers", "disk", "terminal", "encoding", "workspace", "progress"."""
    state: State
    text: str
    remedy: str = ""
    """The command that mends it; empty when it is ok."""


def examine(
    paths: Paths,
    terminal: Terminal,
    open_engine: Callable[[], Engine],
    *,
    bases: tuple[str, ...] = BuildSpec().bases[:1],
    free_bytes: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
) -> Iterator[DoctorLine]:
    """Look at everything, the engine first. `free_bytes` says what is free on the disk of an existing path."""
    yield from _engine_lines(open_engine, bases)
    yield from _disk_lines(paths, free_bytes)
    yield _terminal_line(terminal)
    yield _encoding_line(terminal)
    yield _folder_line("workspace", paths.workspace, "dockyard --workspace DIR, with a DIR that you may write to")
    yield _folder_line("progress", paths.state, f"chown -R $(id -un) {paths.state}")


def _engine_lines(open_engine: Callable[[], Engine], bases: tuple[str, ...]) -> Iterator[DoctorLine]:
    """The engine and all that only it can tell."""
    try:
        engine = open_engine()
    except GraderError as error:
        yield DoctorLine("engine", State.MISSING, error.message, ENGINE_UP)
        return
    try:
        info = engine.info()
        yield _engine_line(info)
        yield _builder_line(info)
        for base in bases:
            yield _base_line(engine, base)
        leftovers = engine.leftovers()
        if leftovers:
            text = f"{len(leftovers)} things of ours are left on the engine by a check that was killed"
            yield DoctorLine("leftovers", State.WARNING, text, "dockyard engine clean")
    except GraderError as error:
        yield DoctorLine("engine", State.MISSING, error.message, ENGINE_UP)
    finally:
        engine.close()


def _engine_line(info: EngineInfo) -> DoctorLine:
    text = f"{info.name} {info.version} at {info.socket}" + (f" ({info.source})" if info.source else "")
    if info.name == "podman":
        text += "; Podman works but for live build steps, and some checks can't be decided on it"
        return DoctorLine("engine", State.WARNING, text, "dockyard engine up --private")
    if info.rootless:
        text += "; it runs without root, so memory limits are not kept"
        return DoctorLine("engine", State.WARNING, text, "dockyard engine up --private")
    return DoctorLine("engine", State.OK, text)


def _builder_line(info: EngineInfo) -> DoctorLine:
    if info.builder != "buildkit":
        text = f"the classic builder of {info.version}: slower, and cached steps are told from its log"
        return DoctorLine("builder", State.WARNING, text, "dockyard engine up --private")
    text = "BuildKit"
    if (_major(info.version) or HEREDOC_VERSION) < HEREDOC_VERSION:
        text += f"; heredocs in RUN need Docker {HEREDOC_VERSION}, so write RUN a && b"
    return DoctorLine("builder", State.OK, text)


def _base_line(engine: Engine, base: str) -> DoctorLine:
    image = engine.image(base)
    if image is None:
        return DoctorLine("base image", State.MISSING, f"{base} is not on the engine yet", ENGINE_UP)
    size = f"{image.size_bytes / 1e6:.0f} MB"
    if image.stand_in:
        return DoctorLine("base image", State.OK, f"{base}, {size}: an offline stand-in made from Debian packages")
    return DoctorLine("base image", State.OK, f"{base}, {size}")


def _disk_lines(paths: Paths, free_bytes: Callable[[Path], int]) -> Iterator[DoctorLine]:
    """Free space where images and where the workspace are, a line a disk."""
    seen: set[int] = set()
    for path in (DOCKER_DATA, paths.workspace):
        place = _existing(path)
        try:
            device = place.stat().st_dev
            free = free_bytes(place)
        except OSError as error:
            yield DoctorLine("disk", State.WARNING, f"{place}: {error.strerror}", f"ls -ld {place}")
            continue
        if device in seen:
            continue
        seen.add(device)
        text = f"{free / GIB:.1f} GiB free at {place}"
        if free < DISK_MISSING_BYTES:
            yield DoctorLine("disk", State.MISSING, f"{text}; a build needs about 1 GiB", "dockyard engine clean")
        elif free < DISK_WARNING_BYTES:
            yield DoctorLine(
                "disk",
                State.WARNING,
                f"{text}; {DISK_WARNING_BYTES // GIB} GiB are comfortable",
                "dockyard engine clean",
            )
        else:
            yield DoctorLine("disk", State.OK, text)


def _terminal_line(terminal: Terminal) -> DoctorLine:
    if not terminal.full_screen:
        return DoctorLine("terminal", State.OK, "none: dockyard prints the outline instead of showing the desk")
    size = f"{terminal.columns} x {terminal.lines}"
    if terminal.columns < COLUMNS or terminal.lines < LINES:
        text = f"{size} is small; the desk is made for {COLUMNS} x {LINES} and more"
        return DoctorLine("terminal", State.WARNING, text, "resize the window")
    if terminal.colours == 0:
        return DoctorLine("terminal", State.OK, f"{size}, no colours (NO_COLOR, --no-color or TERM)")
    if terminal.colours < 256:
        text = f"{size}, {terminal.colours} colours; 256 show more"
        return DoctorLine("terminal", State.WARNING, text, "export TERM=xterm-256color")
    return DoctorLine("terminal", State.OK, f"{size}, {terminal.colours:,} colours")


def _encoding_line(terminal: Terminal) -> DoctorLine:
    if terminal.encoding.replace("-", "").replace("_", "") == "utf8":
        return DoctorLine("encoding", State.OK, terminal.encoding)
    text = f"{terminal.encoding}: some characters will show as question marks"
    return DoctorLine("encoding", State.WARNING, text, "export LANG=C.UTF-8")


def _folder_line(name: str, folder: Path, remedy: str) -> DoctorLine:
    """Whether a folder is there and ours to write to, or can be made."""
    place = _existing(folder)
    if not place.is_dir():
        return DoctorLine(name, State.MISSING, f"{place} is in the way: it is not a folder", f"mv {place} {place}.old")
    if not os.access(place, os.W_OK | os.X_OK):
        return DoctorLine(name, State.MISSING, f"{place} can't be written to", remedy)
    made = "" if place == folder else " (made when it is first needed)"
    return DoctorLine(name, State.OK, f"{folder}{made}")


def _existing(path: Path) -> Path:
    """The path, else the nearest parent that exists."""
    for candidate in (path, *path.parents):
        try:
            candidate.stat()
        except OSError:
            continue
        return candidate
    return Path("/")


def _major(version: str) -> int | None:
    """The first number of a version; None when there is none."""
    number = version.partition(".")[0]
    return int(number) if number.isdigit() else None
