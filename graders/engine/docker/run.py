"""Owns one run of an image on a Docker engine, from create to remove; must never judge its output."""

from __future__ import annotations

import signal
import time
import uuid
from contextlib import suppress

from graders.cancel import Cancel
from graders.engine.base import Network, Process, RunRequest, RunResult
from graders.engine.docker.container import (
    KILL_S,
    container_config,
    ends_within,
    file_mib,
    host_config,
    inspect,
    processes,
    read_output,
    remove_container,
)
from graders.engine.docker.disk import DiskUse, EngineDisk
from graders.engine.docker.disk_guard import DiskGuard
from graders.engine.docker.errors import EngineRefused
from graders.engine.docker.start_fault import exit_code_of, start_fault
from graders.engine.docker.stream import Stream
from graders.engine.docker.wire import Json, Wire, as_number, as_object
from graders.errors import Cancelled

_LOOK_S = 0.02
"""Pause between two looks at the processes."""
_LONGEST_LOOK_S = 0.2
"""The same once a process of root has been waited for: an engine forks a program for each look."""
_FIRST_LOOK_S = 5.0
"""Longest wait for a first process to be seen."""
_SETTLE_S = 1.0
"""How long a process of root may take to give its rights away before the last look counts."""
_HOLD_S = 1.0
"""How long standard input of a run that is watched stays open after all was written."""
_MOST_LOOKS = 1000
_FILE_TOO_LARGE = 128 + signal.SIGXFSZ
"""Exit code of a program, or of the shell around it, that the kernel ended at the limit of a file."""
_TOO_LARGE = b"File too large"
"""What the C library calls it for a program that does not let itself be ended."""
_CREATE_S = 15.0
_ATTACH_S = 20.0


def run(wire: Wire, request: RunRequest, cancel: Cancel, *, cpus: int, disk: EngineDisk) -> RunResult:
    """Create, start, watch, wait, read, remove. `cpus`: how many the engine has."""
    limits = request.limits
    with disk.watch(limits.run_disk_mib, limits.disk_headroom_mib, weighs_layers=False) as use:
        return _run(wire, request, cancel, cpus, use)


def _run(wire: Wire, request: RunRequest, cancel: Cancel, cpus: int, use: DiskUse) -> RunResult:
    name = f"dockyard-{uuid.uuid4().hex[:16]}"
    created = False
    stdin: Stream | None = None
    try:
        cancel.raise_if_set()
        began = time.monotonic()
        try:
            wire.call(
                "POST",
                "/containers/create",
                {"name": name},
                _config(request, cpus),
                operation="create a container",
                timeout_s=_CREATE_S,
            )
            created = True
            if request.stdin is not None:
                stdin = _attach(wire, name, cancel)
            guard = DiskGuard(wire, name, use)
            began = time.monotonic()
            wire.call("POST", f"/containers/{name}/start", operation="start a container", cancel=cancel)
        except EngineRefused as error:
            elapsed_s = time.monotonic() - began
            fault = start_fault(wire, request.image_id, error)
            if not fault:
                raise
            return RunResult(exit_code_of(fault), b"", b"", elapsed_s, start_error=fault)
        return _Watch(wire, request, cancel, name, began, guard=guard).to_the_end(stdin)
    finally:
        if stdin is not None:
            stdin.close()
        remove_container(wire, name, patient=not created)


def _config(request: RunRequest, cpus: int) -> Json:
    has_stdin = request.stdin is not None
    walls = host_config(request.limits, cpus, request.tmpfs, read_only=request.read_only)
    if not request.hardened:
        walls |= {"CapDrop": [], "SecurityOpt": ["no-new-privileges:false"]}
    config: Json = {
        **container_config(request.image_id, request.run_id, request.args, request.env),
        "AttachStdin": has_stdin,
        "OpenStdin": has_stdin,
        "StdinOnce": has_stdin,
        "HostConfig": {
            **walls,
            "NetworkMode": "none" if request.network is Network.NONE else "bridge",
        },
    }
    return config


def _attach(wire: Wire, name: str, cancel: Cancel) -> Stream:
    """A connection to the container's standard input only: an unread output stream would block a kill."""
    operation = "attach to a container"
    stream = wire.dial(operation, _ATTACH_S, cancel)
    try:
        stream.upgrade("POST", wire.url(f"/containers/{name}/attach", {"stream": "1", "stdin": "1"}))
        wire.check(stream, operation)
    except BaseException:
        stream.close()
        raise
    return stream


