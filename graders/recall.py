"""Owns grading with a memory: answered from a store of reports when it can, graded and kept when not."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from graders.event import CheckFinished, GradeFinished, GradeStarted, PlannedCheck, RunFinished

if TYPE_CHECKING:
    from graders.event import GradeEvent
    from graders.report import Report
    from graders.report_store import ReportStore


def grade_or_recall(
    store: ReportStore, key: str, grade: Callable[[], Generator[GradeEvent]], *, fresh: bool = False
) -> Generator[GradeEvent]:
    """The events of the report kept under `key`; where there is none, or when `fresh`, those of `grade`.

    A report that came to its end is kept; one that was given up before is not. Raises what `grade` raises.
    """
    report = None if fresh else store.load(key)
    if report is not None:
        yield from _recalled(report)
        return
    cut_short = False
    with closing(grade()) as events:
        for event in events:
            if isinstance(event, RunFinished) and event.exit_code is None:
                cut_short = True
            if isinstance(event, GradeFinished):
                store.note(event.report)
                # A run that was ended at its time limit may have had a busy machine.
                if cut_short:
                    store.drop(key)
                else:
                    store.save(key, event.report)
            yield event


def _recalled(report: Report) -> Iterator[GradeEvent]:
    """What grading would have said of the checks, from a report alone."""
    planned = (
        PlannedCheck(outcome.id, outcome.claim, outcome.level, required=outcome.required) for outcome in report.outcomes
    )
    yield GradeStarted(report.exercise, tuple(planned))
    for outcome in report.outcomes:
        yield CheckFinished(outcome)
    yield GradeFinished(report)


def graded_before(report: Report, again: str) -> str:
    """What to say of a report from the store; `again` is what a person does to have it graded anew."""
    return f"Graded before, at {to_the_minute(report.started_at)}, and unchanged since; {again} grades again"


def to_the_minute(at: str) -> str:
    """A moment in UTC, ISO 8601 with seconds, for a person: "2026-03-14 15:09 UTC"."""
    return f"{at.replace('T', ' ').partition('+')[0].rpartition(':')[0]} UTC"
