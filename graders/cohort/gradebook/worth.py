"""Owns what a row counts: its points, the late policy and the instructor's word; must never change a report."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from graders.cohort.row import GradedRow, GradeState

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LatePolicy:
    """What lateness costs. The default costs nothing."""

    due: datetime | None = None
    """With a time zone: for students whose roster line has no date of its own."""
    free_days: float = 0.0
    """Days after the date that cost nothing."""
    percent_per_day: float = 0.0
    """Of the points reached, for each day begun."""
    cap_percent: float = 100.0
    """The most that lateness takes away."""

    def __post_init__(self) -> None:
        if self.free_days < 0 or not 0 <= self.percent_per_day <= 100 or not 0 <= self.cap_percent <= 100:
            raise ValueError("A late policy has no negative days, and per cent from 0 to 100")
        if self.due is not None and self.due.tzinfo is None:
            raise ValueError("The date of a late policy needs a time zone")

    @property
    def costs(self) -> bool:
        """Whether lateness can take anything away."""
        return self.percent_per_day > 0 and self.cap_percent > 0


@dataclass(frozen=True, slots=True)
class Score:
    """What a row counts. `points` is None where there is no grade: never a zero."""

    points: int | None
    """Reached by the submission; lateness is not in it."""
    max_points: int
    late_days: int | None
    """Days begun after the date and the free days; None: not known, for want of a date or of a time."""
    late_percent: float
    points_after_late: float | None
    counts: float | None
    """The instructor's points where there are any, else the points after lateness."""


def score(row: GradedRow, policy: LatePolicy, max_points: int) -> Score:
    """What a row counts under a policy; `max_points` holds where the row has no report."""
    graded = row.report is not None and row.state in (GradeState.PASSED, GradeState.FAILED) and row.report.is_grade
    points = row.report.points if row.report is not None and graded else None
    most = row.report.max_points if row.report is not None and graded else max_points
    late_days = _days_late(row, policy)
    percent = min(policy.cap_percent, policy.percent_per_day * (late_days or 0))
    after = None if points is None else round(points * (100 - percent) / 100, 2)
    counts = after if row.override is None else float(row.override.points)
    return Score(points, most, late_days, percent, after, counts)


def _days_late(row: GradedRow, policy: LatePolicy) -> int | None:
    """Days begun after the row's date and the free days; None when the date or the time is not known."""
    due = row.row.student.due or policy.due
    handed_in_at = row.row.handed_in_at
    if due is None or handed_in_at is None or due.tzinfo is None or handed_in_at.tzinfo is None:
        return None
    return max(0, math.ceil((handed_in_at - due - policy.free_days * DAY) / DAY))


def number(value: float | None) -> str:
    """A number of points as people write it; empty for none."""
    return "" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def days(count: int) -> str:
    """A number of days as people write it."""
    return "1 day" if count == 1 else f"{count} days"


def in_words(policy: LatePolicy) -> str:
    """A late policy for people; empty when lateness costs nothing and there is no date."""
    parts = [] if policy.due is None else [f"due {policy.due:%Y-%m-%d %H:%M %Z}"]
    if policy.costs:
        free = f" after {number(policy.free_days)} free days" if policy.free_days else ""
        cap = f", at most {number(policy.cap_percent)}%" if policy.cap_percent < 100 else ""
        parts.append(f"late: {number(policy.percent_per_day)}% of the points for each day begun{free}{cap}")
    return ", ".join(parts)
