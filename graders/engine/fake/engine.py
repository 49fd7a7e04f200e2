"""Owns a container engine in memory for tests and demonstrations; must never touch a process, a socket or the disk.

It passes the same contract suite as the real adapter (tests/graders/engine), so what is tested on it holds there.

    engine = FakeEngine()                                  # knows "python:3.11-slim" and "busybox:1.35"
    engine.program("python predict.py", reply)             # what a command does: reply(FakeRun) -> FakeReply
    engine.fail_next("build", EngineUnavailable("gone"))   # scripted trouble: the next call of that name raises
    engine.service("python app.py", FakeService(answer))   # what a service does: see `graders.engine.fake.service`
    engine.die_in_step = 3                                 # the engine goes away in the middle of a build

Builds: a small interpreter of Dockerfiles (FROM with AS, COPY, ADD, RUN, WORKDIR, ENV, ARG, USER, CMD, ENTRYPOINT,
LABEL, EXPOSE; continuation lines; unknown words fail as in Docker). Steps are cached by content as BuildKit does:
a COPY by the bytes it copies, anything by what came before it. RUN understands `echo`, `true`, `false`, `exit N`,
`sleep S`, `:` and `&&`; a command that starts with a key of `engine.runs` does what that says; any other succeeds.
A RUN whose text holds "dockyard_probe_" data (an invalid requirement) is up to the test through `engine.runs`.
Runs: the words of entrypoint and command, joined by spaces, look up the longest matching `program`; built in are
`sleep S`, `echo`, `true`, `false`, `cat`, and `exit N` in a shell. The process is seen with the uid of USER (names
other than root get 1000).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace

from graders.cancel import Cancel
from graders.engine.base import (
    BuildEvent,
    BuildRequest,
    EngineInfo,
    ImageInfo,
    LayerInfo,
    Leftover,
    LogLines,
    NotAlone,
    Process,
    PullProgress,
    RunRequest,
    RunResult,
    StepChanged,
)
from graders.engine.fake.build import FakeBuild, FakeImage, digest_of, write_save
from graders.engine.fake.program import FakeReply, FakeRun, Program, reply_to_command, reply_to_run, scripted, uid_of
from graders.engine.fake.service import FakeService, RunningFake, built_in
from graders.engine.service import Service, ServiceRequest
from graders.errors import Cancelled, EngineError, GraderError, ImageUnavailable

KIB = 1024


@dataclass
class _State:
    """Everything on the engine."""

    images: dict[str, FakeImage] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    cache: set[str] = field(default_factory=set)
    programs: dict[str, Program] = field(default_factory=dict)
    services: dict[str, FakeService] = field(default_factory=dict)
    serving: dict[int, str] = field(default_factory=dict)
    """Containers that run now: a number and the run id."""
    failures: list[tuple[str, GraderError]] = field(default_factory=list)
    exported: dict[bytes, FakeImage] = field(default_factory=dict)


class FakeEngine:
    """An engine in memory. Attributes and methods beyond `Engine` script what happens."""

    def __init__(self, *, bases: tuple[str, ...] = ("python:3.11-slim", "busybox:1.35")) -> None:
        self._state = _State()
        self._lock = threading.Lock()
        self.calls: list[str] = []
        """Names of the engine methods that were called, in order."""
        self.runs: dict[str, FakeReply] = {}
        """What a RUN command does, by the start of its text; a reply's exit code, output and time count."""
        self.busy = False
        """Whether another build of our own is at work whenever one does not ask to be alone."""
        self.merged: tuple[str, ...] = ()
        """Starts of instructions whose steps are told to another build alone, unless a build of ours asks to be alone:
        a build of our own when `busy`, else a stranger's on the same engine."""
        self.registry: dict[str, bytes] = {}
        """Images that `pull` can fetch, with the bytes of their one file."""
        self.unavailable: set[str] = set()
        """Images that no registry gives. A pull of what stands nowhere is a hole in the script: see `pull`."""
        self.die_in_step: int | None = None
        """Number of the build step (1: FROM) in which the engine goes away."""
        for base in bases:
            self.add_base(base)

    def add_base(self, reference: str, size_bytes: int = 120_000_000, *, stand_in: bool = False) -> None:
        """Make a base image exist."""
        labels = {"dev.dockyard.stand-in": reference} if stand_in else {}
        marker = {"/etc/base": reference.encode()}
        layer = LayerInfo(digest_of("base", reference), size_bytes, "")
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
        image = FakeImage(
            ImageInfo("", size_bytes, env=env, labels=labels, command=("sh",), layers=(layer,), stand_in=stand_in),
            (marker,),
            "",
        )
        self._keep(image, reference)

    def program(self, start: str, reply: Program | FakeReply) -> None:
        """Script what a container does whose words, joined by spaces, start with `start`."""
        if isinstance(reply, FakeReply):
            fixed = reply
            self._state.programs[start] = lambda _run: fixed
        else:
            self._state.programs[start] = reply

    def service(self, start: str, script: FakeService) -> None:
        """Script the service whose words, joined by spaces, start with `start`."""
        self._state.services[start] = script

    def fail_next(self, call: str, error: GraderError) -> None:
        """Make the next call of that method raise."""
        self._state.failures.append((call, error))

    def lose_cache(self) -> None:
        """Forget every build step, as BuildKit does when its cache grows beyond its bound."""
        self._state.cache.clear()

    def info(self) -> EngineInfo:
        """Ask which engine this is."""
        self._called("info")
        return EngineInfo("fake", "1.0", "1.41", "memory", "buildkit", "fake://", cgroup_version="2", source="fake")

    def build(self, request: BuildRequest, cancel: Cancel) -> Iterator[BuildEvent]:
        """Build; the last item is a `BuildResult`."""
        self._called("build")
        cancel.raise_if_set()
        return self._build(request, cancel)

    def run(self, request: RunRequest, cancel: Cancel) -> RunResult:
        """Run to the end."""
        self._called("run")
        cancel.raise_if_set()
        image = self._find(request.image_id)
        if image is None:
            raise ImageUnavailable(request.image_id)
        info = image.info
        words = (*(info.entrypoint or ()), *(request.args or info.command or ()))
        began = time.monotonic()
        run = FakeRun(words, request.stdin or b"", image.files, info.user)
        reply = reply_to_run(run, self._state.programs, self.runs)
        if reply.start_error:
            return RunResult(reply.exit_code, b"", b"", 0.0, start_error=reply.start_error)
        timed_out = reply.takes_s > request.limits.run_s
        if cancel.wait(min(reply.takes_s, request.limits.run_s)):
            raise Cancelled
        limit = request.limits.output_kib * KIB
        uid = uid_of(info.user) if reply.uid is None else reply.uid
        lasts = request.stdin is not None or reply.takes_s > 0
        is_seen = lasts and (request.watched or not request.hardened)
        processes = (Process(4242, uid, uid, " ".join(words)),) if is_seen else ()
        return RunResult(
            exit_code=None if timed_out else reply.exit_code,
            stdout=reply.stdout[:limit],
            stderr=reply.stderr[:limit],
            elapsed_s=time.monotonic() - began,
            timed_out=timed_out,
            oom_killed=reply.oom_killed,
            truncated=len(reply.stdout) > limit or len(reply.stderr) > limit,
            processes=processes,
            looks=(processes,) if processes and not request.hardened else (),
        )

    def serve(self, request: ServiceRequest, cancel: Cancel) -> AbstractContextManager[Service]:
        """Start a scripted service."""
        self._called("serve")
        cancel.raise_if_set()
        return self._serve(request, cancel)

    def image(self, reference: str) -> ImageInfo | None:
        """Look up an image by id or tag."""
        self._called("image")
        found = self._find(reference)
        return found.info if found is not None else None

    def export(self, image_id: str, cancel: Cancel) -> AbstractContextManager[Iterator[bytes]]:
        """Stream the image as `docker save` writes it."""
        self._called("export")
        image = self._find(image_id)
        if image is None:
            raise ImageUnavailable(image_id)
        data = write_save(image)
        self._state.exported[data] = image
        return _exported(data, cancel)

    def pull(self, reference: str, cancel: Cancel) -> Iterator[PullProgress]:
        """Pull what is in `registry`; LookupError for what the script says nothing of.

        Were that unavailable, a base that a test forgot would have its stand-in built on this machine, for minutes.
        """
        self._called("pull")
        cancel.raise_if_set()
        data = self.registry.get(reference)
        if reference in self.unavailable:
            raise ImageUnavailable(reference, hint="Check the network, then try again.")
        if data is None:
            raise LookupError(f"The script has no {reference}: name it in bases, registry or unavailable")
        return self._pull(reference, data)

    def import_image(self, chunks: Iterator[bytes], tags: tuple[str, ...], changes: tuple[str, ...]) -> str:
        """Make an image from a tar; its files are not looked into."""
        self._called("import_image")
        data = b"".join(chunks)
        labels = dict(
            change.removeprefix("LABEL ").split("=", 1)
            for change in changes
            if change.startswith("LABEL ") and "=" in change
        )
        layer = LayerInfo(digest_of("import", data.hex()), len(data), "")
        info = ImageInfo("", len(data), labels=labels, layers=(layer,), stand_in="dev.dockyard.stand-in" in labels)
        return self._keep(FakeImage(info, ({"/import": data},), ""), *tags)

    def load_image(self, chunks: Iterator[bytes], cancel: Cancel) -> str:
        """Take what `export` streamed of an image that this engine has or had."""
        self._called("load_image")
        cancel.raise_if_set()
        data = b"".join(chunks)
        image = self._state.exported.get(data)
        if image is None:
            raise EngineError("The engine could not load an image: it is none that it ever gave away")
        return self._keep(image)

    def tag(self, image_id: str, reference: str) -> None:
        """Name an image."""
        self._called("tag")
        if self._find(image_id) is None:
            raise ImageUnavailable(image_id)
        self._state.tags[reference] = image_id

    def remove_image(self, reference: str) -> None:
        """Remove a name, or an image by its id."""
        self._called("remove_image")
        if self._state.tags.pop(reference, None) is None:
            self._state.images.pop(reference, None)

    def remove(self, run_id: str) -> None:
        """Remove all images of one run."""
        self._called("remove")
        with self._lock:
            for id_, image in list(self._state.images.items()):
                if image.run_id == run_id:
                    del self._state.images[id_]

    def leftovers(self, *, everybody: bool = False) -> tuple[Leftover, ...]:  # noqa: ARG002 - it has one machine
        """Every running service, and every image that carries our label."""
        self._called("leftovers")
        with self._lock:
            containers = [Leftover("container", str(id_), run_id) for id_, run_id in self._state.serving.items()]
            images = [Leftover("image", id_, image.run_id) for id_, image in self._state.images.items() if image.run_id]
            return (*containers, *images)

    def close(self) -> None:
        """Nothing is kept open."""
        self.calls.append("close")

    def _build(self, request: BuildRequest, cancel: Cancel) -> Iterator[BuildEvent]:
        bases = {tag: self._state.images[id_] for tag, id_ in self._state.tags.items() if id_ in self._state.images}
        bases |= self._state.images
        building = FakeBuild(
            request,
            cancel,
            bases=bases,
            cache=self._state.cache,
            command=lambda command: reply_to_command(command, self.runs),
            die_in_step=self.die_in_step,
        )
        if self.busy and not request.alone:
            yield NotAlone()
        yield from self._told(building, () if request.alone else self.merged)

    def _told(self, building: FakeBuild, merged: tuple[str, ...]) -> Iterator[BuildEvent]:
        """What a build tells: all but the steps whose instructions start with one of `merged`."""
        untold: set[str] = set()
        for event in building.events():
            if isinstance(event, StepChanged) and event.step.name.partition("] ")[2].startswith(merged):
                untold.add(event.step.id)
            elif not (isinstance(event, LogLines) and event.step_id in untold):
                yield event
        result = building.result(self._keep(building.image) if building.image is not None else "")
        yield replace(
            result,
            steps=tuple(step for step in result.steps if step.id not in untold),
            log=tuple(entry for entry in result.log if entry[0] not in untold),
        )

    @contextmanager
    def _serve(self, request: ServiceRequest, cancel: Cancel) -> Iterator[Service]:
        image = self._find(request.image_id)
        if image is None:
            raise ImageUnavailable(request.image_id)
        words = (*(image.info.entrypoint or ()), *(request.args or image.info.command or ()))
        text = " ".join(words)
        script = scripted(text, self._state.services) or built_in(words)
        uid = uid_of(image.info.user) if script is None or script.uid is None else script.uid
        service = RunningFake(request, cancel, image.info, script, words=words, uid=uid, files=image.files)
        with self._lock:
            self._state.serving[id(service)] = request.run_id
        try:
            yield service
        finally:
            with self._lock:
                del self._state.serving[id(service)]

    def _pull(self, reference: str, data: bytes) -> Iterator[PullProgress]:
        yield PullProgress("Downloading", len(data) // 2, len(data))
        self._state.tags.pop(reference, None)
        self.add_base(reference, len(data))
        yield PullProgress("Pull complete", len(data), len(data))

    def _find(self, reference: str) -> FakeImage | None:
        with self._lock:
            id_ = self._state.tags.get(reference, reference)
            return self._state.images.get(id_)

    def _keep(self, image: FakeImage, *tags: str) -> str:
        parts = [
            repr(replace(image.info, id="")),
            image.run_id,
            *(str(sorted(layer.items())) for layer in image.layers),
        ]
        id_ = digest_of(*parts)
        with self._lock:
            self._state.images[id_] = replace(image, info=replace(image.info, id=id_))
            for tag in tags:
                self._state.tags.setdefault(tag, id_)
        return id_

    def _called(self, name: str) -> None:
        self.calls.append(name)
        for at, (call, error) in enumerate(self._state.failures):
            if call == name:
                del self._state.failures[at]
                raise error


@contextmanager
def _exported(data: bytes, cancel: Cancel) -> Iterator[Iterator[bytes]]:
    def chunks() -> Iterator[bytes]:
        for at in range(0, len(data), 64 * KIB):
            cancel.raise_if_set()
            yield data[at : at + 64 * KIB]

    yield chunks()
