"""Owns the fake engine's builds: a small interpreter of Dockerfiles with a cache; must never run anything."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from posixpath import basename, join, normpath

from graders.cancel import Cancel
from graders.engine.base import (
    BUILD_STOPPED,
    BuildEvent,
    BuildRequest,
    BuildResult,
    BuildStep,
    ImageInfo,
    LayerInfo,
    LogLines,
    StepChanged,
    StepStatus,
)
from graders.engine.fake.program import FakeReply
from graders.errors import Cancelled, EngineUnavailable, ImageUnavailable
from graders.safe_text import clean, clean_lines

_SETTINGS = (
    "ENV",
    "ARG",
    "USER",
    "CMD",
    "ENTRYPOINT",
    "LABEL",
    "EXPOSE",
    "HEALTHCHECK",
    "STOPSIGNAL",
    "SHELL",
    "VOLUME",
)
_KNOWN = ("FROM", "COPY", "ADD", "RUN", "WORKDIR", "MAINTAINER", "ONBUILD", *_SETTINGS)


@dataclass(frozen=True, slots=True)
class FakeImage:
    """An image in memory: what inspect says, the files of each layer by absolute path, and whose it is."""

    info: ImageInfo
    layers: tuple[dict[str, bytes], ...]
    run_id: str

    @property
    def files(self) -> dict[str, bytes]:
        """All files, later layers over earlier ones."""
        merged: dict[str, bytes] = {}
        for layer in self.layers:
            merged |= layer
        return merged


def digest_of(*parts: str) -> str:
    """A digest as engines write it."""
    return "sha256:" + hashlib.sha256("\0".join(parts).encode()).hexdigest()


class FakeBuild:
    """One build."""

    def __init__(
        self,
        request: BuildRequest,
        cancel: Cancel,
        *,
        bases: Mapping[str, FakeImage],
        cache: set[str],
        command: Callable[[str], FakeReply],
        die_in_step: int | None,
    ) -> None:
        self.image: FakeImage | None = None
        self._request = request
        self._cancel = cancel
        self._bases = bases
        self._cache = cache
        self._command = command
        self._die_in_step = die_in_step
        self._files = {file.path: file for file in request.files}
        self._steps: dict[str, BuildStep] = {}
        self._log: list[tuple[str, str]] = []
        self._error = ""
        self._timed_out = False
        self._began = time.monotonic()
        self._stages: dict[str, FakeImage] = {}

    def result(self, image_id: str) -> BuildResult:
        """The end of it."""
        limit, kept, size = self._request.limits.build_log_kib * 1024, [], 0
        for entry in reversed(self._log):
            size += len(entry[1]) + 1
            if size > limit:
                break
            kept.append(entry)
        return BuildResult(
            image_id,
            "" if image_id else clean(self._error),
            tuple(self._steps.values()),
            tuple(reversed(kept)),
            time.monotonic() - self._began,
            timed_out=self._timed_out,
            truncated=len(kept) < len(self._log),
        )

    def events(self) -> Iterator[BuildEvent]:
        """Build; afterwards `image` is set, or the error is in `result`."""
        dockerfile = self._files.get(self._request.dockerfile)
        if dockerfile is None:
            self._error = f"failed to read dockerfile: open {self._request.dockerfile}: no such file or directory"
            return
        instructions = _instructions(dockerfile.data.decode("utf-8", "replace"))
        if not instructions:
            self._error = "the Dockerfile cannot be empty"
            return
        for line, word, _rest in instructions:
            if word not in _KNOWN:
                self._error = f"dockerfile parse error line {line}: unknown instruction: {word}"
                return
        if instructions[0][1] not in {"FROM", "ARG"}:
            self._error = "no build stage in current context"
            return
        yield from self._build(instructions)

    def _build(self, instructions: list[tuple[int, str, str]]) -> Iterator[BuildEvent]:
        image: FakeImage | None = None
        key, stage, number = "", "", 0
        total = sum(word not in _SETTINGS for _, word, _ in instructions)
        for _, word, rest in instructions:
            self._check_alive()
            if word == "FROM":
                image, stage = self._from(rest)
                key = digest_of("from", image.info.id, stage)
            elif image is None:
                continue
            elif word in _SETTINGS:
                image = replace(image, info=_configured(image.info, word, rest))
                key = digest_of(key, word, rest)
                self._stages[stage] = image
                continue
            number += 1
            if number == self._die_in_step:
                raise EngineUnavailable("The engine at fake:// went away in the middle of a build")
            if word in {"COPY", "ADD"}:
                files = self._copied(image, rest)
                if not files:
                    source = rest.split()[0]
                    self._error = f'"/{source}" not found: not found'
                key = digest_of(key, word, rest, repr([(path, data) for path, data in sorted(files.items())]))
            else:
                files = {}
                key = digest_of(key, word, rest)
            name = f"[{number}/{total}] {word} {rest}"
            yield from self._step(key, clean(name), word, rest)
            if self._error:
                return
            if word != "FROM":
                image = _with_layer(image, key, files, word, rest)
            self._stages[stage] = image
        if image is not None:
            self.image = replace(image, run_id=self._request.run_id if self._request.label else "")

    def _step(self, key: str, name: str, word: str, rest: str) -> Iterator[BuildEvent]:
        began = time.monotonic()
        if word not in {"FROM"} and key in self._cache and not self._request.no_cache and not self._error:
            yield self._changed(BuildStep(key, name, StepStatus.CACHED))
            return
        yield self._changed(BuildStep(key, name, StepStatus.RUNNING))
        if word == "RUN" and not self._error:
            reply = self._command(rest)
            lines = clean_lines(reply.stdout)
            if lines:
                self._log += [(key, line) for line in lines]
                yield LogLines(key, lines)
            self._sleep(reply.takes_s)
            if reply.exit_code and not self._error:
                self._error = f'process "/bin/sh -c {rest}" did not complete successfully: exit code: {reply.exit_code}'
        status = StepStatus.FAILED if self._error else StepStatus.DONE
        if not self._error:
            self._cache.add(key)
        yield self._changed(BuildStep(key, name, status, time.monotonic() - began, clean(self._error)))

    def _sleep(self, seconds: float) -> None:
        limits = self._request.limits
        limit = min(limits.build_s - (time.monotonic() - self._began), limits.build_idle_s)
        if self._cancel.wait(min(seconds, max(limit, 0.0))):
            raise Cancelled
        if seconds > limit:
            self._timed_out = True
            self._error = f"{BUILD_STOPPED} after {limit:g} seconds"

    def _check_alive(self) -> None:
        self._cancel.raise_if_set()

    def _changed(self, step: BuildStep) -> StepChanged:
        self._steps[step.id] = step
        return StepChanged(step)

    def _from(self, rest: str) -> tuple[FakeImage, str]:
        words = [word for word in rest.split() if not word.startswith("--")]
        name = words[2].lower() if len(words) == 3 and words[1].upper() == "AS" else str(len(self._stages))
        if words[0].lower() in self._stages:
            return self._stages[words[0].lower()], name
        base = self._bases.get(words[0])
        if words[0] == "scratch":
            base = FakeImage(ImageInfo("", 0), (), "")
        if base is None:
            raise ImageUnavailable(words[0], hint="Check the network, then try again.")
        info = replace(base.info, stand_in=False)
        return replace(base, info=info), name

    def _copied(self, image: FakeImage, rest: str) -> dict[str, bytes]:
        words = rest.split()
        flags = dict(word[2:].partition("=")[::2] for word in words if word.startswith("--"))
        words = [word for word in words if not word.startswith("--")]
        if rest.lstrip().startswith("["):
            words = [str(word) for word in json.loads(rest)]
        if len(words) < 2:
            return {}
        *sources, target = words
        into = target if target.startswith("/") else join(image.info.working_dir or "/", target)
        stage = flags.get("from", "").lower()
        if stage:
            held = {path.lstrip("/"): data for path, data in self._stages[stage].files.items()}
        else:
            held = {path: file.data for path, file in self._files.items()}
        found: dict[str, bytes] = {}
        for source in sources:
            name = normpath(source.lstrip("/"))
            for path, data in held.items():
                if name == "." or path.startswith(f"{name}/"):
                    found[normpath(join(into, path if name == "." else path[len(name) + 1 :]))] = data
                elif path == name or fnmatch(path, name):
                    folder = target.endswith("/") or target in {".", "./"} or len(sources) > 1 or path != name
                    found[normpath(join(into, basename(path)) if folder else into)] = data
        return found


def write_save(image: FakeImage) -> bytes:
    """The image as a tar in the form of `docker save` (manifest.json, config, one folder a layer)."""
    buffer = io.BytesIO()
    layer_names = [f"{layer.diff_id.removeprefix('sha256:')}/layer.tar" for layer in image.info.layers if layer.diff_id]
    history = [
        {"created_by": layer.created_by} | ({} if layer.diff_id else {"empty_layer": True})
        for layer in image.info.layers
    ]
    config = {
        "config": {"User": image.info.user, "Env": [f"{key}={value}" for key, value in image.info.env.items()]},
        "history": history,
        "rootfs": {"type": "layers", "diff_ids": list(image.info.diff_ids)},
    }
    config_name = f"{image.info.id.removeprefix('sha256:')}.json"
    manifest = [{"Config": config_name, "RepoTags": None, "Layers": layer_names}]
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, files in zip(layer_names, image.layers, strict=True):
            _add(tar, name, _layer_tar(files))
        _add(tar, config_name, json.dumps(config).encode())
        _add(tar, "manifest.json", json.dumps(manifest).encode())
    return buffer.getvalue()


def _layer_tar(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, data in sorted(files.items()):
            _add(tar, path.lstrip("/"), data)
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


def _with_layer(image: FakeImage, key: str, files: dict[str, bytes], word: str, rest: str) -> FakeImage:
    size = sum(len(data) for data in files.values())
    layer = LayerInfo(digest_of("layer", key), size, f"{word} {rest}")
    info = image.info
    if word == "WORKDIR":
        info = replace(info, working_dir=normpath(join(info.working_dir or "/", rest.strip())))
    info = replace(info, layers=(*info.layers, layer), size_bytes=info.size_bytes + size)
    return FakeImage(info, (*image.layers, files), "")


def _configured(info: ImageInfo, word: str, rest: str) -> ImageInfo:
    info = replace(info, layers=(*info.layers, LayerInfo("", 0, f"{word} {rest}")))
    if word == "USER":
        return replace(info, user=rest.strip())
    if word == "CMD":
        return replace(info, command=_words(rest))
    if word == "ENTRYPOINT":
        return replace(info, entrypoint=_words(rest), command=None)
    if word == "EXPOSE":
        ports = {port if "/" in port else f"{port}/tcp" for port in rest.split()}
        return replace(info, exposed_ports=tuple(sorted({*info.exposed_ports, *ports})))
    if word == "HEALTHCHECK":
        command = rest.partition("CMD ")[2].strip()
        words = _words(command)
        shell = words[:2] == ("/bin/sh", "-c")
        kind = ("NONE",) if not command else (("CMD-SHELL", words[2]) if shell else ("CMD", *words))
        return replace(info, healthcheck=kind)
    if word in {"ENV", "LABEL"}:
        pairs = dict(pair.partition("=")[::2] for pair in rest.split() if "=" in pair)
        pairs = {key: value.strip("\"'") for key, value in pairs.items()}
        if word == "ENV":
            return replace(info, env={**info.env, **pairs})
        return replace(info, labels={**info.labels, **pairs})
    return info


def _words(rest: str) -> tuple[str, ...]:
    try:
        found = json.loads(rest)
    except ValueError:
        return ("/bin/sh", "-c", rest)
    return tuple(str(word) for word in found) if isinstance(found, list) else ("/bin/sh", "-c", rest)


def _instructions(text: str) -> list[tuple[int, str, str]]:
    """(line, word in capitals, rest) of each instruction; comments and blank lines are left out."""
    found: list[tuple[int, str, str]] = []
    pending, first = "", 0
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        first = first or number
        if stripped.endswith("\\"):
            pending += stripped[:-1]
            continue
        word, _, rest = (pending + stripped).partition(" ")
        found.append((first, word.upper(), rest.strip()))
        pending, first = "", 0
    return found
