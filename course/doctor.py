"""Owns what this machine has and lacks for the course, and the command that mends it; must never mend anything.

Nothing here raises for what is missing: that is what it is there to say.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from course.amount import human_bytes
from course.paths import Paths
from course.terminal import Terminal
from graders.cancel import Cancel
from graders.engine.base import Engine, EngineInfo
from graders.engine.probe import Kept, Measured, probe
from graders.errors import GraderError
from graders.exercise import BuildSpec

GIB = 1024**3
DISK_WARNING_BYTES = 5 * GIB
DISK_MISSING_BYTES = 1 * GIB
INODES_WARNING, INODES_MISSING = 200_000, 20_000
"""A Python base image has some 5,000 files, an exercise's dependencies up to 20,000."""
DOCKER_DATA = "/var/lib/docker"
"""Where an engine keeps its images unless it says something else. Source: docs.docker.com, daemon data directory."""
HEREDOC_VERSION = 23
"""First Docker release whose builder reads heredocs without a frontend from outside; measured on 20.10, 26.1, 28.5."""
OLDEST_TESTED, NEWEST_TESTED = 20, 28
"""Major versions of Docker that docs/engines.md tells of."""
COLUMNS, LINES = 80, 24
"""Smallest terminal that the desk is made for."""
ENGINE_UP = "dockyard engine up"
ENGINE_PRIVATE = "dockyard engine up --private && export DOCKER_HOST=unix:///run/dockyard/engine.sock"
"""Ours is asked last, so beside another engine it has to be named."""
ENGINE_CLEAN = "dockyard engine clean"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


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


@dataclass(frozen=True, slots=True)
class Space:
    """What is free on a disk. `free_inodes` None: it has no such limit."""

    free_bytes: int
    free_inodes: int | None


def space_of(path: Path) -> Space:
    """What is free on the disk of an existing path; raises OSError."""
    status = os.statvfs(path)
    return Space(status.f_bavail * status.f_frsize, status.f_favail if status.f_files else None)


def examine(
    paths: Paths,
    terminal: Terminal,
    open_engine: Callable[[], Engine],
    *,
    environ: Mapping[str, str] | None = None,
    bases: tuple[str, ...] = BuildSpec().bases[:1],
    space: Callable[[Path], Space] = space_of,
    mark: str = "",
    cancel: Cancel | None = None,
) -> Iterator[DoctorLine]:
    """Look at everything, the engine first.

    `mark`: a word that nobody else uses, for the builds and runs that measure which limits hold (some six seconds);
    empty: nothing is measured. Raises Cancelled.
    """
    data_root, start = "", "unset DOCKER_HOST" if environ and environ.get("DOCKER_HOST") else ENGINE_UP
    for found in _engine_lines(open_engine, bases, mark, cancel or Cancel(), start):
        if isinstance(found, EngineInfo):
            data_root = _data_root(found)
        else:
            yield found
    yield from _disk_lines(data_root, paths, space)
    yield _proxy_line(environ or {})
    yield _certificates_line(environ or {})
    yield _terminal_line(terminal)
    yield _encoding_line(terminal)
    yield _folder_line("workspace", paths.workspace, "dockyard --workspace DIR, with a DIR that you may write to")
    yield _folder_line("progress", paths.state, f"chown -R $(id -un) {paths.state}")


def _engine_lines(
    open_engine: Callable[[], Engine], bases: tuple[str, ...], mark: str, cancel: Cancel, start: str
) -> Iterator[DoctorLine | EngineInfo]:
    """The engine and all that only it can tell. `start`: what mends an engine that does not answer."""
    try:
        engine = open_engine()
    except GraderError as error:
        yield DoctorLine("engine", State.MISSING, error.message, start)
        return
    try:
        info = engine.info()
        yield info
        yield _engine_line(info)
        yield _builder_line(info)
        yield _storage_line(info)
        yield _cgroup_line(info)
        lines = [_base_line(engine, base) for base in bases]
        yield from lines
        leftovers = engine.leftovers()
        if leftovers:
            text = f"{len(leftovers)} things of ours are left on the engine by a check that was killed"
            yield DoctorLine("leftovers", State.WARNING, text, ENGINE_CLEAN)
        if info.name == "podman" or info.ignored_limits:
            return
        yield _index_line(info)
        if not mark:
            yield DoctorLine("limits", State.OK, "not measured; dockyard doctor without --quick does")
        elif any(line.state is State.MISSING for line in lines):
            yield DoctorLine("limits", State.WARNING, "not measured: that takes the base image", ENGINE_UP)
        else:
            yield from _limit_lines(engine, info, bases[0], mark, cancel)
    except GraderError as error:
        yield DoctorLine("engine", State.MISSING, error.message, start)
    finally:
        engine.close()


