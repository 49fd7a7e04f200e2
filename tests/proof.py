"""Owns the proof of one exercise on a real engine, by the same code as `dockyard author verify`."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from course.author.verify import ExerciseResult, Sample, verify
from graders import pipeline
from graders.cancel import Cancel
from graders.engine.base import Engine
from graders.engine.find import find_engine
from graders.event import GradeEvent
from graders.exercise import ExerciseSpec
from graders.layers.store import FolderStore
from graders.service.machine import load_per_cpu
from graders.submission import read_submission

ALL = os.environ.get("DOCKYARD_PROOF") == "all"
"""`make proof` asks for every answer; else a sample is enough."""

JOBS = 2
"""Answers that are graded side by side."""

BUSIEST = 1.5
"""Processes for each processor that may excuse a slow service. The load average remembers other tests, and counts other
work of this machine: what is slow in a wrong answer takes far more than so many times its limit, and is told all the
same, also where a probe of its health waits for a processor meanwhile."""


def known_layers(factory: pytest.TempPathFactory) -> Path:
    """Where this run of the tests remembers what layers hold, the same folder in each of its workers."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "layers"
    folder.mkdir(exist_ok=True)
    return folder


def prove(spec: ExerciseSpec, sample: Sample, engine: Engine, layers: Path) -> None:
    """No false pass, no false failure, each wrong answer caught by exactly the checks that it lists.

    What the layers of images hold is remembered in `layers`, as it is for a learner: those of the base image by all.
    """
    environ = {"DOCKER_HOST": engine.info().socket, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    store = FolderStore(layers)

    def grade(spec: ExerciseSpec, answer: Path) -> Iterator[GradeEvent]:
        return pipeline.grade(
            read_submission(answer, spec.limits, starter=spec.starter, editable=spec.files),
            spec,
            lambda: find_engine(environ, Path("/")),
            cancel=Cancel(),
            nonce=uuid.uuid4().hex,
            now=lambda: datetime.now(UTC),
            clock=time.monotonic,
            environ=environ,
            layer_store=store,
        )

    with patch("graders.service.bench.load_per_cpu", lambda: min(load_per_cpu(), BUSIEST)):
        *_, result = verify(spec, grade, sample=None if ALL else sample, jobs=JOBS)

    assert isinstance(result, ExerciseResult)
    assert () == result.all_problems
    assert (0, 0, 0) == (result.false_passes, result.false_failures, result.errored)
    assert len(result.mutants) == result.mutants_caught > 0
