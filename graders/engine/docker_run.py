"""Owns one run of an image on a Docker engine, from create to remove; must never judge its output."""

from __future__ import annotations

import re
import threading
import time
import uuid
from contextlib import suppress

from graders.cancel import Cancel
from graders.engine.base import LABEL, Network, Process, RunRequest, RunResult
from graders.engine.docker_disk import DiskUse, EngineDisk
from graders.engine.docker_errors import EngineRefused
from graders.engine.docker_frames import Frames
from graders.engine.docker_owner import OWNER, own_mark
from graders.engine.docker_wire import CONTROL_S, Json, Query, Stream, Wire, as_list, as_number, as_object, as_text
from graders.errors import Cancelled, EngineError, EngineTimeout
from graders.safe_text import clean

_LOOK_S = 0.02
"""Pause between two looks at the processes."""
_FIRST_LOOK_S = 5.0
"""Longest wait for a first process to be seen."""
_SETTLE_S = 1.0
"""How long a process of root may take to give its rights away before the last look counts."""
_KILL_S = 15.0
_FLOOD_S = 5.0
"""How long a flooded log is searched for what the other stream holds."""
_CREATE_S = 15.0
_PING_S = 5.0
_DISK_S = 0.05
"""Pause between two looks at the engine's disk."""
_JSON_BYTES_PER_OUTPUT_BYTE = 80
"""An empty line costs the json-file driver 75 bytes; so a log that was rotated held more than the kept output."""
_OPEN_FILES = 4096
_FILE_BYTES = 1024 * 1024 * 1024

_NOT_FOUND = re.compile(
    r"executable file not found|no such file or directory|not a directory|no command specified", re.I
)
_NOT_ALLOWED = re.compile(
    r"permission denied|is a directory|exec format error|unable to find (?:user|group)|no matching", re.I
)
_START_FAULT = re.compile(
    r"exec: |executable file not found|exec format error|unable to find (?:user|group)|no matching entries|chdir to cwd"
    r"|no command specified|working directory|mkdir .*not a directory|invalid user|permission denied: unknown",
    re.IGNORECASE,
)


def run(wire: Wire, request: RunRequest, cancel: Cancel, *, cpus: int, disk: EngineDisk) -> RunResult:
    """Create, start, watch, wait, read, remove. `cpus`: how many the engine has."""
    with disk.watch(request.limits.run_disk_mib, request.limits.disk_headroom_mib) as use:
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
            began = time.monotonic()
            wire.call("POST", f"/containers/{name}/start", operation="start a container", cancel=cancel)
        except EngineRefused as error:
            if not _is_start_fault(error):
                raise
            return _not_started(error, time.monotonic() - began)
        return _Watch(wire, request, cancel, name, began, use=use).to_the_end(stdin)
    finally:
        if stdin is not None:
            stdin.close()
        _remove(wire, name, patient=not created)


def _config(request: RunRequest, cpus: int) -> Json:
    limits = request.limits
    memory = limits.memory_mib * 1024 * 1024
    log_bytes = limits.output_kib * 1024 * _JSON_BYTES_PER_OUTPUT_BYTE
    config: Json = {
        "Image": request.image_id,
        "Labels": {LABEL: request.run_id, OWNER: own_mark()},
        "AttachStdin": request.stdin is not None,
        "OpenStdin": request.stdin is not None,
        "StdinOnce": request.stdin is not None,
        "Env": [f"{key}={value}" for key, value in request.env.items()],
        "HostConfig": {
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "PidsLimit": limits.pids,
            "Memory": memory,
            "MemorySwap": memory,
            "NanoCpus": int(min(limits.cpus, float(max(cpus, 1))) * 1e9),
            "NetworkMode": "none" if request.network is Network.NONE else "bridge",
            "ReadonlyRootfs": request.read_only,
            "Tmpfs": dict.fromkeys(request.tmpfs, f"rw,nosuid,nodev,mode=1777,size={limits.tmpfs_mib}m"),
            "Ulimits": [
                {"Name": "nofile", "Soft": _OPEN_FILES, "Hard": _OPEN_FILES},
                {"Name": "fsize", "Soft": _FILE_BYTES, "Hard": _FILE_BYTES},
                {"Name": "core", "Soft": 0, "Hard": 0},
            ],
            "LogConfig": {"Type": "json-file", "Config": {"max-size": str(log_bytes), "max-file": "2"}},
        },
    }
    if request.args:
        config["Cmd"] = list(request.args)
    return config


