"""Owns the grader of this machine as tests and measurements put it together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from graders.cohort.lane import LocalGrader
from graders.engine.base import Engine
from graders.engine.fake.engine import FakeEngine
from graders.exercise import ExerciseSpec


def local_grader(
    spec: ExerciseSpec,
    open_engine: Callable[[], Engine] = FakeEngine,
    *,
    environ: Mapping[str, str] | None = None,
    nonce: Callable[[], str] = lambda: "0" * 16,
) -> LocalGrader:
    """It grades on an engine in memory, a new one for each submission, unless told otherwise.

    On a real engine `nonce` has to be new each time: what a submission makes there is named by it.
    """
    return LocalGrader(spec, open_engine, environ or {}, lambda: datetime.now(UTC), time.monotonic, nonce)
