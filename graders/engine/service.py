"""Owns the words for a container that keeps running and answers over HTTP; must never import an engine's library.

A service that refuses, hangs, floods or talks nonsense is a value here. What the engine fails to do raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from graders.engine.base import Process, last_lines
from graders.limits import Limits


class HttpOutcome(StrEnum):
    """How a request ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """Nothing accepts connections at that port of the container's address."""
    TIMEOUT = "timeout"
    """The answer was not complete in time."""
    BROKEN = "broken"
    """The connection ended early, or what came is no HTTP."""


class Health(StrEnum):
    """What the engine says of the image's own HEALTHCHECK."""

    NONE = "none"
    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back for one request. `status`, `headers` and `body` count only when ANSWERED."""

    outcome: HttpOutcome
    elapsed_s: float
    """From the start of connecting to the end of the answer."""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case; of a repeated header the last value."""
    body: bytes = b""
    truncated: bool = False
    """The body was longer than is read."""
    reason: str = ""
    """What happened instead of an answer, cleaned."""

    @property
    def is_success(self) -> bool:
        """Whether it was answered with a status from 200 to 299."""
        return self.outcome is HttpOutcome.ANSWERED and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Listener:
    """A TCP port on which the container's processes accept connections."""

    address: str
    """"127.0.0.1", "0.0.0.0", "::" ..."""
    port: int


@dataclass(frozen=True, slots=True)
class ProcessorTime:
    """What became of a container's wish for a processor, in seconds since it was made."""

    waited_s: float
    """At least one of its processes could have run and had no processor, for whatever reason."""
    used_s: float
    """All its processes together ran so long."""
    held_back_s: float = 0.0
    """Of `waited_s`, at least so long by its own limit."""


@dataclass(frozen=True, slots=True)
class ServiceState:
    """The container seen from outside, now."""

    running: bool
    exit_code: int | None = None
    """None while it runs, and when it never started."""
    oom_killed: bool = False
    health: Health = Health.NONE
    health_output: str = ""
    """What the last health probe printed, cleaned; empty when none ran."""
    health_exit_code: int | None = None
    """Exit code of the last health probe; None when none ran."""
    processes: tuple[Process, ...] = ()
    """Empty when it does not run."""
    peak_memory_bytes: int | None = None
    """The most memory that the container held so far, file pages included; None where it can't be read."""
    listeners: tuple[Listener, ...] | None = None
    """None where they can't be read; else of all addresses, loopback included."""
    start_error: str = ""
    """The engine's message when the program could not be started at all."""
    stopped_by_us: str = ""
    """Why we ended it: its time or its disk space was used up. Empty: we did not."""


@dataclass(frozen=True, slots=True)
class ServiceLogs:
    """What the service wrote, each stream up to the limit."""

    stdout: bytes
    stderr: bytes
    truncated: bool = False

    def tail(self, lines: int) -> list[str]:
        """As of a `RunResult`."""
        return last_lines(self.stdout, self.stderr, lines)


@dataclass(frozen=True, slots=True)
class StopResult:
    """How the service ended when it was asked to."""

    exit_code: int | None
    """None: it never started."""
    elapsed_s: float
    """From the signal to the end."""
    killed: bool
    """It did not end within the grace time, so it got SIGKILL."""
    signal: str = "SIGTERM"
    """What it was asked with: the image's STOPSIGNAL, or SIGTERM."""
    was_running: bool = True
    """False: it had ended by itself before it was asked."""


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """One container on an internal network of its own: no way out, no host port, within the limits."""

    image_id: str
    run_id: str
    limits: Limits
    port: int
    args: tuple[str, ...] = ()
    """Put after the image's name: replaces CMD."""
    env: Mapping[str, str] = field(default_factory=dict)
    read_only: bool = False
    tmpfs: tuple[str, ...] = ()
    mounts: Mapping[str, bytes] = field(default_factory=dict)
    """Path in the container -> content of a file that is mounted there, read-only, before it starts."""
    capabilities: tuple[str, ...] = ()
    """Given back, without "CAP_": "SETUID". All others are dropped."""
    no_new_privileges: bool = True
    health_interval_s: float = 1.0
    """Pause between two probes of the image's HEALTHCHECK, in place of its own; 0: as the image says."""
    health_timeout_s: float = 0.0
    """Above 0: a probe that takes longer has failed, and one failure makes it unhealthy; 0: as the image says."""
    wall_s: float = 300.0
    """How long it may run at all; then it is killed and `ServiceState.stopped_by_us` says so."""


class Service(Protocol):
    """A started container. Safe to use from several threads; every call raises `Cancelled` within 0.5 s."""

    def http(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 5.0,
    ) -> HttpAnswer:
        """Ask once, over a connection of its own, as another container would; redirects are not followed."""
        ...

    def state(self) -> ServiceState:
        """Look at the container now. Raises EngineError."""
        ...

    def logs(self) -> ServiceLogs:
        """What it wrote so far, also after it ended. Raises EngineError."""
        ...

    def processor_time(self) -> ProcessorTime | None:
        """What it had of this machine's processors so far; None where that can't be told. Raises EngineError."""
        ...

    def signal(self, name: str) -> None:
        """Send a signal ("STOP", "CONT", "HUP") to the container's first process; one that has ended gets none."""
        ...

    def stop(self, grace_s: float) -> StopResult:
        """Ask it to end with its stop signal, wait, kill it after `grace_s`. State and logs can still be read."""
        ...
