"""Owns one build on a Docker engine, from the request to its result; must never decide what a failure is worth.

BuildKit is spoken to over `POST /build?version=2` with the context as the body and no session; an engine without
it builds with the classic builder. A thread reads the answer, so that deadlines and a cancel never wait for it.
"""

from __future__ import annotations

import json
import queue
import threading
import time
import uuid
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from dataclasses import replace

from graders.cancel import Cancel
from graders.engine.base import (
    BUILD_STOPPED,
    LABEL,
    BuildEvent,
    BuildRequest,
    BuildResult,
    BuildStep,
    ContextFile,
    LogLines,
    Network,
    NotAlone,
)
from graders.engine.docker.build_log import BATCH_S, KeptLog
from graders.engine.docker.cache_mount import with_own_caches
from graders.engine.docker.classic import ClassicReader
from graders.engine.docker.context import pack
from graders.engine.docker.disk import DiskUse, EngineDisk
from graders.engine.docker.errors import (
    HINT_DISK,
    HINT_REGISTRY,
    EngineRefused,
    is_rate_limit,
    machine_trouble,
    registry_trouble,
    without_noise,
)
from graders.engine.docker.owner import OWNER, own_mark
from graders.engine.docker.refusal import refusal
from graders.engine.docker.secret_mount import without_secrets
from graders.engine.docker.steps import BuildKitReader, image_of_step
from graders.engine.docker.stream import Stream
from graders.engine.docker.wire import Json, LineSplitter, Query, Wire
from graders.engine.network_claim import claimed
from graders.engine.turn import building
from graders.errors import Cancelled, EngineError, EngineTimeout, EngineUnavailable, ImageUnavailable

_POLL_S = 0.1
"""Longest wait before a cancel is noticed, and before the engine's disk is looked at again."""
_LOOK_S = 0.03
"""Shortest pause between two looks at the disk."""
_PING_S = 5.0
_CONNECT_S = 20.0
_TURN_S = 1800.0
"""How long others' builds are waited for, at least."""
_TAIL = 40
_HINT_FETCH = (
    "Does the address answer? The engine asks no service of its own machine but registries that it is told of."
)
_CLIPPED = "[output clipped, log limit"
"""BuildKit's last words about a step that writes too much: it goes on, in silence. Seen on docker.io 20.10."""
_FLOOD_FACTOR = 16
"""A builder that does not clip logs by itself is stopped after this many times the kept log."""


def build(
    wire: Wire, request: BuildRequest, cancel: Cancel, *, builder: str, disk: EngineDisk, engine_id: str
) -> Generator[BuildEvent]:
    """Build and say what happens; the last item is the `BuildResult`. `builder` is "buildkit" or "classic".

    Builds with the same `engine_id` leave each other room, see `BuildRequest.alone`.
    """
    with (
        building(
            engine_id, cancel, alone=request.alone, at_most_s=max(_TURN_S, 3 * request.limits.build_s)
        ) as was_alone,
        claimed(wire.address, request.network, cancel) as granted,
        disk.watch(request.limits.build_disk_mib, request.limits.disk_headroom_mib) as use,
    ):
        request = replace(request, build_args={**granted.build_args, **request.build_args})
        told = False
        with closing(_watched(wire, request, cancel, builder, use)) as events:
            for event in events:
                if not told and not was_alone():
                    told = True
                    yield NotAlone()
                yield event


def _watched(wire: Wire, request: BuildRequest, cancel: Cancel, builder: str, use: DiskUse) -> Generator[BuildEvent]:
    files, ungiven, problem = _in_transit(request)
    problem = refusal(request) or problem
    if problem:
        yield _refused(problem)
        return
    body, syntax = pack(files, request.dockerfile)
    build_id = uuid.uuid4().hex
    run = _Build(wire, request, cancel, builder, use)
    feed = _Feed(wire, wire.url("/build", _query(request, builder, build_id)), body, cancel)
    finished = False
    try:
        feed.start()
        if syntax:
            run.log.add("", (f"dockyard: the line # syntax={syntax} is left out; the engine's own builder is used",))
        for line in ungiven:
            run.log.add("", (f"dockyard: line {line} runs without its secret, as in docker build without --secret",))
        yield from run.events(feed)
        yield run.result()
        finished = True
    finally:
        feed.close()
        if not finished and builder == "buildkit":
            with suppress(EngineError, Cancelled):
                wire.call("POST", "/build/cancel", {"id": build_id}, operation="stop a build", timeout_s=2.0)


def _in_transit(request: BuildRequest) -> tuple[tuple[ContextFile, ...], tuple[int, ...], str]:
    """The files as they are sent, the lines that lose a secret's mount, and what is wrong when they can't be sent."""
    files, problem = list(request.files), ""
    ungiven: tuple[int, ...] = ()
    for at, file in enumerate(files):
        if file.path == request.dockerfile and not file.link:
            data, problem = with_own_caches(file.data, request.cache_owner)
            data, ungiven = without_secrets(data)
            files[at] = replace(file, data=data)
    return tuple(files), ungiven, problem


