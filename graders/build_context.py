"""Owns what of a submission is sent to the engine, with the canaries among it; must never send anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from graders.canary import Canary, make_canaries, plant
from graders.context_file import DOCKERFILE, ContextFile
from graders.dockerfile.ignore import IgnoreFile
from graders.exercise import ExerciseSpec

IGNORE_FILES = ("Dockerfile.dockerignore", ".dockerignore")
"""The first that exists counts (docs.docker.com/build/concepts/context, read 2026-11)."""


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
