"""Owns the order of grading: text first, then what costs an engine call; must never know what a check looks for.

No engine is opened when nothing is left for it to decide. Whatever happens, all that was made is removed.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import UTC, datetime

from graders.build_context import prepare
from graders.cancel import Cancel
from graders.context_file import DOCKERFILE, ContextFile
from graders.dockerfile.inline_ignore import read_ignores, refusals
from graders.engine.base import Engine
from graders.errors import EngineError
from graders.event import CheckFinished, GradeEvent, GradeFinished, GradeStarted, Notice, PlannedCheck, StageStarted
from graders.exercise import CheckUse, ExerciseSpec
from graders.judgement import Ledger, errored, judge, skipped
from graders.layers.store import LayerStore
from graders.outcome import Level, Outcome
from graders.report import Report
from graders.static import context_of
from graders.submission import Submission
from graders.workbench import Workbench, run_id_of

STATIC_ONLY = "Not run: static checks only"
NO_SERVICE = "The exercise has no service"
NO_IMAGE = "Needs an image, and the build made none"
STAGE_TEXTS = {
    Level.IMAGE: "Looking into the image",
    Level.REBUILD: "Comparing two builds",
    Level.CONTAINER: "Running the container",
}

Judged = tuple[Outcome, bool]
"""An outcome, and whether its evidence could not decide."""


def grade(
    submission: Submission,
    spec: ExerciseSpec,
    open_engine: Callable[[], Engine],
    *,
    cancel: Cancel,
    nonce: str,
    now: Callable[[], datetime],
    clock: Callable[[], float],
    environ: Mapping[str, str],
    static_only: bool = False,
    layer_store: LayerStore | None = None,
    cache_owner: str = "",
) -> Generator[GradeEvent]:
    """Grade one submission; the last event is `GradeFinished`.

    `cache_owner`: whose cache mounts the builds use; empty: nobody else's than this very content's.
    `nonce` is new for every call: the texts given to the program, the changed lines and the run id come from it.
    The engine that `open_engine` gives is closed here. With a `layer_store`, layers that were read before are not
    exported again. Raises Cancelled, once all is removed.
    """
    started_at, started_s = now(), clock()
    yield GradeStarted(spec.id, tuple(_planned(use) for use in spec.checks))
    told = (*submission.notices, *refusals(read_ignores(submission.dockerfile)))
    for text in told:
        yield Notice(text)
    source = context_of(spec, submission.dockerfile, submission.files)
    ledger = Ledger(spec)
    yield StageStarted(Level.DOCKERFILE, "Reading the Dockerfile")
    later = []
    for use in spec.checks:
        if use.check.level is not Level.DOCKERFILE:
            later.append(use)
            continue
        cancel.raise_if_set()
        reason = ledger.blocked(use)
        yield from _note(ledger, (skipped(use, reason), False) if reason else judge(use, source, clock))
    bench = Workbench(
        open_engine=open_engine,
        spec=spec,
        prepared=prepare(_with_dockerfile(submission), spec),
        source=source,
        run_id=run_id_of(nonce, submission.content_sha256),
        nonce=nonce,
        cancel=cancel,
        environ=environ,
        cache_owner=cache_owner or submission.content_sha256,
        layer_store=layer_store,
    )
    trouble = ""
    try:
        if static_only:
            for use in later:
                yield from _note(ledger, (skipped(use, STATIC_ONLY), False))
        else:
            yield from _observe(ledger, later, bench, cancel, clock)
    finally:
        trouble = bench.close()
    if trouble:
        yield Notice(trouble)
    notices = (*told, *bench.notices, *([trouble] if trouble else []))
    yield GradeFinished(
        Report(
            exercise=spec.id,
            outcomes=ledger.outcomes(),
            content_sha256=submission.content_sha256,
            started_at=started_at.astimezone(UTC).isoformat(timespec="seconds"),
            elapsed_s=clock() - started_s,
            build=bench.build_summary(),
            image=bench.image_summary(),
            engine=bench.engine_summary(),
            notices=notices,
            static_only=static_only,
            bases=bench.base_summaries(),
        )
    )


def _observe(
    ledger: Ledger, uses: list[CheckUse], bench: Workbench, cancel: Cancel, clock: Callable[[], float]
) -> Iterator[GradeEvent]:
    """Decide the checks that need an engine; the first engine error ends the work for all that are left."""
    failure: EngineError | None = None
    level = Level.DOCKERFILE
    for use in uses:
        cancel.raise_if_set()
        lacks_service = use.check.service and not bench.spec.service.port
        reason = NO_SERVICE if lacks_service else ledger.blocked(use, past_errors=failure is not None)
        if reason:
            judged = (skipped(use, reason), False)
        elif failure is not None:
            judged = (errored(use, failure), False)
        else:
            try:
                yield from bench.built()
                if bench.image is not None and use.check.level is not level:
                    level = use.check.level
                    yield StageStarted(level, STAGE_TEXTS[level])
                judged = yield from _judged(use, bench, clock)
            except EngineError as error:
                failure = error
                judged = (errored(use, error), False)
        yield from _note(ledger, judged)


def _judged(use: CheckUse, bench: Workbench, clock: Callable[[], float]) -> Generator[GradeEvent, None, Judged]:
    if bench.image is None and not use.check.of_build:
        return skipped(use, NO_IMAGE), False
    context = yield from bench.context(use)
    judged = judge(use, context, clock)
    yield from bench.take_runs()
    return judged


def _note(ledger: Ledger, judged: Judged) -> Iterator[GradeEvent]:
    outcome, undecided = judged
    for changed in ledger.record(outcome, undecided=undecided):
        yield CheckFinished(changed)


def _with_dockerfile(submission: Submission) -> tuple[ContextFile, ...]:
    """The files with the Dockerfile exactly as it was read and judged."""
    others = tuple(file for file in submission.files if file.path != DOCKERFILE)
    return (ContextFile(DOCKERFILE, submission.dockerfile), *others)


def _planned(use: CheckUse) -> PlannedCheck:
    return PlannedCheck(use.check.id, use.check.claim, use.check.level, required=not use.advisory)