def _refused(error: str) -> BuildResult:
    return BuildResult(image_id="", error=error, steps=(), log=(), elapsed_s=0.0)


def _query(request: BuildRequest, builder: str, build_id: str) -> Query:
    query = {
        "version": "2" if builder == "buildkit" else "1",
        "buildid": build_id,
        "dockerfile": request.dockerfile,
        "rm": "1",
        "forcerm": "1",
        "networkmode": "none" if request.network is Network.NONE else "default",
    }
    if request.label:
        query["labels"] = json.dumps({LABEL: request.run_id, OWNER: own_mark()})
    if request.build_args:
        query["buildargs"] = json.dumps(dict(request.build_args))
    if request.no_cache:
        query["nocache"] = "1"
    if builder == "classic":
        query["memory"] = query["memswap"] = str(max(request.limits.memory_mib, 2048) * 1024 * 1024)
    return query


class _Feed(threading.Thread):
    """Sends a build and hands over its answer, chunk by chunk, then the error that ended it, or None."""

    def __init__(self, wire: Wire, url: str, body: bytes, cancel: Cancel) -> None:
        super().__init__(name="dockyard-build", daemon=True)
        self._wire = wire
        self._url = url
        self._body = body
        self._closed = threading.Event()
        self._items: queue.Queue[bytes | Exception | None] = queue.Queue(maxsize=64)
        self._stream: Stream = wire.dial("start a build", _CONNECT_S, cancel)

    def run(self) -> None:
        """Send, then read to the end."""
        headers = {"Content-Type": "application/x-tar"}
        end: Exception | None = None
        try:
            self._stream.wait_at_most(24 * 3600)
            self._stream.send("POST", self._url, self._body, headers)
            self._wire.check(self._stream, "build")
            for chunk in self._stream.chunks():
                if not self._put(chunk):
                    return
        except EngineError as error:
            end = error
        except (OSError, ValueError, EOFError) as error:
            end = EngineUnavailable(f"The engine at {self._wire.address} went away while it built")
            end.__cause__ = error
        self._put(end)

    def get(self, timeout_s: float) -> bytes | Exception | None:
        """The next item; raises `queue.Empty`."""
        return self._items.get(timeout=max(timeout_s, 0.001))

    def stop(self) -> None:
        """Hang up: the engine ends the build, and nothing more comes from the reader."""
        self._closed.set()
        self._stream.hang_up()

    def close(self) -> None:
        """End the reader and its connection."""
        self.stop()
        if self.ident is not None:
            self.join(5.0)
        self._stream.close()

    def _put(self, item: bytes | Exception | None) -> bool:
        while not self._closed.is_set():
            with suppress(queue.Full):
                self._items.put(item, timeout=0.1)
                return True
        return False


