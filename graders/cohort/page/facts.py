"""Owns what the page tells of all rows together, gathered a row at a time; must never keep a report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from graders.cohort.gradebook.worth import Score
from graders.cohort.row import GradedRow, GradeState, RowState
from graders.formats.plain import place_and_message
from graders.limits import MB
from graders.outcome import Outcome, Status
from graders.safe_text import clean

EXAMPLES = 3
EXTREMES = 5


@dataclass(frozen=True, slots=True)
class Mention:
    """A row that is named somewhere else on the page."""

    number: int
    """Of its anchor."""
    name: str
    text: str = ""
    value: float = 0.0


@dataclass(slots=True)
class CheckTally:
    """One check over all rows."""

    claim: str
    required: bool
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    errored: int = 0
    examples: list[Mention] = field(default_factory=list)

    @property
    def decided(self) -> int:
        """Rows in which it passed or failed."""
        return self.passed + self.failed


@dataclass(slots=True)
class PageFacts:
    """Everything that stands above the list of students."""

    rows: int = 0
    max_points: int = 0
    states: Counter[GradeState] = field(default_factory=Counter)
    row_states: Counter[RowState] = field(default_factory=Counter)
    points: Counter[int] = field(default_factory=Counter)
    attempts: Counter[int] = field(default_factory=Counter)
    groups: Counter[str] = field(default_factory=Counter)
    sizes_mb: list[float] = field(default_factory=list)
    builds_s: list[float] = field(default_factory=list)
    largest: list[Mention] = field(default_factory=list)
    slowest: list[Mention] = field(default_factory=list)
    errored: list[Mention] = field(default_factory=list)
    ungraded: list[Mention] = field(default_factory=list)
    waiting: list[Mention] = field(default_factory=list)
    checks: dict[str, CheckTally] = field(default_factory=dict)
    late: int = 0
    overridden: int = 0
    copies: int = 0
    names: dict[str, Mention] = field(default_factory=dict)
    """Id -> where the student stands."""

    def add(self, row: GradedRow, score: Score, number: int) -> None:
        """Count a row in."""
        student = row.row.student
        name = clean(f"{student.name} ({student.id})" if student.name else student.id, max_len=80)
        self.rows += 1
        self.max_points = max(self.max_points, score.max_points)
        self.states[row.state] += 1
        self.row_states[row.row.state] += 1
        self.groups[student.group] += 1
        self.late += bool(score.late_days) or row.row.marked_late
        self.overridden += row.override is not None
        self.copies += bool(row.same_as)
        if row.row.state is not RowState.DUPLICATE:
            self.names[student.id] = Mention(number, name)
        if row.attempts:
            self.attempts[row.attempts] += 1
        if row.state is GradeState.ERRORED:
            self.errored.append(Mention(number, name, error_of(row), row.attempts))
        elif row.state is GradeState.UNGRADED:
            self.ungraded.append(Mention(number, name, clean(f"{row.row.state}: {row.row.reason}", max_len=300)))
        elif row.state is GradeState.WAITING:
            self.waiting.append(Mention(number, name))
        if score.points is not None:
            self.points[score.points] += 1
        if row.report is not None:
            self._add_report(row, number, name)

    def _add_report(self, row: GradedRow, number: int, name: str) -> None:
        report = row.report
        assert report is not None
        for outcome in report.outcomes:
            tally = self.checks.setdefault(outcome.id, CheckTally(clean(outcome.claim), outcome.required))
            setattr(tally, outcome.status.value, getattr(tally, outcome.status.value) + 1)
            # A copy's words are the same again.
            if outcome.status is Status.FAILED and len(tally.examples) < EXAMPLES and not row.same_as:
                tally.examples.append(Mention(number, name, _example_of(outcome)))
        if report.image is not None:
            size_mb = report.image.size_bytes / MB
            self.sizes_mb.append(size_mb)
            _keep_highest(self.largest, Mention(number, name, value=size_mb))
        if report.build is not None:
            self.builds_s.append(report.build.elapsed_s)
            _keep_highest(self.slowest, Mention(number, name, value=report.build.elapsed_s))

    def most_failed(self) -> list[tuple[str, CheckTally]]:
        """Checks that somebody failed, the most failed first, those that cost points before advice."""
        failed = [(check_id, tally) for check_id, tally in self.checks.items() if tally.failed]
        return sorted(failed, key=lambda item: (not item[1].required, -item[1].failed, item[0]))


def error_of(row: GradedRow) -> str:
    """Why a row is ERRORED, in one line."""
    if row.error:
        return clean(row.error, max_len=300)
    if row.report is None:
        return "No reason was kept"
    reasons = (outcome.reason for outcome in row.report.outcomes if outcome.status is Status.ERRORED)
    return "; ".join(dict.fromkeys(clean(reason, max_len=300) for reason in reasons)) or "No reason was kept"


def _example_of(outcome: Outcome) -> str:
    """What a failed check said, in one line."""
    return clean(place_and_message(outcome.findings[0]) if outcome.findings else outcome.reason, max_len=300)


def _keep_highest(kept: list[Mention], new: Mention) -> None:
    kept.append(new)
    kept.sort(key=lambda mention: -mention.value)
    del kept[EXTREMES:]