def _attach(wire: Wire, name: str, cancel: Cancel) -> Stream:
    """A connection to the container's standard input only: an unread output stream would block a kill."""
    stream = wire.dial("attach to a container", 20.0, cancel)
    operation = "attach to a container"
    try:
        stream.upgrade("POST", wire.url(f"/containers/{name}/attach", {"stream": "1", "stdin": "1"}))
        wire.check(stream, operation)
    except BaseException:
        stream.close()
        raise
    return stream


def _is_start_fault(error: EngineRefused) -> bool:
    return "No such image" not in error.reason and bool(_START_FAULT.search(error.reason))


def _not_started(error: EngineRefused, elapsed_s: float) -> RunResult:
    """126: found but not to be started; 127: not found, as shells say it."""
    exit_code = 127 if _NOT_FOUND.search(error.reason) and not _NOT_ALLOWED.search(error.reason) else 126
    return RunResult(exit_code, b"", b"", elapsed_s, start_error=clean(error.reason))


def _remove(wire: Wire, name: str, *, patient: bool) -> None:
    """Remove the container; `patient`: it may come into being while we ask, because creating it was interrupted."""
    deadline = time.monotonic() + (0.3 if patient else 0.0)
    while True:
        try:
            wire.call(
                "DELETE",
                f"/containers/{name}",
                {"force": "1", "v": "1"},
                operation="remove a container",
                timeout_s=_KILL_S,
            )
        except EngineRefused as error:
            if error.status == 409:  # somebody removes it already
                return
            if error.status != 404:
                raise
            if time.monotonic() >= deadline:
                return
            time.sleep(_LOOK_S)
        else:
            return


