"""Owns what the engine has and lacks for the course, down to the limits that it keeps; must never mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from course.amount import human_bytes
from course.doctor.line import ENGINE_CLEAN, ENGINE_PRIVATE, ENGINE_UP, DoctorLine, State
from graders.cancel import Cancel
from graders.engine.base import Engine, EngineInfo
from graders.engine.probe import Kept, Measured, probe
from graders.errors import GraderError

DOCKER_DATA = "/var/lib/docker"
"""Where an engine keeps its images unless it says something else. Source: docs.docker.com, daemon data directory."""
HEREDOC_VERSION = 23
"""First Docker release whose builder reads heredocs without a frontend from outside; measured on 20.10, 26.1, 28.5."""
OLDEST_TESTED, NEWEST_TESTED = 20, 28
"""Major versions of Docker that docs/engines.md tells of."""


def engine_lines(
    open_engine: Callable[[], Engine], bases: tuple[str, ...], mark: str, cancel: Cancel, start: str
) -> Iterator[DoctorLine | EngineInfo]:
    """The engine and all that only it can tell, and once what it is. `start`: what mends one that does not answer."""
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


def data_root(info: EngineInfo) -> str:
    """The folder whose disk is the engine's; empty where that is not a disk of this machine."""
    return (info.data_root or DOCKER_DATA) if info.socket.startswith("unix://") else ""


def _major(version: str) -> int | None:
    """The first number of a version; None when there is none."""
    number = version.partition(".")[0]
    return int(number) if number.isdigit() else None
