"""Owns what of an exercise decides an outcome and what only turns it into points; must never grade.

An exercise whose points, hints or advice changed needs no new grading: the kept reports are scored anew. All else
that changed (a check, its parameters, a limit, how it is built, the graders themselves) is another key.
"""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

from graders.exercise import CheckUse, ExerciseSpec
from graders.outcome import Outcome, Status
from graders.report import Report, Verdict
from graders.report_store import is_lasting
from graders.source_sum import source_sum
from graders.submission import Submission

TIMING = frozenset({"slow-start", "slow-response", "slow-rebuild"})
"""Checks whose finding is a number of seconds."""
IN_TIME = frozenset({"port-silent", "never-healthy", "ignores-sigterm"})
"""Checks that wait for something until a deadline."""
BUSY_REASON = "Measured while others were graded on this machine: advice, it costs nothing"


def decides(spec: ExerciseSpec, *, graders: str = "") -> str:
    """Hash of all that decides an outcome. `graders` is the hash of their code; empty: worked out here."""
    uses = sorted((use.check.id, repr(use.params), use.needs) for use in spec.checks)
    parts = [uses, repr(spec.limits), repr(spec.build), repr(spec.texts), repr(spec.service), spec.files, spec.id]
    return _hash([graders or source_sum(), *parts])


def scores(spec: ExerciseSpec, *, timing_counts: bool) -> str:
    """Hash of what turns outcomes into points, and of the hints that stand beside them."""
    return _hash([timing_counts, *((use.check.id, use.points, use.advisory, use.hint) for use in spec.checks)])


def key_of(decided_by: str, submission: Submission) -> str:
    """The key of a submission's grade: equal keys need grading once."""
    return _hash([decided_by, submission.content_sha256, submission.notices])


def scored(report: Report, spec: ExerciseSpec, *, timing_counts: bool) -> Report:
    """The report with this exercise's points; what seconds decided costs nothing unless `timing_counts`."""
    uses = {use.check.id: use for use in spec.checks}
    outcomes = tuple(
        _scored(outcome, uses[outcome.id], timing_counts=timing_counts) if outcome.id in uses else outcome
        for outcome in report.outcomes
    )
    return replace(report, outcomes=outcomes)


def is_doubtful(report: Report, *, cut_short: bool) -> bool:
    """Whether a failure may be due to a busy machine or to the world outside, so that a second look is fair."""
    if report.verdict is not Verdict.FAILED:
        return False
    failed = {outcome.id for outcome in report.outcomes if outcome.status is Status.FAILED and outcome.required}
    return cut_short or bool(failed & IN_TIME) or not is_lasting(report)


def _scored(outcome: Outcome, use: CheckUse, *, timing_counts: bool) -> Outcome:
    max_points = 0 if use.advisory else use.points
    excused = outcome.id in TIMING and not timing_counts and outcome.status is Status.FAILED and not use.advisory
    return replace(
        outcome,
        required=not use.advisory and not excused,
        points=max_points if outcome.status is Status.PASSED or excused else 0,
        max_points=max_points,
        hint=use.hint or use.check.hint,
        reason=BUSY_REASON if excused else outcome.reason.replace(BUSY_REASON, ""),
    )


def _hash(parts: list[object]) -> str:
    return sha256(json.dumps(parts).encode("ascii")).hexdigest()
