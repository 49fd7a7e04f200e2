"""Owns the services of the fake engine: programs that answer requests by a script; must never open a socket.

    engine.service("python app.py", FakeService(answer))    # answer(FakeCall) -> FakeHttp, or None: it hangs

Built in is busybox's `httpd -f -p [ADDRESS:]PORT -h FOLDER`, which serves files of the image, and `sleep S`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from graders.cancel import Cancel
from graders.engine.base import ImageInfo, Process
from graders.engine.service import (
    Health,
    HttpAnswer,
    HttpOutcome,
    Listener,
    ProcessorTime,
    ServiceLogs,
    ServiceRequest,
    ServiceState,
    StopResult,
)
from graders.errors import Cancelled

_LOOPBACK = ("127.", "::1")
_KILLED = 137


@dataclass(frozen=True, slots=True)
class FakeCall:
    """What a scripted service is asked."""

    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]
    age_s: float
    """Since the container started."""
    env: Mapping[str, str]
    files: Mapping[str, bytes]
    """Files of the image and the mounted ones, by absolute path."""


@dataclass(frozen=True, slots=True)
class FakeHttp:
    """What a scripted service answers."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    takes_s: float = 0.0


Answer = Callable[[FakeCall], FakeHttp | None]


@dataclass(frozen=True, slots=True)
class FakeService:
    """A scripted service."""

    answer: Answer
    address: str = "0.0.0.0"  # noqa: S104 - nothing is bound
    port: int = 8000
    opens_after_s: float = 0.0
    ends_after_s: float | None = None
    """None: it goes on."""
    exit_code: int = 0
    """When it ends by itself, or by the signal that it obeys."""
    obeys_signal: bool = True
    healthy: Callable[[float], bool] = lambda _age_s: True
    """What the image's HEALTHCHECK says at an age; asked only when the image has one."""
    stdout: bytes = b""
    stderr: bytes = b""
    uid: int | None = None
    oom_killed: bool = False
    peak_memory_bytes: int | None = 20 * 1024 * 1024
    processor: Callable[[float], ProcessorTime | None] = lambda _age_s: None
    """What it had of the processors at an age."""


def built_in(words: tuple[str, ...]) -> FakeService | None:
    """A service that needs no script."""
    if words[:1] == ("httpd",) and "-p" in words and "-h" in words:
        address, _, port = words[words.index("-p") + 1].rpartition(":")
        folder = words[words.index("-h") + 1].rstrip("/")

        def answer(call: FakeCall) -> FakeHttp:
            body = call.files.get(f"{folder}{call.path}")
            return FakeHttp(404) if body is None else FakeHttp(200, body)

        return FakeService(answer, address or "0.0.0.0", int(port), obeys_signal=False)  # noqa: S104
    if words[:1] == ("sleep",):
        return FakeService(lambda _call: None, port=0, ends_after_s=float(words[1]), obeys_signal=False)
    return None


