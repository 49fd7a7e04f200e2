"""Owns the words in which the rest of Dockyard talks to an engine; must never import an engine's library.

Every call takes a deadline from its request's limits and says what happened as values. A learner's broken
Dockerfile or crashing program is a result, never an exception; what the engine itself fails to do raises an
`EngineError`. Text from a submission arrives here raw, except log lines, which are cleaned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from graders.cancel import Cancel
from graders.context_file import ContextFile as ContextFile  # noqa: PLC0414  a word of requests, so it is had here too
from graders.limits import Limits

if TYPE_CHECKING:
    from graders.engine.service import Service, ServiceRequest

LABEL = "dev.dockyard.run"
"""The one label on everything that we create; its value is the run id."""
BUILD_STOPPED = "The build was stopped"
"""How the error of a build begins that was ended for its time or for what it wrote to the disk."""


class Network(StrEnum):
    """What a build or a run can reach."""

    NONE = "none"
    BRIDGE = "bridge"
    INDEX = "index"
    """Builds only: the package index, through a proxy; everything on an engine whose network nobody keeps."""


class StepStatus(StrEnum):
    """Where a build step stands."""

    RUNNING = "running"
    CACHED = "cached"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """Which engine answers."""

    name: str
    """"docker", "podman" or "fake"."""
    version: str
    api_version: str
    storage: str
    """Storage driver: "overlay2", "overlayfs", "vfs"."""
    builder: str
    """"buildkit" or "classic"."""
    socket: str
    """Address that we reach it by: "unix:///run/docker.sock"."""
    private: bool = False
    """Whether it is a daemon that we started."""
    rootless: bool = False
    cgroup_version: str = ""
    keeps_index: bool = False
    """Whether a build with `Network.INDEX` reaches nothing but the package index."""
    source: str = ""
    """How it was found: "DOCKER_HOST", "docker context NAME", "usual socket", "private engine"."""
    data_root: str = ""
    """Folder of its data, on its own machine; empty: not told."""
    ignored_limits: tuple[str, ...] = ()
    """Of "memory" and "processes": what it says itself that it can't hold a run to. It refuses to run then."""


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """One build. `files` is what the engine gets: the .dockerignore has been applied already."""

    files: tuple[ContextFile, ...]
    run_id: str
    limits: Limits
    dockerfile: str = "Dockerfile"
    """Path of the Dockerfile in `files`."""
    network: Network = Network.BRIDGE
    build_args: Mapping[str, str] = field(default_factory=dict)
    no_cache: bool = False
    cache_owner: str = ""
    """Whose cache mounts it uses: nobody else's build sees them. Empty: the engine's, shared by all."""
    label: bool = True
    """Whether the image carries our label (all but the course's own base images)."""
    alone: bool = False
    """Whether no other build of ours may be at work on the engine meanwhile: what is cached then tells the truth."""


@dataclass(frozen=True, slots=True)
class BuildStep:
    """One step of a build as the engine traced it."""

    id: str
    """The engine's digest of the step; equal in two builds when the step is the same."""
    name: str
    """The engine's name, cleaned: "[builder 2/5] RUN pip install ..." or "[internal] load build context"."""
    status: StepStatus
    elapsed_s: float = 0.0
    error: str = ""
    line: int | None = None
    """Filled in by the pipeline, which knows the Dockerfile."""
    joined: bool = False
    """Whether it was run for another build that is still at work: some engines then run again all that follows it."""


@dataclass(frozen=True, slots=True)
class StepChanged:
    """A step started, came from the cache, finished or failed."""

    step: BuildStep


@dataclass(frozen=True, slots=True)
class LogLines:
    """Lines of a step's output, cleaned, a batch at a time (at most every 50 ms)."""

    step_id: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotAlone:
    """Another build of ours is at work on the engine, or was since this one began: it may run again what is cached."""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """How a build ended. Exactly one of `image_id` and `error` is set."""

    image_id: str
    """"sha256:..." or empty."""
    error: str
    """The engine's message about the submission, cleaned; empty when an image was made."""
    steps: tuple[BuildStep, ...]
    """In the order in which the engine first named them."""
    log: tuple[tuple[str, str], ...]
    """(step id, line) of the last lines, within `limits.build_log_kib`."""
    elapsed_s: float
    timed_out: bool = False
    """A time limit of the submission was reached: the learner's build is too slow or hangs."""
    truncated: bool = False
    alone: bool = True
    """Filled in by the pipeline: whether there was no `NotAlone`."""

    @property
    def ok(self) -> bool:
        """Whether an image was made."""
        return bool(self.image_id)