class _Watch:
    """A started container."""

    def __init__(
        self, wire: Wire, request: RunRequest, cancel: Cancel, name: str, began: float, *, use: DiskUse
    ) -> None:
        self._wire = wire
        self._use = use
        self._request = request
        self._cancel = cancel
        self._name = name
        self._began = began
        self._deadline = began + request.limits.run_s
        self._seen: tuple[Process, ...] = ()

    def to_the_end(self, stdin: Stream | None) -> RunResult:
        """Look, feed, wait, and tell how it ended."""
        with _DiskGuard(self._wire, self._name, self._use) as guard:
            alive = self._first_look()
            if stdin is not None:
                if alive:
                    self._feed(stdin, self._request.stdin or b"")
                    self._last_look()
                stdin.half_close()
            exited = self._wait(self._deadline - time.monotonic())
            elapsed_s = time.monotonic() - self._began
            if not exited:
                self._kill()
        blame = guard.blame()
        state = as_object(self._inspect().get("State"))
        stdout, stderr, truncated = self._output()
        if blame:
            stderr += f"\ndockyard: the program was stopped: it {blame}\n".encode()
        return RunResult(
            exit_code=as_number(state.get("ExitCode")) if exited else None,
            stdout=stdout,
            stderr=stderr,
            elapsed_s=elapsed_s,
            timed_out=not exited,
            oom_killed=state.get("OOMKilled") is True,
            truncated=truncated,
            processes=self._seen,
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
        while True:
            processes = self._processes()
            if processes is None:
                return
            if processes:
                self._seen = processes
            if all(process.uid != 0 for process in processes) or time.monotonic() >= until:
                return
            if self._cancel.wait(_LOOK_S):
                raise Cancelled

    def _processes(self) -> tuple[Process, ...] | None:
        """Every process now; None when the container has ended."""
        query = {"ps_args": "-eo pid,uid,ruid,args"}
        try:
            answer = self._wire.call_object(
                "GET", f"/containers/{self._name}/top", query, operation="list processes", cancel=self._cancel
            )
        except EngineRefused as error:
            if '"ps"' in error.reason or "ps: " in error.reason:
                raise EngineError(
                    "The engine can't list a container's processes: its machine has no ps",
                    hint="Install it with: sudo apt-get install -y procps",
                ) from error
            if not as_object(self._inspect().get("State")).get("Running"):
                return None
            return ()
        rows = [[as_text(cell) for cell in as_list(row)] for row in as_list(answer.get("Processes"))]
        return tuple(
            Process(int(row[0]), int(row[1]), int(row[2]), row[3])
            for row in rows
            if len(row) == 4 and all(cell.isdecimal() for cell in row[:3]) and not row[3].startswith("runc init")
        )

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

    def _wait(self, timeout_s: float) -> bool:
        """Whether the container ended in time."""
        try:
            self._wire.call(
                "POST",
                f"/containers/{self._name}/wait",
                operation="wait for a container",
                timeout_s=max(timeout_s, 0.05),
                cancel=self._cancel,
            )
        except EngineTimeout:
            self._wire.ping(_PING_S, self._cancel)
            return not as_object(self._inspect().get("State")).get("Running")
        return True

    def _kill(self) -> None:
        with suppress(EngineRefused):  # it may have ended just now
            self._wire.call("POST", f"/containers/{self._name}/kill", operation="kill a container", cancel=self._cancel)
        self._wire.call(
            "POST",
            f"/containers/{self._name}/wait",
            operation="kill a container",
            timeout_s=_KILL_S,
            cancel=self._cancel,
        )

    def _inspect(self) -> Json:
        return self._wire.call_object(
            "GET", f"/containers/{self._name}/json", operation="inspect a container", cancel=self._cancel
        )

    def _output(self) -> tuple[bytes, bytes, bool]:
        """Standard output and error, each up to the limit, and whether something was cut."""
        frames = Frames(self._request.limits.output_kib * 1024)
        self._read_log(frames, {"stdout": "1", "stderr": "1"})
        if frames.truncated:
            # One stream flooded: the other is asked for alone, so that not all of the flood has to be read.
            other = "stderr" if len(frames.stdout) > len(frames.stderr) else "stdout"
            rest = Frames(self._request.limits.output_kib * 1024)
            with suppress(EngineTimeout):
                self._read_log(rest, {other: "1"}, timeout_s=_FLOOD_S)
            if other == "stderr":
                return frames.stdout, rest.stderr, True
            return rest.stdout, frames.stderr, True
        return frames.stdout, frames.stderr, False

    def _read_log(self, frames: Frames, query: Query, timeout_s: float = CONTROL_S) -> None:
        with self._wire.open(
            "GET",
            f"/containers/{self._name}/logs",
            query,
            operation="read a container's output",
            timeout_s=timeout_s,
            cancel=self._cancel,
        ) as stream:
            for chunk in stream.chunks(self._cancel):
                frames.feed(chunk)
                if frames.truncated:
                    return


class _DiskGuard(threading.Thread):
    """Kills a container that writes too much to the engine's disk."""

    def __init__(self, wire: Wire, name: str, use: DiskUse) -> None:
        super().__init__(name="dockyard-disk", daemon=True)
        self._wire = wire
        self._name = name
        self._use = use
        self._over = threading.Event()
        self._blame = ""
        self._trouble: EngineError | None = None

    def __enter__(self) -> _DiskGuard:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join(_KILL_S)

    def blame(self) -> str:
        """What the program did, or nothing; raises EngineError when the disk runs out without its fault."""
        if self._trouble is not None:
            raise self._trouble
        return self._blame

    def run(self) -> None:
        """Look at the free space until the run is over."""
        while not self._over.wait(_DISK_S):
            if not self._use.is_suspicious():
                continue
            path = f"/containers/{self._name}"
            try:
                about = self._wire.call_object("GET", f"{path}/json", {"size": "1"}, operation="weigh a container")
                self._blame = self._use.blame("run", as_number(about.get("SizeRw")))
            except EngineRefused:
                continue
            except EngineError as error:
                self._trouble = error
            if self._blame or self._trouble is not None:
                with suppress(EngineError):
                    self._wire.call("POST", f"{path}/kill", operation="kill a container")
                return