class _Build:
    """What is known of a running build."""

    def __init__(self, wire: Wire, request: BuildRequest, cancel: Cancel, builder: str, use: DiskUse) -> None:
        self._wire = wire
        self._use = use
        self._request = request
        self._limits = request.limits
        self._cancel = cancel
        self._reader: BuildKitReader | ClassicReader = BuildKitReader() if builder == "buildkit" else ClassicReader()
        self._began = time.monotonic()
        self._image_id = ""
        self._error = ""
        self._timed_out = False
        self._stopped = False
        self._clipped = False
        self._look_at = 0.0
        """When the disk is looked at next."""
        self.log = KeptLog(self._limits.build_log_kib * 1024)

    def events(self, feed: _Feed) -> Iterator[BuildEvent]:
        """Steps and log lines until the engine has said everything or a deadline passed."""
        split = LineSplitter()
        heard = self._began
        while True:
            now = time.monotonic()
            if self._cancel.is_set:
                raise Cancelled
            if self.log.due(now):
                yield from self.log.tell(now)
            if self._over_a_limit(now) or self._overdue(now, heard):
                # Before anybody is told: what they do with it takes time, in which the build would go on.
                feed.stop()
                break
            try:
                item = feed.get(BATCH_S if self.log.waiting else self._look_at - now)
            except queue.Empty:
                continue
            if item is None:
                break
            if isinstance(item, Exception):
                self._ended_by(item)
                break
            heard = time.monotonic()
            for message in split.feed(item):
                yield from self._message(message)
        yield from self._flushed()

    def result(self) -> BuildResult:
        """The end of it; raises where the engine or a registry failed and not the submission."""
        self._cancel.raise_if_set()
        error = "" if self._image_id else self._error
        steps = self._reader.steps()
        if not self._image_id and not error:
            raise EngineUnavailable(f"The engine at {self._wire.address} went away in the middle of a build")
        if error and not self._timed_out and not self._stopped:
            self._raise_if_not_the_learners(error, steps)
            self._raise_if_disk_was_full()
        return BuildResult(
            image_id=self._image_id,
            error=without_noise(error),
            steps=steps,
            log=tuple(self.log.kept),
            elapsed_s=time.monotonic() - self._began,
            timed_out=self._timed_out,
            truncated=self.log.truncated,
        )

    def _message(self, message: Json) -> Iterator[BuildEvent]:
        aux = message.get("aux")
        if isinstance(aux, dict) and isinstance(aux.get("ID"), str):
            self._image_id = str(aux["ID"])
        error = message.get("error")
        if isinstance(error, str) and error:
            self._error = self._error or error
        for said in self._reader.read(message):
            if isinstance(said, LogLines):
                self._clipped = self._clipped or any(_CLIPPED in line for line in said.lines[-2:])
                self.log.add(said.step_id, said.lines)
            else:
                self._clipped = False
                yield from self.log.tell(time.monotonic())
                yield said

    def _flushed(self) -> Iterator[BuildEvent]:
        for said in self._reader.finish(failed=bool(self._error) or self._timed_out):
            if isinstance(said, LogLines):
                self.log.add(said.step_id, said.lines)
            else:
                yield said
        yield from self.log.tell(time.monotonic())

    def _over_a_limit(self, now: float) -> bool:
        """Whether the build wrote too much; raises where the disk fills and the build is not the cause."""
        limits = self._limits
        looks = now >= self._look_at
        if self.log.seen_bytes > limits.build_log_kib * 1024 * _FLOOD_FACTOR:
            self._error = f"The build wrote more than {limits.build_log_kib * _FLOOD_FACTOR // 1024} MiB of output"
        elif looks and self._use.is_suspicious() and (blame := self._use.blame("build")):
            self._error = f"{BUILD_STOPPED}: it {blame}"
        else:
            if looks:
                self._look_at = now + max(_LOOK_S, min(self._use.calm_s, _POLL_S))
            return False
        self._stopped = True
        return True

    def _overdue(self, now: float, heard: float) -> bool:
        limits = self._limits
        if now - self._began > limits.build_s:
            self._error = f"{BUILD_STOPPED} after {limits.build_s:g} seconds, the limit for one build"
        elif now - heard > limits.build_idle_s and not self._clipped:
            self._error = f"{BUILD_STOPPED} after {limits.build_idle_s:g} seconds without a sign of life"
        else:
            return False
        self._check_engine(now - self._began)
        self._timed_out = True
        return True

    def _check_engine(self, elapsed_s: float) -> None:
        """At a deadline: raise when it is the engine or a registry that keeps us waiting."""
        tail = "\n".join(line for _, line in list(self.log.kept)[-20:])
        try:
            self._wire.ping(_PING_S, self._cancel)
        except EngineError as error:
            limit_s = self._limits.build_s
            raise EngineTimeout(
                f"The engine at {self._wire.address} stopped answering in the middle of a build",
                limit_s=limit_s,
                elapsed_s=elapsed_s,
                tail=tail,
                hint=error.hint,
            ) from error
        running = self._reader.running()
        bases = [image_of_step(step.name) for step in running]
        if not running and not self._reader.steps():
            raise EngineTimeout(
                "The engine did not begin the build", limit_s=self._limits.build_s, elapsed_s=elapsed_s, tail=tail
            )
        if bases and all(bases):
            raise ImageUnavailable(bases[0], hint=HINT_REGISTRY)

    def _raise_if_disk_was_full(self) -> None:
        """A command that found no space is not to blame when the disk had less than a build may use."""
        tail = "\n".join(line for _, line in list(self.log.kept)[-_TAIL:]).lower()
        if "no space left on device" in tail and not self._use.had_room:
            raise EngineError("The engine's disk was full during the build", hint=HINT_DISK)

    def _ended_by(self, error: Exception) -> None:
        if isinstance(error, EngineRefused) and not self._error:
            if error.status >= 500 and not _reads_like_a_dockerfile_fault(error.reason):
                self._raise_if_not_the_learners(error.reason, ())
                raise error
            self._error = error.reason
        elif not self._image_id and not self._error:
            self._cancel.raise_if_set()
            raise error

    def _raise_if_not_the_learners(self, error: str, steps: tuple[BuildStep, ...]) -> None:
        if registry_trouble(error):
            fetched = next((step.name for step in steps if step.error and not image_of_step(step.name)), "")
            if fetched:
                raise EngineError(f"The engine could not fetch what this names: {fetched}", hint=_HINT_FETCH)
            names = [image_of_step(step.name) for step in steps if step.error]
            names += [image_of_step(step.name) for step in steps]
            reference = next((name for name in names if name), "that FROM names")
            hint = (
                "The registry says that we asked too often; try again later." if is_rate_limit(error) else HINT_REGISTRY
            )
            raise ImageUnavailable(reference, hint=hint) from EngineError(without_noise(error))
        if machine_trouble(error):
            full = "no space left" in error.lower()
            raise EngineError(f"The engine could not build: {without_noise(error)}", hint=HINT_DISK if full else "")


def _reads_like_a_dockerfile_fault(reason: str) -> bool:
    low = reason.lower()
    return any(text in low for text in ("dockerfile", "unknown instruction", "parse error"))
