"""Owns what is looked at and in which order; must never mend it.

Nothing here raises for what is missing: that is what it is there to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from course.doctor.engine import data_root, engine_lines
from course.doctor.line import ENGINE_UP, DoctorLine
from course.doctor.machine import Space, machine_lines, space_of
from course.paths import Paths
from course.terminal import Terminal
from graders.cancel import Cancel
from graders.engine.base import Engine, EngineInfo
from graders.exercise import BuildSpec


def examine(
    paths: Paths,
    terminal: Terminal,
    open_engine: Callable[[], Engine],
    *,
    environ: Mapping[str, str] | None = None,
    bases: tuple[str, ...] = BuildSpec().bases[:1],
    space: Callable[[Path], Space] = space_of,
    mark: str = "",
    cancel: Cancel | None = None,
) -> Iterator[DoctorLine]:
    """Look at everything, the engine first.

    `mark`: a word that nobody else uses, for the builds and runs that measure which limits hold (some six seconds);
    empty: nothing is measured. Raises Cancelled.
    """
    environ = environ or {}
    images_at, start = "", "unset DOCKER_HOST" if environ.get("DOCKER_HOST") else ENGINE_UP
    for found in engine_lines(open_engine, bases, mark, cancel or Cancel(), start):
        if isinstance(found, EngineInfo):
            images_at = data_root(found)
        else:
            yield found
    yield from machine_lines(paths, terminal, environ, images_at, space)
