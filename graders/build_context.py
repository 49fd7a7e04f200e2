"""Owns what of a submission is sent to the engine, and how it is changed for a rebuild; must never send anything."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import PurePosixPath

from graders.canary import make_canaries, plant
from graders.check import Change
from graders.context import Canary
from graders.context_file import ContextFile
from graders.dockerfile.ignore import IgnoreFile
from graders.exercise import ExerciseSpec

DOCKERFILE = "Dockerfile"
IGNORE_FILES = ("Dockerfile.dockerignore", ".dockerignore")
"""The first that exists counts (docs.docker.com/build/concepts/context, read 2026-11)."""
FINGERPRINT = re.compile(rb"(?<![0-9A-Za-z])[0-9a-f]{32,128}(?![0-9A-Za-z])")
"""An MD5 sum or a longer one, in hexadecimal digits."""
SLASH_COMMENT_SUFFIXES = frozenset({".js", ".ts", ".go", ".rs", ".java", ".c", ".cc", ".cpp"})


@dataclass(frozen=True, slots=True)
class PreparedContext:
    """The files of a submission with the canaries among them, and what of them may be sent."""

    files: tuple[ContextFile, ...]
    """All, before the .dockerignore."""
    canaries: tuple[Canary, ...]
    ignore: IgnoreFile | None

    def sent(self) -> tuple[ContextFile, ...]:
        """What reaches the engine: the Dockerfile always, the rest as the .dockerignore says."""
        return tuple(
            file
            for file in self.files
            if file.path == DOCKERFILE or self.ignore is None or not self.ignore.excludes(file.path)
        )


@dataclass(frozen=True, slots=True)
class ChangedContext:
    """A context in which one file was changed."""

    context: PreparedContext
    changed: str
    """Path of the file."""
    probe: str
    """Text that was put into it and occurs nowhere else."""


def read_ignore(files: Iterable[ContextFile]) -> IgnoreFile | None:
    """The .dockerignore that counts; None when there is none."""
    found = {file.path: file for file in files if file.path in IGNORE_FILES and not file.link}
    for name in IGNORE_FILES:
        if name in found:
            return IgnoreFile.parse(found[name].data)
    return None


def prepare(files: tuple[ContextFile, ...], spec: ExerciseSpec) -> PreparedContext:
    """Plant the exercise's canaries among the files of a submission."""
    planted, canaries = plant(files, make_canaries(spec.id, spec.build.canaries))
    return PreparedContext(files=planted, canaries=canaries, ignore=read_ignore(files))


def change(context: PreparedContext, spec: ExerciseSpec, what: Change, nonce: str) -> ChangedContext:
    """Change one file: a comment more in the source, or a requirement that no installer accepts.

    Change.IGNORED adds a line to every planted file instead, Change.LOCK exchanges every fingerprint in the lock;
    `changed` is empty when there is none.

    A file that the submission lacks is made; a link gives way to a file with its target's content.
    """
    probe = f"dockyard_probe_{sha256(nonce.encode()).hexdigest()[:16]}"
    if what is Change.IGNORED:
        planted = {canary.path for canary in context.canaries}
        files = tuple(
            replace(file, data=file.data + f"\n{probe}\n".encode()) if file.path in planted else file
            for file in context.files
        )
        return ChangedContext(replace(context, files=files), ", ".join(sorted(planted)), probe)
    if what is Change.LOCK:
        return _changed_lock(context, spec.build.lock, probe)
    is_source = what in {Change.SOURCE, Change.LINE}
    path = spec.build.source if is_source else spec.build.requirements
    line = f"{_comment_mark(path)} {probe}" if is_source else f"{probe}=!="
    by_path = {file.path: file for file in context.files}
    old = _followed(by_path, path)
    by_path[path] = replace(old, path=path, data=old.data + f"\n{line}\n".encode(), link="")
    files = tuple(by_path[name] for name in sorted(by_path))
    return ChangedContext(replace(context, files=files), path, probe)


def _changed_lock(context: PreparedContext, path: str, probe: str) -> ChangedContext:
    """The lock with other fingerprints of the same lengths, equal ones staying equal."""

    def other(match: re.Match[bytes]) -> bytes:
        digits = sha256(probe.encode() + match[0]).hexdigest().encode()
        return (digits * 2)[: len(match[0])]

    files, changed = [], ""
    for file in context.files:
        data = FINGERPRINT.sub(other, file.data) if file.path == path else file.data
        if data != file.data:
            changed = path
        files.append(replace(file, data=data))
    return ChangedContext(replace(context, files=tuple(files)), changed, probe)


def with_test(context: PreparedContext, folder: str, name: str, text: str) -> ChangedContext:
    """The context with one test more; its name is the probe. What can't lie beside it gives way."""
    path = f"{folder}/{name}"
    by_path = {file.path: file for file in context.files}
    for taken in (path, *(str(parent) for parent in PurePosixPath(path).parents)):
        by_path.pop(taken, None)
    by_path[path] = ContextFile(path, text.encode())
    files = tuple(by_path[key] for key in sorted(by_path))
    return ChangedContext(replace(context, files=files), path, PurePosixPath(name).stem)


def requirement_names(data: bytes) -> frozenset[str]:
    """Normalised names of the distributions in a requirements file (PEP 503); what has no name is left out."""
    names = set()
    for line in data.decode("utf-8", errors="replace").splitlines():
        match = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?=[\[<>=!~;@#\s\\]|$)", line)
        if match:
            names.add(normalised(match[1]))
    return frozenset(names)


def normalised(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _comment_mark(path: str) -> str:
    return "//" if PurePosixPath(path).suffix in SLASH_COMMENT_SUFFIXES else "#"


def _followed(files: dict[str, ContextFile], path: str) -> ContextFile:
    """The entry at a path, one link inside the submission followed; an empty file where there is none."""
    file = files.get(path, ContextFile(path))
    if file.link:
        parts: list[str] = []
        for part in (PurePosixPath(path).parent / file.link).parts:
            if part == ".." and parts:
                parts.pop()
            elif part not in {"..", "/"}:
                parts.append(part)
        return files.get("/".join(parts), ContextFile(path))
    return file
