"""Owns the private engine: a dockerd of ours, started, watched and stopped; must never touch another engine.

It has its own data, runtime folder, network bridge, cgroup and containerd namespace, so that it lives beside a
system dockerd. Paths are parameters; a socket's path must stay under 108 bytes.
"""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from graders.cancel import Cancel
from graders.engine.docker.adapter import DockerEngine
from graders.engine.docker.wire import Wire, as_list, as_object, as_text
from graders.engine.find import PRIVATE_SOCKET
from graders.engine.private.cgroup import Caps, end_group, limit_group, remove_group
from graders.engine.private.guard_process import guard_down, guard_up
from graders.engine.private.install import COMMAND, is_installed
from graders.engine.private.loopback import is_marked, marked, open_loopback, shut_loopback
from graders.engine.private.network import Bridge, make_bridge, remove_bridge, shut_services
from graders.engine.private.process import STOP_S, alone, end, end_all, pid_of
from graders.engine.private.settings import EngineSettings, daemon_settings, services_asked
from graders.engine.program import find_program, lines_of
from graders.errors import Cancelled, EngineCommandFailed, EngineError, EngineTimeout, EngineUnavailable
from graders.safe_text import clean_lines

_START_S = 60.0
_POLL_S = 0.05
_TAIL = 15
_OPEN_FILES = 65536
_UNMARKED = "It was started by an older Dockyard, so FROM and ADD reach services of this machine until it is restarted"


@dataclass(frozen=True, slots=True)
class PrivatePaths:
    """Where the private engine keeps its things."""

    data: Path = Path("/var/lib/dockyard/engine")
    runtime: Path = PRIVATE_SOCKET.parent
    bridge: Bridge = field(default_factory=Bridge)
    cgroup: str = "dockyard"
    cgroup_root: Path = Path("/sys/fs/cgroup")
    caps: Caps = field(default_factory=Caps)
    system_settings: Path = Path("/etc/docker/daemon.json")

    @property
    def socket(self) -> Path:
        """Where it answers."""
        return self.runtime / PRIVATE_SOCKET.name

    @property
    def pid_file(self) -> Path:
        """Written by dockerd."""
        return self.runtime / "engine.pid"

    @property
    def exec_root(self) -> Path:
        """State of running containers, and its containerd."""
        return self.runtime / "exec"

    @property
    def lock(self) -> Path:
        """Held by whoever starts it."""
        return self.data.parent / f"{self.data.name}.lock"

    @property
    def log(self) -> Path:
        """What dockerd says."""
        return self.data.parent / f"{self.data.name}.log"


@dataclass(frozen=True, slots=True)
class PrivateStatus:
    """How the private engine is."""

    running: bool
    """A dockerd of ours lives."""
    answers: bool
    pid: int
    """0 when it does not run."""
    socket: str


def status(paths: PrivatePaths | None = None) -> PrivateStatus:
    """Look at it, without changing anything."""
    paths = paths or PrivatePaths()
    pid = _our_pid(paths)
    answers = False
    if pid:
        try:
            Wire(f"unix://{paths.socket}").ping(3.0)
            answers = True
        except EngineError:
            answers = False
    return PrivateStatus(bool(pid), answers, pid, f"unix://{paths.socket}")


def up(
    environ: Mapping[str, str],
    cancel: Cancel,
    *,
    paths: PrivatePaths | None = None,
    timeout_s: float = _START_S,
    is_root: bool | None = None,
    settings: EngineSettings | None = None,
) -> Iterator[str]:
    """Start it unless it runs, and wait until it answers; yields lines for the user.

    One that runs takes over new settings without a restart.

    Raises `EngineUnavailable` (no rights, not installed), `EngineCommandFailed` with the log's tail,
    `EngineTimeout`, `Cancelled`.
    """
    paths = paths or PrivatePaths()
    settings = settings or EngineSettings()
    may_start = os.geteuid() == 0 if is_root is None else is_root
    now = status(paths)
    if now.answers:
        yield from _answering(now, paths, settings, environ, may_renew=may_start)
        return
    if not may_start:
        raise EngineUnavailable("Starting the private engine needs root", hint="Run: sudo dockyard engine up")
    dockerd = find_program("dockerd", environ)
    if dockerd is None or not is_installed(environ):
        raise EngineUnavailable("No container engine is installed", hint=f"Run: {COMMAND}")
    with alone(paths.lock, cancel, timeout_s + STOP_S):
        now = status(paths)
        if now.answers:
            yield from _answering(now, paths, settings, environ, may_renew=True)
            return
        if now.running:
            yield "The private engine hangs; stopping it first"
            yield from down(environ, paths=paths)
        _clear_stale(paths)
        try:
            told = yield from _start(dockerd, paths, settings, environ, cancel=cancel, timeout_s=timeout_s)
        except BaseException:
            _take_away(paths, environ)
            raise
    yield from told


