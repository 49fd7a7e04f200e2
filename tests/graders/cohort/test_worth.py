"""Tests of what a row counts: lateness and the instructor's word, never a changed report."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from graders.cohort.gradebook.worth import LatePolicy, in_words, number, score
from graders.cohort.row import GradedRow, GradeState, Override, Row, RowState, Student
from graders.outcome import Status
from tests.graders.cohort.made_rows import DUE, graded, outcome, report
from tests.rows import rows

POLICY = LatePolicy(DUE, free_days=1, percent_per_day=10, cap_percent=25)


def handed_in(after: timedelta, due: datetime | None = None) -> GradedRow:
    """A row of ten points that was handed in so long after the date."""
    row = graded(Student("ann", due=due), report())
    return replace(row, row=replace(row.row, handed_in_at=DUE + after))


@rows(
    ("after", "days", "percent", "left"),
    [
        (timedelta(0), 0, 0, 10.0),
        (timedelta(days=1), 0, 0, 10.0),
        (timedelta(days=1, seconds=1), 1, 10, 9.0),
        (timedelta(days=3), 2, 20, 8.0),
        (timedelta(days=9), 8, 25, 7.5),
        (timedelta(days=-3), 0, 0, 10.0),
    ],
)
def test_lateness_costs_by_days_begun_up_to_its_cap(after: timedelta, days: int, percent: float, left: float) -> None:
    """Free days cost nothing, each day begun costs the same, and never more than the cap is taken."""
    counted = score(handed_in(after), POLICY, 10)

    assert (10, days, percent, left, left) == (
        counted.points,
        counted.late_days,
        counted.late_percent,
        counted.points_after_late,
        counted.counts,
    )


def test_date_of_the_roster_outranks_the_cohort_s() -> None:
    """A student with a later date of their own is not late."""
    row = handed_in(timedelta(days=5), due=DUE + timedelta(days=6))

    assert 0 == score(row, POLICY, 10).late_days


def test_dates_in_two_time_zones_are_compared_as_moments() -> None:
    """23:30 in the zone two hours ahead is before 21:59 UTC."""
    east = timezone(timedelta(hours=2))
    due = datetime(2026, 11, 20, 21, 59, tzinfo=UTC)
    row = graded(Student("ann"), report())
    row = replace(row, row=replace(row.row, handed_in_at=datetime(2026, 11, 20, 23, 30, tzinfo=east)))

    assert 0 == score(row, LatePolicy(due, percent_per_day=10), 10).late_days


def test_unknown_time_is_not_late() -> None:
    """Without a time of handing in, lateness is not known and takes nothing."""
    row = handed_in(timedelta(days=3))
    counted = score(replace(row, row=replace(row.row, handed_in_at=None)), POLICY, 10)

    assert (None, 10.0) == (counted.late_days, counted.counts)


def test_points_by_hand_are_what_counts_and_leave_the_rest() -> None:
    """The instructor's points are not made less by lateness, and the score stays what grading found."""
    row = replace(handed_in(timedelta(days=9)), override=Override(4, "The proxy was down"))
    counted = score(row, POLICY, 10)

    assert (10, 7.5, 4.0) == (counted.points, counted.points_after_late, counted.counts)


@rows("state", [GradeState.ERRORED, GradeState.WAITING, GradeState.UNGRADED])
def test_row_without_a_grade_counts_nothing_rather_than_zero(state: GradeState) -> None:
    """What was not graded has no points, not even none of them."""
    counted = score(GradedRow(Row(Student("ann"), RowState.READY), state), POLICY, 10)

    assert (None, None, 10) == (counted.points, counted.counts, counted.max_points)


def test_errored_report_is_no_score() -> None:
    """Points of the checks that were decided before the engine's fault are no grade."""
    row = graded(Student("ann"), report(outcome(0, Status.PASSED), outcome(1, Status.ERRORED)))

    assert GradeState.ERRORED is row.state
    assert score(row, POLICY, 10).points is None


def test_points_by_hand_count_where_there_is_no_grade() -> None:
    """Who handed in on paper gets points although nothing was graded."""
    row = GradedRow(Row(Student("ann"), RowState.MISSING), GradeState.UNGRADED, override=Override(7, "On paper"))

    assert 7.0 == score(row, POLICY, 10).counts


@rows(
    "values",
    [
        {"percent_per_day": -1.0},
        {"percent_per_day": 101.0},
        {"cap_percent": 101.0},
        {"free_days": -0.5},
        {"due": datetime(2026, 11, 20)},
    ],
)
def test_policy_that_makes_no_sense_is_refused(values: dict[str, object]) -> None:
    """Lateness never adds points, and a date without a zone is no moment."""
    with pytest.raises(ValueError, match="late policy"):
        LatePolicy(**values)  # type: ignore[arg-type]


def test_policy_reads_as_words() -> None:
    """What a student is told of lateness names every number; nothing is said where nothing holds."""
    assert "" == in_words(LatePolicy())
    assert (
        "due 2026-11-20 23:59 UTC, late: 10% of the points for each day begun after 1 free days, at most 25%"
        == in_words(POLICY)
    )


@rows(("value", "text"), [(None, ""), (0.0, "0"), (10.0, "10"), (7.5, "7.5"), (6.333, "6.33")])
def test_number_is_written_without_needless_digits(value: float | None, text: str) -> None:
    """Whole points have no fraction."""
    assert text == number(value)