class _Watch:
    """A started container."""

    def __init__(
        self, wire: Wire, request: RunRequest, cancel: Cancel, name: str, began: float, *, guard: DiskGuard
    ) -> None:
        self._wire = wire
        self._guard = guard
        self._request = request
        self._cancel = cancel
        self._name = name
        self._began = began
        self._deadline = began + request.limits.run_s
        self._is_watched = request.watched or not request.hardened
        self._seen: tuple[Process, ...] = ()
        self._looks: list[tuple[Process, ...]] = []

    def to_the_end(self, stdin: Stream | None) -> RunResult:
        """Look, feed, wait, and tell how it ended."""
        with self._guard as guard:
            alive = not self._is_watched or self._first_look()
            if stdin is not None:
                if alive:
                    self._feed(stdin, self._request.stdin or b"")
                    if not self._request.hardened:
                        self._follow(min(self._deadline, time.monotonic() + _HOLD_S))
                    elif self._is_watched:
                        self._last_look()
                stdin.half_close()
            if not self._request.hardened:
                self._follow(self._deadline)
            exited = ends_within(self._wire, self._name, self._deadline - time.monotonic(), self._cancel)
            elapsed_s = time.monotonic() - self._began
            if not exited:
                self._kill()
        blame = guard.blame()
        state = as_object(self._inspect().get("State"))
        stdout, stderr, truncated = read_output(
            self._wire, self._name, self._request.limits.output_kib * 1024, self._cancel
        )
        exit_code = as_number(state.get("ExitCode")) if exited else None
        if exit_code == _FILE_TOO_LARGE or (exit_code and _TOO_LARGE in stderr):
            stderr += f"\ndockyard: no file of a run may have more than {file_mib(self._request.limits)} MiB\n".encode()
        if blame:
            stderr += f"\ndockyard: the program was stopped: it {blame}\n".encode()
        return RunResult(
            exit_code=exit_code,
            stdout=stdout,
            stderr=stderr,
            elapsed_s=elapsed_s,
            timed_out=not exited,
            oom_killed=state.get("OOMKilled") is True,
            truncated=truncated,
            processes=self._seen,
            looks=tuple(self._looks),
        )

    def _first_look(self) -> bool:
        """Poll until a process is seen (True) or the container has ended (False)."""
        until = min(self._deadline, time.monotonic() + _FIRST_LOOK_S)
        while time.monotonic() < until:
            processes = self._processes()
            if processes is None:
                return False
            if processes:
                self._seen = processes
                return True
            if self._cancel.wait(_LOOK_S):
                raise Cancelled
        return True

    def _last_look(self) -> None:
        until = min(self._deadline, time.monotonic() + _SETTLE_S)
        pause_s = _LOOK_S
        while True:
            processes = self._processes()
            if processes is None:
                return
            if processes:
                self._seen = processes
            now_s = time.monotonic()
            if all(process.uid != 0 for process in processes) or now_s >= until:
                return
            if self._cancel.wait(min(pause_s, until - now_s)):
                raise Cancelled
            pause_s = min(2 * pause_s, _LONGEST_LOOK_S)

    def _follow(self, until: float) -> None:
        """Look until then, or until the container has ended."""
        while time.monotonic() < until and self._processes() is not None:
            if self._cancel.wait(_LOOK_S):
                raise Cancelled

    def _feed(self, stdin: Stream, data: bytes) -> None:
        """Write standard input; a program that ended or does not read is no error of ours."""
        sock, view = stdin.socket, memoryview(data)
        sock.settimeout(0.1)
        while view and time.monotonic() < self._deadline:
            self._cancel.raise_if_set()
            try:
                view = view[sock.send(view) :]
            except TimeoutError:
                if self._processes() is None:
                    return
            except OSError:
                return

    def _kill(self) -> None:
        with suppress(EngineRefused):  # it may have ended just now
            self._wire.call("POST", f"/containers/{self._name}/kill", operation="kill a container", cancel=self._cancel)
        self._wire.call(
            "POST",
            f"/containers/{self._name}/wait",
            operation="kill a container",
            timeout_s=KILL_S,
            cancel=self._cancel,
        )

    def _processes(self) -> tuple[Process, ...] | None:
        found = processes(self._wire, self._name, self._cancel)
        is_new = bool(found) and found not in self._looks[-1:]
        if found and is_new and not self._request.hardened and len(self._looks) < _MOST_LOOKS:
            self._looks.append(found)
        return found

    def _inspect(self) -> Json:
        return inspect(self._wire, self._name, self._cancel)