def _engine_line(info: EngineInfo) -> DoctorLine:
    api = f" (API {info.api_version})" if info.api_version else ""
    text = f"{info.name} {info.version}{api} at {info.socket}" + (f" ({info.source})" if info.source else "")
    if info.ignored_limits:
        text += f"; it can't hold a program to its {' and '.join(info.ignored_limits)}, so it runs none of ours"
        return DoctorLine("engine", State.MISSING, text, ENGINE_PRIVATE)
    if info.name == "podman":
        text += "; Podman's builds can't be followed as Docker's can, so nothing is graded on it"
        return DoctorLine("engine", State.MISSING, text, ENGINE_PRIVATE)
    if info.rootless:
        return DoctorLine("engine", State.WARNING, f"{text}; it runs without root, see docs/engines.md", ENGINE_PRIVATE)
    if info.name not in ("docker", "fake"):
        return DoctorLine("engine", State.WARNING, f"{text}; Dockyard was never tried on it", ENGINE_PRIVATE)
    major = _major(info.version)
    if info.name == "docker" and (major is None or not OLDEST_TESTED <= major <= NEWEST_TESTED):
        text += f"; Dockyard was tried on Docker {OLDEST_TESTED} to {NEWEST_TESTED}. See whether it grades rightly"
        return DoctorLine("engine", State.WARNING, text, "dockyard author verify first-image")
    return DoctorLine("engine", State.OK, text)


def _builder_line(info: EngineInfo) -> DoctorLine:
    if info.builder != "buildkit":
        text = f"the classic builder of {info.version}: slower, and cached steps are told from its log"
        return DoctorLine("builder", State.WARNING, text, ENGINE_PRIVATE)
    text = "BuildKit"
    if (_major(info.version) or HEREDOC_VERSION) < HEREDOC_VERSION:
        text += f"; heredocs in RUN need Docker {HEREDOC_VERSION}, so write RUN a && b"
    return DoctorLine("builder", State.OK, text)


def _storage_line(info: EngineInfo) -> DoctorLine:
    if info.storage == "vfs":
        text = "vfs copies every layer whole: slow, and the disk fills soon"
        return DoctorLine("storage", State.WARNING, text, ENGINE_PRIVATE)
    if info.storage == "overlayfs":
        text = "overlayfs (containerd's store): sizes count the packed layers too, so they are larger than elsewhere"
        return DoctorLine("storage", State.OK, text)
    return DoctorLine("storage", State.OK, info.storage or "not told")


def _cgroup_line(info: EngineInfo) -> DoctorLine:
    return DoctorLine("cgroup", State.OK, f"version {info.cgroup_version or '1 (not told)'}")


def _index_line(info: EngineInfo) -> DoctorLine:
    if info.keeps_index:
        return DoctorLine("build index", State.OK, "a build held to the package index reaches nothing else")
    text = "a build that should reach the package index only reaches all that this machine does"
    if info.private:
        return DoctorLine("build index", State.WARNING, f"{text}: the guard of the network does not run", ENGINE_UP)
    return DoctorLine("build index", State.WARNING, text, ENGINE_PRIVATE)


def _base_line(engine: Engine, base: str) -> DoctorLine:
    image = engine.image(base)
    if image is None:
        return DoctorLine("base image", State.MISSING, f"{base} is not on the engine yet", ENGINE_UP)
    size = human_bytes(image.size_bytes)
    if image.stand_in:
        return DoctorLine("base image", State.OK, f"{base}, {size}: an offline stand-in made from Debian packages")
    return DoctorLine("base image", State.OK, f"{base}, {size}")


def _limit_lines(engine: Engine, info: EngineInfo, base: str, mark: str, cancel: Cancel) -> Iterator[DoctorLine]:
    """Which limits hold, as measured; trouble of the engine's while measuring is a line of its own."""
    try:
        for measured in probe(engine, base, cancel, mark=mark):
            yield _limit_line(measured, info)
    except GraderError as error:
        yield DoctorLine("limits", State.WARNING, f"could not be measured: {error.message}", "dockyard doctor")