def _answering(
    now: PrivateStatus, paths: PrivatePaths, settings: EngineSettings, environ: Mapping[str, str], *, may_renew: bool
) -> Iterator[str]:
    yield f"The private engine answers already at {now.socket}"
    if may_renew:
        yield from _renew(now, paths, settings, environ)


def _start(
    dockerd: str,
    paths: PrivatePaths,
    settings: EngineSettings,
    environ: Mapping[str, str],
    *,
    cancel: Cancel,
    timeout_s: float,
) -> Generator[str, None, tuple[str, ...]]:
    """Make all that it needs, and start it; returns what is to be told. No dockerd is left when this raises."""
    try:
        notice = _prepare(paths, settings, environ)
    except OSError as error:
        raise EngineUnavailable(
            f"The private engine's folders or network could not be made: {error.strerror or error}",
            hint="Run: dockyard doctor",
        ) from error
    if notice:
        yield notice
    yield "Starting the private engine"
    began = time.monotonic()
    pid = _spawn(marked((dockerd, *_arguments(paths)), paths.bridge.name), paths, environ)
    try:
        _await_answer(pid, paths, cancel, timeout_s)
        problem = _guard(paths, settings, environ)
    except BaseException:
        end(pid)
        raise
    answers = f"The private engine answers at unix://{paths.socket} after {time.monotonic() - began:.1f} s"
    return (problem, answers) if problem else (answers,)


def down(environ: Mapping[str, str], *, paths: PrivatePaths | None = None) -> Iterator[str]:
    """Stop it and only it; containers first. Images and cache stay. Raises `EngineTimeout`."""
    paths = paths or PrivatePaths()
    pid = _our_pid(paths)
    if pid:
        yield "Stopping the private engine"
        with suppress(EngineError):
            _kill_containers(Wire(f"unix://{paths.socket}"))
        if not end(pid):
            raise EngineTimeout(
                f"The private engine (process {pid}) does not stop",
                limit_s=STOP_S,
                elapsed_s=STOP_S,
                hint=f"Its log is {paths.log}",
            )
        yield "The private engine is stopped"
    else:
        yield "The private engine does not run"
    _take_away(paths, environ)


def _take_away(paths: PrivatePaths, environ: Mapping[str, str]) -> None:
    """All that stands around a dockerd that does not run (any more): guard, mounts, bridge, rules, group."""
    guard_down(paths.runtime, paths.bridge, environ)
    _clear_stale(paths)
    _unmount(paths, environ)
    remove_bridge(paths.bridge, environ)
    open_loopback(paths.bridge.name, environ)
    remove_group(paths.cgroup_root, paths.cgroup)


def connect(paths: PrivatePaths | None = None) -> DockerEngine:
    """The private engine, whatever other engines there are."""
    paths = paths or PrivatePaths()
    return DockerEngine(f"unix://{paths.socket}", source="private engine", private=True)


