"""Owns a container that keeps running on a Docker engine, from create to remove; must never judge its answers.

It is asked at its own address on a network of its own, as another container would: what listens on the loopback
device only is silent there.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress

from graders.cancel import Cancel
from graders.engine import http_probe
from graders.engine.docker.container import (
    KILL_S,
    container_config,
    ends_within,
    host_config,
    inspect,
    processes,
    read_output,
    remove_container,
)
from graders.engine.docker.disk import EngineDisk
from graders.engine.docker.disk_guard import DiskGuard
from graders.engine.docker.errors import EngineRefused
from graders.engine.docker.mount import make_binds, remove_volume
from graders.engine.docker.service_network import NO_NAME_SERVER, make_network, remove_network
from graders.engine.docker.start_fault import start_fault
from graders.engine.docker.wire import Json, Wire, as_list, as_number, as_object, as_text
from graders.engine.process_evidence import listeners, peak_memory_bytes, processor_time
from graders.engine.service import (
    Health,
    HttpAnswer,
    HttpOutcome,
    ProcessorTime,
    ServiceLogs,
    ServiceRequest,
    ServiceState,
    StopResult,
)
from graders.errors import EngineError, EngineTimeout, EngineUnavailable
from graders.safe_text import clean

_CREATE_S = 15.0
_HEALTH_OUTPUT = 500
"""Characters that are kept of what a health probe printed."""
_NANOSECONDS = 1_000_000_000
_HEALTH = {str(health): health for health in Health}


@contextmanager
def serve(
    wire: Wire, request: ServiceRequest, cancel: Cancel, *, cpus: int, disk: EngineDisk
) -> Iterator[DockerService]:
    """Create, start, hand out, remove. `cpus`: how many the engine has."""
    name = f"dockyard-{uuid.uuid4().hex[:16]}"
    limits = request.limits
    with ExitStack() as last:
        cancel.raise_if_set()
        use = last.enter_context(disk.watch(limits.run_disk_mib, limits.disk_headroom_mib, weighs_layers=False))
        last.callback(remove_network, wire, name)
        network = make_network(wire, name, request.run_id)
        if not network.is_reachable:
            raise EngineUnavailable(
                "This machine has no way to the engine's containers: it runs without root, elsewhere, or in a machine"
                " of its own",
                hint="Use an engine of this machine: sudo dockyard engine up",
            )
        if request.mounts:
            last.callback(remove_volume, wire, name)
        created = threading.Event()
        last.callback(lambda: remove_container(wire, name, patient=not created.is_set()))
        start_error = ""
        guard: DiskGuard | None = None
        try:
            binds: list[str] = []
            if request.mounts:
                binds = make_binds(wire, name, request.image_id, request.run_id, request.mounts)
            cancel.raise_if_set()
            config = _config(wire, request, cpus, name, binds)
            wire.call(
                "POST",
                "/containers/create",
                {"name": name},
                config,
                operation="create a container",
                timeout_s=_CREATE_S,
            )
            created.set()
            guard = DiskGuard(wire, name, use)
            wire.call("POST", f"/containers/{name}/start", operation="start a container", cancel=cancel)
        except EngineRefused as error:
            start_error = start_fault(wire, request.image_id, error)
            if not start_error:
                raise
        blame: Callable[[], str] = str
        if guard is not None:
            blame = last.enter_context(guard).blame
        service = DockerService(wire, request, cancel, name, start_error=start_error, blame=blame)
        last.callback(service.close)
        yield service


def _config(wire: Wire, request: ServiceRequest, cpus: int, network: str, binds: list[str]) -> Json:
    host = host_config(request.limits, cpus, request.tmpfs, read_only=request.read_only)
    host |= {"NetworkMode": network, "Dns": [NO_NAME_SERVER], "Binds": binds, "CapAdd": list(request.capabilities)}
    if not request.no_new_privileges:
        host["SecurityOpt"] = []
    config = container_config(request.image_id, request.run_id, request.args, request.env)
    config["HostConfig"] = host
    about = as_object(wire.call("GET", f"/images/{request.image_id}/json", operation="look up an image"))
    probe = as_object(as_object(about.get("Config")).get("Healthcheck"))
    if request.health_interval_s and as_list(probe.get("Test"))[:1] not in ([], ["NONE"]):
        # The engine fills in all that is not set here from the image.
        interval = int(request.health_interval_s * _NANOSECONDS)
        own = as_number(probe.get("Interval"))
        health: Json = {"Interval": min(interval, own) if own else interval}
        if request.health_timeout_s:
            health |= {"Timeout": int(request.health_timeout_s * _NANOSECONDS), "Retries": 1}
        config["Healthcheck"] = health
    return config


class DockerService:
    """A started container; see `Service`."""

    def __init__(
        self,
        wire: Wire,
        request: ServiceRequest,
        cancel: Cancel,
        name: str,
        *,
        start_error: str,
        blame: Callable[[], str],
    ) -> None:
        self._wire = wire
        self._request = request
        self._cancel = cancel
        self._name = name
        self._start_error = start_error
        self._blame = blame
        self._lock = threading.Lock()
        self._address = ""
        self._first = (0, "")
        self._peak: int | None = None
        self._is_over = False
        self._timer = threading.Timer(request.wall_s, self._end_of_time)
        self._timer.daemon = True
        if not start_error:
            self._timer.start()

    def close(self) -> None:
        """Let the clock go; the container is removed by whoever made it."""
        self._timer.cancel()

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
        address = self._find_address()
        if not address:
            return HttpAnswer(HttpOutcome.REFUSED, 0.0, reason="the container does not run")
        return http_probe.ask(
            (address, self._request.port),
            method,
            path,
            body=body,
            headers=headers,
            timeout_s=timeout_s,
            cancel=self._cancel,
        )

    def state(self) -> ServiceState:
        """Look at the container; see `Service.state`."""
        if self._start_error:
            return ServiceState(running=False, start_error=self._start_error)
        about = inspect(self._wire, self._name, self._cancel)
        state = as_object(about.get("State"))
        running = state.get("Running") is True
        pid, id_ = as_number(state.get("Pid")), as_text(about.get("Id"))
        health = as_object(state.get("Health"))
        word = as_text(health.get("Status"))
        probes = as_list(health.get("Log"))
        last = as_object(probes[-1]) if probes else {}
        self._note_peak(pid, id_)
        seen = processes(self._wire, self._name, self._cancel) if running else ()
        blame = self._blame()
        return ServiceState(
            running=running,
            exit_code=None if running else as_number(state.get("ExitCode")),
            oom_killed=state.get("OOMKilled") is True,
            health=_HEALTH.get(word, Health.NONE),
            health_output=clean(as_text(last.get("Output")), max_len=_HEALTH_OUTPUT),
            health_exit_code=as_number(last.get("ExitCode")) if last else None,
            processes=seen or (),
            peak_memory_bytes=self._peak,
            listeners=listeners(pid, id_) if running else None,
            stopped_by_us=self._why_stopped(blame),
        )

    def logs(self) -> ServiceLogs:
        """What it wrote so far; see `Service.logs`."""
        if self._start_error:
            return ServiceLogs(b"", b"")
        limit = self._request.limits.output_kib * 1024
        return ServiceLogs(*read_output(self._wire, self._name, limit, self._cancel))

    def processor_time(self) -> ProcessorTime | None:
        """What it had of the processors; see `Service.processor_time`."""
        self._cancel.raise_if_set()
        return processor_time(*self._first) if self._find_address() else None

    def signal(self, name: str) -> None:
        """Send a signal; see `Service.signal`."""
        if self._start_error:
            return
        try:
            self._wire.call(
                "POST",
                f"/containers/{self._name}/kill",
                {"signal": name},
                operation="send a signal to a container",
                cancel=self._cancel,
            )
        except EngineRefused as error:
            if error.status != 409:  # it has ended
                raise

    def stop(self, grace_s: float) -> StopResult:
        """Ask it to end; see `Service.stop`."""
        if self._start_error:
            return StopResult(None, 0.0, killed=False, was_running=False)
        about = inspect(self._wire, self._name, self._cancel)
        state = as_object(about.get("State"))
        name = as_text(as_object(about.get("Config")).get("StopSignal")) or "SIGTERM"
        if state.get("Running") is not True:
            return StopResult(as_number(state.get("ExitCode")), 0.0, killed=False, signal=name, was_running=False)
        self._note_peak(as_number(state.get("Pid")), as_text(about.get("Id")))
        began = time.monotonic()
        self.signal(name)
        killed = not ends_within(self._wire, self._name, grace_s, self._cancel)
        if killed:
            self.signal("SIGKILL")
            if not ends_within(self._wire, self._name, KILL_S, self._cancel):
                raise EngineTimeout(
                    "The engine could not kill a container", limit_s=KILL_S, elapsed_s=time.monotonic() - began
                )
        elapsed_s = time.monotonic() - began
        ended = as_object(inspect(self._wire, self._name, self._cancel).get("State"))
        return StopResult(as_number(ended.get("ExitCode")), elapsed_s, killed=killed, signal=name)

    def _find_address(self) -> str:
        """The container's address on its network, whose first process is then known; empty when it does not run."""
        with self._lock:
            if not self._address and not self._start_error:
                about = inspect(self._wire, self._name, self._cancel)
                networks = as_object(as_object(about.get("NetworkSettings")).get("Networks"))
                self._address = as_text(as_object(networks.get(self._name)).get("IPAddress"))
                self._first = (as_number(as_object(about.get("State")).get("Pid")), as_text(about.get("Id")))
            return self._address

    def _note_peak(self, pid: int, id_: str) -> None:
        peak = peak_memory_bytes(pid, id_) if pid else None
        if peak is not None:
            self._peak = max(self._peak or 0, peak)

    def _why_stopped(self, blame: str) -> str:
        if blame:
            return f"it {blame}"
        return f"it was up for {self._request.wall_s:.0f} s, the longest that is allowed" if self._is_over else ""

    def _end_of_time(self) -> None:
        self._is_over = True
        with suppress(EngineError):
            self._wire.call("POST", f"/containers/{self._name}/kill", operation="kill a container")