BuildEvent = StepChanged | LogLines | NotAlone | BuildResult


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """One entry of an image's history, oldest first."""

    diff_id: str
    """Digest of the unpacked layer; empty when the entry added no layer."""
    size_bytes: int
    created_by: str


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What the engine says about an image. `command` and `entrypoint` None: not set."""

    id: str
    size_bytes: int
    user: str = ""
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    """Without our own label."""
    working_dir: str = ""
    exposed_ports: tuple[str, ...] = ()
    healthcheck: tuple[str, ...] | None = None
    layers: tuple[LayerInfo, ...] = ()
    stand_in: bool = False
    """Whether it is an offline stand-in that we built from Debian packages."""
    about: str = field(default="", repr=False)
    """All that the engine says of it and its history, as JSON: only to look for a text in. Empty: not told."""

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """Digests of the layers that hold files, oldest first."""
        return tuple(layer.diff_id for layer in self.layers if layer.diff_id)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One run of an image, without a network, with no capabilities, within the limits."""

    image_id: str
    run_id: str
    limits: Limits
    args: tuple[str, ...] = ()
    """Put after the image's name: replaces CMD."""
    stdin: bytes | None = None
    """None: standard input is closed. Else it is written, and then closed."""
    env: Mapping[str, str] = field(default_factory=dict)
    read_only: bool = False
    tmpfs: tuple[str, ...] = ()
    network: Network = Network.NONE
    watched: bool = True
    """Its processes are looked at before standard input is written, and before it is closed: a process of root then
    has a second to give its rights away. False: nobody asks who runs, so nothing waits for it."""
    hardened: bool = True
    """Without capabilities and without a way to gain any. False: with what a plain `docker run` gives, watched to its
    end whatever `watched` says, and standard input is held open for a second so that there is something to watch."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process of a container, seen from outside. Never trust user names; these are numbers."""

    pid: int
    uid: int
    """Effective."""
    real_uid: int
    args: str

    @property
    def is_root(self) -> bool:
        """Whether it is root now, or was started by root."""
        return 0 in {self.uid, self.real_uid}


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended. `exit_code` None: it was killed at the time limit."""

    exit_code: int | None
    stdout: bytes
    stderr: bytes
    elapsed_s: float
    timed_out: bool = False
    oom_killed: bool = False
    truncated: bool = False
    start_error: str = ""
    """The engine's message when the program could not be started at all (no such file, not executable)."""
    processes: tuple[Process, ...] = ()
    """Every process in the last look before standard input was closed; empty when none was seen in time, or nobody
    looked."""
    looks: tuple[tuple[Process, ...], ...] = ()
    """Of a run that was not hardened: each look that differed from the one before, to the end."""

    def tail(self, lines: int) -> list[str]:
        """The last lines that it wrote, of standard error if it wrote any."""
        return last_lines(self.stdout, self.stderr, lines)


def last_lines(stdout: bytes, stderr: bytes, lines: int) -> list[str]:
    """The last lines of what a program wrote, of standard error if there are any; not cleaned."""
    return (stderr.strip() or stdout).decode("utf-8", errors="replace").splitlines()[-lines:]


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something on the engine that carries our label."""

    kind: str
    """"container", "image", "network" or "volume"."""
    id: str
    run_id: str


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far a pull is. `total_bytes` 0: not known yet."""

    text: str
    current_bytes: int
    total_bytes: int


class Engine(Protocol):
    """A container engine, real or fake. Both pass the same contract suite (tests/graders/engine)."""

    def info(self) -> EngineInfo:
        """Ask which engine this is."""
        ...

    def build(self, request: BuildRequest, cancel: Cancel) -> Iterator[BuildEvent]:
        """Build; the last item is a `BuildResult`. Raises `Cancelled` within 0.5 s of `cancel.set()`."""
        ...

    def run(self, request: RunRequest, cancel: Cancel) -> RunResult:
        """Run to the end and remove the container whatever happens. Raises `Cancelled`."""
        ...

    def serve(self, request: ServiceRequest, cancel: Cancel) -> AbstractContextManager[Service]:
        """Start a container that goes on while the block runs; it, its network and its mounts are removed after.

        A program that can't be started is a value (`ServiceState.start_error`). Raises EngineError and `Cancelled`.
        """
        ...

    def image(self, reference: str) -> ImageInfo | None:
        """Look up a local image by id or tag; None when it is not there. Never pulls."""
        ...

    def export(self, image_id: str, cancel: Cancel) -> AbstractContextManager[Iterator[bytes]]:
        """Stream the image as `docker save` writes it, in chunks."""
        ...

    def pull(self, reference: str, cancel: Cancel) -> Iterator[PullProgress]:
        """Pull an image; raises `ImageUnavailable` when no registry gives it within the deadline."""
        ...

    def import_image(self, chunks: Iterator[bytes], tags: tuple[str, ...], changes: tuple[str, ...]) -> str:
        """Make an image from a root file system tar, tag it where a tag is free, return its id."""
        ...

    def load_image(self, chunks: Iterator[bytes], cancel: Cancel) -> str:
        """Take one image as `export` streams it; its id. It gets no name unless the stream holds one."""
        ...

    def tag(self, image_id: str, reference: str) -> None:
        """Name an image, also where the name stood for another one."""
        ...

    def remove_image(self, reference: str) -> None:
        """Remove a name (an engine may drop an image with its last one), or an image; what is in use stays."""
        ...

    def remove(self, run_id: str) -> None:
        """Remove everything that carries our label with this run id. Never raises for what is gone."""
        ...

    def leftovers(self, *, everybody: bool = False) -> tuple[Leftover, ...]:
        """Everything that carries our label, of any run; not what another living process is using right now.

        What another machine made on this engine counts after a day; with `everybody` at once, for it may be at work.
        """
        ...

    def close(self) -> None:
        """Let the connection go."""
        ...
