"""Owns putting a cohort's run together from settings and an engine; must never print.

with open_cohort(request, ...) as cohort:
    for event in cohort.events(cancel): ...
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from course.catalog import Catalog
from course.errors import ConfigError
from course.grading import new_nonce
from graders.cohort.gradebook.book import FILE_NAME, Gradebook, open_gradebook
from graders.cohort.out_lock import out_lock
from graders.cohort.run_settings import RunSettings

if TYPE_CHECKING:
    from graders.cancel import Cancel
    from graders.cohort.lane import Grader
    from graders.cohort.row import Row
    from graders.cohort.run_event import CohortEvent
    from graders.engine.base import Engine
    from graders.exercise import ExerciseSpec


@dataclass(frozen=True, slots=True)
class CohortRequest:
    """What is to be graded, and where the results go."""

    submissions: Path
    out: Path
    spec: ExerciseSpec
    roster: Path | None = None
    settings: RunSettings = field(default_factory=RunSettings)


@dataclass(frozen=True, slots=True)
class Cohort:
    """A cohort that is collected, and its gradebook, held by this process alone."""

    request: CohortRequest
    rows: tuple[Row, ...]
    book: Gradebook
    grader: Grader

    def events(self, cancel: Cancel) -> Generator[CohortEvent]:
        """Grade it. Raises GradebookError, and EngineError when no engine answers at the start."""
        from graders.cohort.collect.kept_listing import KeptListing
        from graders.cohort.collect.unpack import read
        from graders.cohort.run import CohortRun

        spec, kept = self.request.spec, KeptListing()
        run = CohortRun(
            self.book,
            self.rows,
            spec,
            self.request.settings,
            read=lambda row: read(row, spec, kept=kept),
            grader=self.grader,
            cancel=cancel,
            clock=time.monotonic,
        )
        yield from run.events()


def find_exercise(name: str, catalog: Callable[[], Catalog]) -> ExerciseSpec:
    """The exercise with this id, or the one in this folder. Raises ContentError and SpecError."""
    from graders.exercise import read_exercise

    folder = Path(name)
    if (folder / "exercise.toml").is_file():
        return read_exercise(folder)
    return catalog().exercise(name)


@contextmanager
def open_cohort(
    request: CohortRequest, grader: Grader, on_progress: Callable[[int, int], None] | None = None
) -> Iterator[Cohort]:
    """Hold `out`, read the roster, and find what was handed in. Raises ConfigError and GraderError.

    `on_progress` is told how many of how many students' submissions were looked through, and may raise Cancelled.
    """
    submissions, out = request.submissions.resolve(), request.out.resolve()
    if out == submissions or submissions in out.parents:
        raise ConfigError(
            f"{request.out} lies in {request.submissions}, and would be taken for a submission",
            hint="Choose an --out beside it.",
        )
    with out_lock(request.out):
        book = open_gradebook(request.out / FILE_NAME)
        try:
            # Rows tell whole paths: `report` reads the submissions again, from wherever it is called.
            yield Cohort(request, _collected(replace(request, submissions=submissions), on_progress), book, grader)
        finally:
            book.close()


def local_grader(
    spec: ExerciseSpec, open_engine: Callable[[], Engine], environ: Mapping[str, str], state: Path
) -> Grader:
    """A grader on this machine's engine, which shares what `check` knows of layers."""
    from graders.cohort.lane import LocalGrader
    from graders.layers.store import FolderStore

    return LocalGrader(
        spec,
        open_engine,
        environ,
        lambda: datetime.now(UTC),
        time.monotonic,
        new_nonce,
        FolderStore(state / "layers"),
    )


def _collected(request: CohortRequest, on_progress: Callable[[int, int], None] | None) -> tuple[Row, ...]:
    from graders.cohort.collect.roster import read_roster
    from graders.cohort.collect.rows import collect

    roster = read_roster(request.roster) if request.roster is not None else None
    spec = request.spec
    return collect(request.submissions, roster, limits=spec.limits, exercise=spec.id, on_progress=on_progress)
