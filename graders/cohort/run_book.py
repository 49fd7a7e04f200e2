"""Owns what a run writes into the gradebook before it grades and reads from it afterwards; must never grade."""

from __future__ import annotations

from collections.abc import Sequence

from graders.cohort.grade_key import decides, scored, scores
from graders.cohort.gradebook.book import CohortFacts, Gradebook
from graders.cohort.row import GradeState, Row, RowState
from graders.exercise import ExerciseSpec


def set_cohort(book: Gradebook, rows: Sequence[Row], spec: ExerciseSpec, *, timing_counts: bool) -> int:
    """Write the rows; how many kept reports have other points now. Raises GradebookError."""
    max_points = sum(use.points for use in spec.checks if not use.advisory)
    facts = CohortFacts(spec.id, spec.title, max_points, decides(spec), scores(spec, timing_counts=timing_counts))
    known, rescored = book.facts(), 0
    if known is not None and known.exercise == facts.exercise and known.scores != facts.scores:
        rescored = book.rescore(lambda report: scored(report, spec, timing_counts=timing_counts))
    book.set_cohort(rows, facts)
    return rescored


def count_states(book: Gradebook) -> dict[GradeState, int]:
    """Rows of the whole cohort by state, every state among them."""
    counts = dict.fromkeys(GradeState, 0)
    standings = book.standings()
    for row in book.cohort_rows():
        standing = standings.get(row.student.id)
        if row.state is not RowState.READY:
            counts[GradeState.UNGRADED] += 1
        else:
            counts[standing.state if standing is not None else GradeState.WAITING] += 1
    return counts
