"""Owns the adapter between our engine words and a Docker engine's API; must never decide a grade.

The parts: `wire` (HTTP), `build` and its readers, `run`, `service`, `store`, `errors` (the border of errors).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager

from graders.cancel import Cancel
from graders.engine.base import (
    LABEL,
    BuildEvent,
    BuildRequest,
    BuildResult,
    EngineInfo,
    ImageInfo,
    Leftover,
    PullProgress,
    RunRequest,
    RunResult,
)
from graders.engine.docker import build as docker_build
from graders.engine.docker import run as docker_run
from graders.engine.docker import service as docker_service
from graders.engine.docker import store as docker_store
from graders.engine.docker.disk import EngineDisk
from graders.engine.docker.errors import HINT_REGISTRY, EngineRefused, is_rate_limit
from graders.engine.docker.image import STAND_IN, read_image
from graders.engine.docker.made import Made
from graders.engine.docker.owner import OWNER, is_left_over
from graders.engine.docker.wire import (
    Json,
    Query,
    Tls,
    Wire,
    as_list,
    as_number,
    as_object,
    as_text,
    messages,
    version_of,
)
from graders.engine.network_claim import guard_socket
from graders.engine.service import Service, ServiceRequest
from graders.errors import EngineError, EngineTimeout, ImageUnavailable
from graders.safe_text import clean

__all__ = ["STAND_IN", "DockerEngine"]

_EXPORT_SILENCE_S = 120.0
_IMPORT_S = 600.0
_FIRST_ANSWER_S = 8.0
"""How long a registry may take to answer at all before a pull is given up."""
_PULL_SILENCE_S = 60.0
_LIMIT_FLAGS = (("MemoryLimit", "memory"), ("PidsLimit", "processes"))
"""What an engine says of its control groups: false on one without root whose groups were not given to it."""
_KINDS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("container", "/containers/json", {"all": "1"}),
    ("image", "/images/json", {}),
    ("network", "/networks", {}),
    ("volume", "/volumes", {}),
)


class DockerEngine:
    """A Docker engine that answers at `address`. Safe to use from several threads."""

    def __init__(
        self,
        address: str,
        *,
        source: str = "",
        private: bool = False,
        tls: Tls | None = None,
        builder: str = "",
        timeout_s: float = 5.0,
    ) -> None:
        """Greet the engine; raises `EngineUnavailable` or `EngineTimeout`.

        `builder` "classic" or "buildkit" overrides what the engine says of itself.
        """
        self._wire = Wire(address, tls)
        self._source = source
        self._private = private
        self._greeting = self._wire.ping(timeout_s)
        self._builder = builder or _best_builder(self._greeting)
        self._lock = threading.Lock()
        self._info: EngineInfo | None = None
        self._cpus = 0
        self._id = ""
        self._made = Made()
        self._disk = EngineDisk("", "", "")

    def info(self) -> EngineInfo:
        """Ask which engine this is; asked once."""
        with self._lock:
            if self._info is None:
                about = as_object(self._wire.call("GET", "/info", operation="ask what it is"))
                self._cpus = as_number(about.get("NCPU"))
                root, storage = as_text(about.get("DockerRootDir")), as_text(about.get("Driver"))
                self._disk = EngineDisk(self._wire.address, root, storage)
                self._id = hashlib.sha256(f"{as_text(about.get('ID'))} {root}".encode()).hexdigest()[:16]
                self._info = self._read_info(self._version(about), about)
            return self._info

    def build(self, request: BuildRequest, cancel: Cancel) -> Iterator[BuildEvent]:
        """Build; see `Engine.build`."""
        cancel.raise_if_set()
        _require_steps(self.info())
        return self._built(request, cancel)

    def run(self, request: RunRequest, cancel: Cancel) -> RunResult:
        """Run to the end and remove the container; see `Engine.run`."""
        cancel.raise_if_set()
        _require_limits(self.info())
        with self._made.at_work(request.run_id):
            return docker_run.run(self._wire, request, cancel, cpus=self._cpus, disk=self._disk)

    def serve(self, request: ServiceRequest, cancel: Cancel) -> AbstractContextManager[Service]:
        """Start a container that keeps running; see `Engine.serve`."""
        cancel.raise_if_set()
        _require_limits(self.info())
        return self._served(request, cancel)

    def image(self, reference: str) -> ImageInfo | None:
        """Look up a local image by id or tag."""
        try:
            about = as_object(self._wire.call("GET", f"/images/{reference}/json", operation="look up an image"))
            history = self._wire.call("GET", f"/images/{reference}/history", operation="read an image's history")
        except EngineRefused as error:
            if error.status in {400, 404}:
                return None
            raise
        return read_image(about, as_list(history))

    def export(self, image_id: str, cancel: Cancel) -> AbstractContextManager[Iterator[bytes]]:
        """Stream the image as `docker save` writes it."""
        return self._export(image_id, cancel)

    def pull(self, reference: str, cancel: Cancel) -> Iterator[PullProgress]:
        """Pull an image; raises `ImageUnavailable`, `Cancelled`."""
        name, tag = _split_reference(reference)
        query = {"fromImage": name, "tag": tag}
        layers: dict[str, tuple[int, int]] = {}
        try:
            with self._wire.open(
                "POST", "/images/create", query, operation="pull an image", timeout_s=_FIRST_ANSWER_S, cancel=cancel
            ) as stream:
                stream.wait_at_most(_FIRST_ANSWER_S)
                for message in messages(stream.chunks(cancel)):
                    error = as_text(message.get("error"))
                    if error:
                        raise _unavailable(reference, error)
                    text = clean(as_text(message.get("status")), max_len=200)
                    if not text.startswith("Pulling from"):
                        stream.wait_at_most(_PULL_SILENCE_S)
                    progress = as_object(message.get("progressDetail"))
                    if text == "Downloading":
                        total = as_number(progress.get("total"))
                        layers[as_text(message.get("id"))] = (as_number(progress.get("current")), total)
                    done, total = (sum(numbers) for numbers in zip((0, 0), *layers.values(), strict=True))
                    yield PullProgress(text, done, total)
        except EngineTimeout as error:
            raise ImageUnavailable(reference, hint=HINT_REGISTRY) from error
        except EngineRefused as error:
            raise _unavailable(reference, error.reason) from error

    def import_image(self, chunks: Iterator[bytes], tags: tuple[str, ...], changes: tuple[str, ...]) -> str:
        """Make an image from a root file system tar; a tag that exists already stays where it is."""
        image_id = ""
        query: Query = {"fromSrc": "-", "changes": changes}
        with self._wire.open(
            "POST",
            "/images/create",
            query,
            chunks,
            headers={"Content-Type": "application/x-tar"},
            operation="import an image",
            timeout_s=_IMPORT_S,
        ) as stream:
            for message in messages(stream.chunks()):
                error = as_text(message.get("error"))
                if error:
                    raise EngineError(f"The engine could not import an image: {clean(error)}")
                status = as_text(message.get("status"))
                if status.startswith("sha256:"):
                    image_id = status
        if not image_id:
            raise EngineError("The engine took an image and did not say its id")
        for tag in tags:
            if self.image(tag) is None:
                self.tag(image_id, tag)
        return image_id

    def load_image(self, chunks: Iterator[bytes], cancel: Cancel) -> str:
        """Take one image as `export` streams it; its id."""
        cancel.raise_if_set()
        return docker_store.load(self._wire, chunks, cancel)

    def tag(self, image_id: str, reference: str) -> None:
        """Name an image, also where the name stood for another one."""
        docker_store.tag(self._wire, image_id, *_split_reference(reference))

    def remove_image(self, reference: str) -> None:
        """Remove a name, or an image by its id; one that is gone or in use is left as it is."""
        docker_store.remove_image(self._wire, reference)

    def remove(self, run_id: str) -> None:
        """Remove everything of one run: containers first, since they hold the rest."""
        is_doubtful, images = self._made.take(run_id)
        if is_doubtful:
            for kind, id_, _ in self._labelled(f"{LABEL}={run_id}"):
                self._remove(kind, id_)
        else:
            for id_ in images:
                self._remove("image", id_)

    def leftovers(self, *, everybody: bool = False) -> tuple[Leftover, ...]:
        """Everything that carries our label and is in nobody's use; see `Engine.leftovers`."""
        return tuple(
            Leftover(kind, id_, as_text(labels.get(LABEL)))
            for kind, id_, labels in self._labelled(LABEL)
            if is_left_over(as_text(labels.get(OWNER)), everybody=everybody)
        )

    def close(self) -> None:
        """Nothing is kept open between calls."""

    def _built(self, request: BuildRequest, cancel: Cancel) -> Iterator[BuildEvent]:
        events = docker_build.build(
            self._wire, request, cancel, builder=self._builder, disk=self._disk, engine_id=self._id
        )
        with self._made.at_work(request.run_id), closing(events):
            for event in events:
                if isinstance(event, BuildResult):
                    if not event.image_id:
                        self._made.doubt(request.run_id)
                    elif request.label:
                        self._made.note_image(request.run_id, event.image_id)
                yield event

    @contextmanager
    def _served(self, request: ServiceRequest, cancel: Cancel) -> Iterator[Service]:
        with (
            self._made.at_work(request.run_id),
            docker_service.serve(self._wire, request, cancel, cpus=self._cpus, disk=self._disk) as service,
        ):
            yield service

    def _remove(self, kind: str, id_: str) -> None:
        path, query = {
            "container": (f"/containers/{id_}", {"force": "1", "v": "1"}),
            # noprune: the parents are the classic builder's cache
            "image": (f"/images/{id_}", {"force": "1", "noprune": "1"}),
            "network": (f"/networks/{id_}", {}),
            "volume": (f"/volumes/{id_}", {"force": "1"}),
        }[kind]
        # In use: being removed already, or an image that another one is made from.
        self._wire.remove(path, query, kind=f"a {kind}", or_in_use=True)

    @contextmanager
    def _export(self, image_id: str, cancel: Cancel) -> Iterator[Iterator[bytes]]:
        with self._wire.open(
            "GET",
            f"/images/{image_id}/get",
            operation="export an image",
            timeout_s=_EXPORT_SILENCE_S,
            cancel=cancel,
            plain=True,
        ) as stream:
            yield stream.chunks(cancel)

    def _labelled(self, label: str) -> Iterator[tuple[str, str, Json]]:
        """(kind, id, labels) of everything with this label; one list at a time, so that removing frees the next."""
        for kind, path, query in _KINDS:
            filters = {"filters": '{"label":["' + label.replace("\\", "").replace('"', "") + '"]}'}
            answer = self._wire.call("GET", path, {**query, **filters}, operation=f"list {kind}s")
            rows = as_list(as_object(answer).get("Volumes")) if kind == "volume" else as_list(answer)
            for row in map(as_object, rows):
                yield kind, as_text(row.get("Id")) or as_text(row.get("Name")), as_object(row.get("Labels"))

    def _version(self, about: Json) -> Json:
        """What `/version` says. Docker said it already, and would start three programs to say it once more."""
        is_docker = self._greeting["server"].startswith("Docker/") and not self._greeting["libpod-api-version"]
        if is_docker and as_text(about.get("ServerVersion")):
            return {"Version": about["ServerVersion"], "ApiVersion": self._greeting["api-version"]}
        return as_object(self._wire.call("GET", "/version", operation="ask for its version"))

    def _read_info(self, version: Json, about: Json) -> EngineInfo:
        components = [as_text(as_object(part).get("Name")) for part in as_list(version.get("Components"))]
        options = [as_text(option) for option in as_list(about.get("SecurityOptions"))]
        return EngineInfo(
            name=_name_of(components),
            version=clean(as_text(version.get("Version")), max_len=100),
            api_version=clean(as_text(version.get("ApiVersion")), max_len=20),
            storage=clean(as_text(about.get("Driver")), max_len=40),
            builder=self._builder,
            socket=self._wire.address,
            private=self._private,
            rootless=any("rootless" in option for option in options),
            cgroup_version=clean(as_text(about.get("CgroupVersion")), max_len=10),
            keeps_index=guard_socket(self._wire.address) is not None,
            source=self._source,
            data_root=clean(as_text(about.get("DockerRootDir")), max_len=400),
            ignored_limits=tuple(word for key, word in _LIMIT_FLAGS if about.get(key) is False),
        )