class RunningFake:
    """A started container of the fake engine; see `Service`."""

    def __init__(
        self,
        request: ServiceRequest,
        cancel: Cancel,
        image: ImageInfo,
        script: FakeService | None,
        *,
        words: tuple[str, ...],
        uid: int,
        files: Mapping[str, bytes],
    ) -> None:
        self._request = request
        self._cancel = cancel
        self._image = image
        self._script = script
        self._words = words
        self._uid = uid
        self._files = {**files, **request.mounts}
        self._began = time.monotonic()
        self._ended: tuple[int, float] | None = None
        self._is_frozen = False
        self._lock = threading.Lock()

    def http(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 5.0,
    ) -> HttpAnswer:
        """Ask once; see `Service.http`."""
        self._cancel.raise_if_set()
        script, age_s = self._script, self._age_s()
        if script is None or self._end() is not None or age_s < script.opens_after_s:
            return HttpAnswer(HttpOutcome.REFUSED, 0.0, reason="Connection refused")
        if script.port != self._request.port or script.address.startswith(_LOOPBACK):
            return HttpAnswer(HttpOutcome.REFUSED, 0.0, reason="Connection refused")
        env = {**self._image.env, **self._request.env}
        found = script.answer(FakeCall(method, path, body, headers or {}, age_s, env, self._files))
        takes_s = timeout_s if found is None or self._is_frozen else min(found.takes_s, timeout_s)
        if self._cancel.wait(takes_s):
            raise Cancelled
        if found is None or self._is_frozen or found.takes_s > timeout_s:
            return HttpAnswer(HttpOutcome.TIMEOUT, takes_s, reason="no answer in time")
        names = {name.lower(): value for name, value in found.headers.items()}
        return HttpAnswer(HttpOutcome.ANSWERED, takes_s, found.status, names, found.body)

    def state(self) -> ServiceState:
        """Look at the container; see `Service.state`."""
        self._cancel.raise_if_set()
        script, end = self._script, self._end()
        if script is None:
            name = self._words[0] if self._words else ""
            error = f'exec: "{name}": executable file not found in $PATH'
            return ServiceState(running=False, start_error=error)
        health = Health.NONE
        if self._image.healthcheck is not None and self._image.healthcheck[:1] != ("NONE",):
            health = Health.HEALTHY if end is None and script.healthy(self._age_s()) else Health.UNHEALTHY
        opened = script.port and self._age_s() >= script.opens_after_s
        is_out_of_time = end is not None and end[1] >= self._request.wall_s
        return ServiceState(
            running=end is None,
            exit_code=end[0] if end else None,
            oom_killed=script.oom_killed and end is not None,
            health=health,
            health_exit_code=None if health is Health.NONE else int(health is Health.UNHEALTHY),
            processes=(Process(4242, self._uid, self._uid, " ".join(self._words)),) if end is None else (),
            peak_memory_bytes=script.peak_memory_bytes,
            listeners=None if end else ((Listener(script.address, script.port),) if opened else ()),
            stopped_by_us=f"it was up for {self._request.wall_s:.0f} s" if is_out_of_time else "",
        )

    def logs(self) -> ServiceLogs:
        """What it wrote; see `Service.logs`."""
        self._cancel.raise_if_set()
        if self._script is None:
            return ServiceLogs(b"", b"")
        limit = self._request.limits.output_kib * 1024
        out, err = self._script.stdout, self._script.stderr
        return ServiceLogs(out[:limit], err[:limit], truncated=max(len(out), len(err)) > limit)

    def processor_time(self) -> ProcessorTime | None:
        """What the script says; see `Service.processor_time`."""
        self._cancel.raise_if_set()
        return None if self._script is None or self._end() is not None else self._script.processor(self._age_s())

    def signal(self, name: str) -> None:
        """Send a signal; see `Service.signal`."""
        self._cancel.raise_if_set()
        word = name.removeprefix("SIG")
        if self._script is None or self._end() is not None:
            return
        if word in {"STOP", "CONT"}:
            self._is_frozen = word == "STOP"
        elif word == "KILL":
            self._set_end(_KILLED)
        elif self._script.obeys_signal and not self._is_frozen:
            self._set_end(self._script.exit_code)

    def stop(self, grace_s: float) -> StopResult:
        """Ask it to end; see `Service.stop`."""
        if self._script is None:
            return StopResult(None, 0.0, killed=False, was_running=False)
        end = self._end()
        if end is not None:
            return StopResult(end[0], 0.0, killed=False, was_running=False)
        self.signal("SIGTERM")
        killed = self._end() is None
        if killed:
            if self._cancel.wait(grace_s):
                raise Cancelled
            self.signal("SIGKILL")
        end = self._end() or (_KILLED, 0.0)
        return StopResult(end[0], grace_s if killed else 0.0, killed=killed)

    def _age_s(self) -> float:
        return time.monotonic() - self._began

    def _set_end(self, exit_code: int) -> None:
        with self._lock:
            self._ended = self._ended or (exit_code, self._age_s())

    def _end(self) -> tuple[int, float] | None:
        """Exit code and age at the end; None while it runs."""
        script, age_s = self._script, self._age_s()
        if self._ended is None and script is not None:
            if script.ends_after_s is not None and age_s >= script.ends_after_s:
                self._set_end(_KILLED if script.oom_killed else script.exit_code)
            elif age_s >= self._request.wall_s:
                self._set_end(_KILLED)
        return self._ended