def _limit_line(measured: Measured, info: EngineInfo) -> DoctorLine:
    if measured.kept is Kept.HOLDS:
        return DoctorLine(measured.limit, State.OK, f"holds: {measured.seen}")
    remedy = "dockyard engine down && dockyard engine up" if info.private else ENGINE_PRIVATE
    word = "DOES NOT HOLD" if measured.kept is Kept.IGNORED else "could not be measured"
    return DoctorLine(measured.limit, State.WARNING, f"{word}: {measured.seen}", remedy)


def _data_root(info: EngineInfo) -> str:
    """The folder whose disk is the engine's; empty where that is not a disk of this machine."""
    return (info.data_root or DOCKER_DATA) if info.socket.startswith("unix://") else ""


def _disk_lines(data_root: str, paths: Paths, space: Callable[[Path], Space]) -> Iterator[DoctorLine]:
    """Free space where images and where the workspace are, a line a disk."""
    seen: set[int] = set()
    for path in (*([Path(data_root)] if data_root else []), paths.workspace):
        place = _existing(path)
        try:
            device = place.stat().st_dev
            free = space(place)
        except OSError as error:
            yield DoctorLine("disk", State.WARNING, f"{place}: {error.strerror}", f"ls -ld {place}")
            continue
        if device in seen:
            continue
        seen.add(device)
        yield _disk_line(place, free)


def _disk_line(place: Path, free: Space) -> DoctorLine:
    inodes = free.free_inodes
    text = f"{free.free_bytes / GIB:.1f} GiB" + ("" if inodes is None else f" and {inodes:,} files")
    text += f" free at {place}"
    if free.free_bytes < DISK_MISSING_BYTES:
        return DoctorLine("disk", State.MISSING, f"{text}; a build needs about 1 GiB", ENGINE_CLEAN)
    if inodes is not None and inodes < INODES_MISSING:
        return DoctorLine("disk", State.MISSING, f"{text}; a build needs about {INODES_MISSING:,} files", ENGINE_CLEAN)
    if free.free_bytes < DISK_WARNING_BYTES:
        comfortable = f"{DISK_WARNING_BYTES // GIB} GiB are comfortable"
        return DoctorLine("disk", State.WARNING, f"{text}; {comfortable}", ENGINE_CLEAN)
    if inodes is not None and inodes < INODES_WARNING:
        return DoctorLine("disk", State.WARNING, f"{text}; {INODES_WARNING:,} files are comfortable", ENGINE_CLEAN)
    return DoctorLine("disk", State.OK, text)


def _proxy_line(environ: Mapping[str, str]) -> DoctorLine:
    """Which proxy the environment names, its password left out."""
    from urllib.parse import urlsplit

    found: dict[str, str] = {}
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"):
        if not environ.get(name):
            continue
        try:
            parts = urlsplit(environ[name])
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or parts.scheme not in ("http", "https"):
            text = f"{name} is no http:// address, so nothing that needs it works"
            return DoctorLine("proxy", State.WARNING, text, f"export {name}=http://HOST:PORT")
        found[f"{parts.scheme}://{host}" + (f":{port}" if port else "")] = name
    if not found:
        return DoctorLine("proxy", State.OK, "none: the environment names no proxy")
    exempt = environ.get("no_proxy") or environ.get("NO_PROXY")
    text = ", ".join(f"{address} ({name})" for address, name in found.items())
    return DoctorLine("proxy", State.OK, text + (f", but not for {exempt[:200]}" if exempt else ""))


def _certificates_line(environ: Mapping[str, str]) -> DoctorLine:
    """Which certificates are trusted here: the stand-in images get the same, for pip."""
    for name in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE"):
        if environ.get(name) and not Path(environ[name]).exists():
            text = f"{name} names {environ[name]}, and there is no such file"
            return DoctorLine("certificates", State.WARNING, text, f"unset {name}")
    try:
        count = CERTIFICATES.read_bytes().count(b"-----BEGIN CERTIFICATE-----")
    except OSError:
        text = f"there is no {CERTIFICATES}: pip in a stand-in image would trust no index"
        return DoctorLine("certificates", State.WARNING, text, "apt-get install -y ca-certificates")
    return DoctorLine("certificates", State.OK, f"{count} in {CERTIFICATES}; stand-in images get the same")


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