def _open_files() -> int:
    """Open files that a container may have: an engine that promises more than its own limit can start none."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)


def _arguments(paths: PrivatePaths) -> tuple[str, ...]:
    return (
        f"--data-root={paths.data}",
        f"--exec-root={paths.exec_root}",
        f"--host=unix://{paths.socket}",
        f"--pidfile={paths.pid_file}",
        f"--config-file={paths.runtime / 'daemon.json'}",
        f"--bridge={paths.bridge.name}",
        "--iptables=false",
        "--containerd-namespace=dockyard",
        "--containerd-plugins-namespace=plugins.dockyard",
        "--exec-opt=native.cgroupdriver=cgroupfs",
        f"--cgroup-parent=/{paths.cgroup}",
        "--log-driver=json-file",
        "--log-opt=max-size=32m",
        "--log-opt=max-file=2",
        f"--default-ulimit=nofile={_open_files()}:{_open_files()}",
    )


def _renew(
    now: PrivateStatus, paths: PrivatePaths, settings: EngineSettings, environ: Mapping[str, str]
) -> Iterator[str]:
    """Hand a running engine what changed; dockerd reads its mirrors anew on HUP. Source: docs.docker.com, dockerd."""
    wanted = daemon_settings(settings, paths.system_settings)
    file = paths.runtime / "daemon.json"
    with suppress(OSError):
        if file.read_text("utf-8") != wanted:
            file.write_text(wanted, "utf-8")
            os.kill(now.pid, signal.SIGHUP)
            yield "It was told the new settings"
    if not is_marked(now.pid, paths.bridge.name):
        yield f"{_UNMARKED}: dockyard engine down && dockyard engine up"
    for problem in (
        shut_services(paths.bridge, environ),
        shut_loopback(paths.bridge.name, services_asked(wanted, environ), environ),
        _guard(paths, settings, environ),
    ):
        if problem:
            yield problem


def _guard(paths: PrivatePaths, settings: EngineSettings, environ: Mapping[str, str]) -> str:
    log = paths.log.with_name(f"{paths.data.name}-network.log")
    return guard_up(paths.runtime, log, paths.bridge, settings.index_hosts, environ)


def _prepare(paths: PrivatePaths, settings: EngineSettings, environ: Mapping[str, str]) -> str:
    for folder in (paths.data, paths.runtime, paths.exec_root):
        folder.mkdir(parents=True, exist_ok=True, mode=0o711)
    wanted = daemon_settings(settings, paths.system_settings)
    (paths.runtime / "daemon.json").write_text(wanted, "utf-8")
    missing = limit_group(paths.cgroup_root, paths.cgroup, paths.caps)
    notices = [f"this machine lets us set no limit on the {' and '.join(missing)} of builds"] if missing else []
    notices.append(make_bridge(paths.bridge, environ))
    notices.append(shut_loopback(paths.bridge.name, services_asked(wanted, environ), environ))
    return "; ".join(filter(None, notices))


def _spawn(argv: tuple[str, ...], paths: PrivatePaths, environ: Mapping[str, str]) -> int:
    """Start dockerd in a session of its own, so that closing the terminal does not stop it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    path = environ.get("PATH", os.defpath)
    try:
        return os.posix_spawn(
            argv[0],
            argv,
            {**environ, "PATH": f"{path}:/usr/local/sbin:/usr/sbin:/sbin"},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(paths.log), flags, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
    except OSError as error:
        raise EngineCommandFailed(f"dockerd could not be started: {error.strerror}", status=127) from error


def _await_answer(pid: int, paths: PrivatePaths, cancel: Cancel, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        ended, code = os.waitpid(pid, os.WNOHANG)
        if ended:
            number = os.waitstatus_to_exitcode(code)
            raise EngineCommandFailed(
                f"dockerd ended at once (status {number}): {_tail(paths).rpartition(chr(10))[2]}",
                status=number,
                tail=_tail(paths),
                hint=f"Its log is {paths.log}",
            )
        if paths.socket.exists():
            with suppress(EngineError):
                Wire(f"unix://{paths.socket}").ping(2.0)
                return
        if cancel.wait(_POLL_S):
            raise Cancelled
    raise EngineTimeout(
        "The private engine did not answer in time",
        limit_s=timeout_s,
        elapsed_s=timeout_s,
        tail=_tail(paths),
        hint=f"Its log is {paths.log}",
    )


def _tail(paths: PrivatePaths) -> str:
    with suppress(OSError):
        return "\n".join(clean_lines(paths.log.read_bytes()[-20000:])[-_TAIL:])
    return ""


def _our_pid(paths: PrivatePaths) -> int:
    """The process id of our dockerd; 0 when the file is missing or names another process."""
    return pid_of(paths.pid_file, "dockerd", str(paths.socket))


def _clear_stale(paths: PrivatePaths) -> None:
    """After a kill -9: dockerd's containerd and containers live on, and the pid file would stop the next start."""
    own = paths.exec_root / "containerd" / "containerd.pid"
    pid = pid_of(own, "containerd", str(paths.exec_root))
    if pid:
        end(pid)
    end_group(paths.cgroup_root, paths.cgroup)
    end_all("containerd-shim-runc-v2", f"{paths.exec_root}/")
    for file in (paths.pid_file, paths.socket, own):
        with suppress(OSError):
            file.unlink()


def _kill_containers(wire: Wire) -> None:
    wire.ping(3.0)
    for row in map(as_object, as_list(wire.call("GET", "/containers/json", operation="list containers"))):
        with suppress(EngineError):
            wire.call("POST", f"/containers/{as_text(row.get('Id'))}/kill", operation="kill a container")


def _unmount(paths: PrivatePaths, environ: Mapping[str, str]) -> None:
    umount = find_program("umount", environ)
    with suppress(OSError):
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines()]
        below = [
            mount
            for mount in mounts
            if Path(mount).is_relative_to(paths.data) or Path(mount).is_relative_to(paths.runtime)
        ]
        for mount in sorted(below, reverse=True):
            if umount is not None:
                with suppress(EngineCommandFailed, EngineTimeout):
                    for _ in lines_of((umount, "-l", mount), environ=environ, cancel=Cancel(), timeout_s=10.0):
                        pass