def _name_of(components: list[str]) -> str:
    """Podman calls its part "Podman Engine", Docker "Engine"; another engine is called what it calls itself."""
    if any("podman" in name.lower() for name in components):
        return "podman"
    if not components or "Engine" in components:
        return "docker"
    return clean(components[0], max_len=40) or "unknown"


def _require_steps(info: EngineInfo) -> None:
    """Raise EngineError where a build does not tell which steps came from the cache: nothing is judged then.

    Podman 4.3 keeps Docker's API but tells a build in its own words, and its cache answers otherwise. Seen 2026-11.
    """
    if info.name == "podman":
        raise EngineError(
            f"The engine is Podman {info.version}: its builds can't be followed as Docker's can, so nothing is graded",
            hint="Use an engine of ours: sudo dockyard engine up --private",
        )


def _require_limits(info: EngineInfo) -> None:
    """Raise EngineError when the engine says that it can't hold a program to its limits: nothing is run then."""
    if info.ignored_limits:
        kind = "without root " if info.rootless else ""
        raise EngineError(
            f"The engine {info.name} {info.version} runs {kind}without control groups: it can't hold a program"
            f" to its {' and '.join(info.ignored_limits)}, so no program is run on it",
            hint="Use an engine of ours: sudo dockyard engine up --private",
        )


def _best_builder(greeting: dict[str, str]) -> str:
    """Docker has BuildKit inside since 18.09 (API 1.39), also where its own command does not use it; Podman has not."""
    has_it = not greeting["libpod-api-version"] and version_of(greeting["api-version"]) >= (1, 39)
    return "buildkit" if has_it else "classic"


def _split_reference(reference: str) -> tuple[str, str]:
    """Name, and tag or digest, of an image reference; without either the tag is "latest"."""
    name, at, digest = reference.partition("@")
    if at:
        return name, digest
    head, colon, tag = name.rpartition(":")
    if colon and "/" not in tag:
        return head, tag
    return name, "latest"


def _unavailable(reference: str, reason: str) -> ImageUnavailable:
    hint = "The registry says that we asked too often; try again later." if is_rate_limit(reason) else HINT_REGISTRY
    error = ImageUnavailable(reference, hint=hint)
    error.__cause__ = EngineError(clean(reason))
    return error
