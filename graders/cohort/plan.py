"""Owns what a run has to do: which rows are graded already, which are identical, which wait; must never grade.

Each submission is read once for that and forgotten, so the plan of a large cohort is small.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from graders.cancel import Cancel
from graders.cohort.collect.unpack import unread
from graders.cohort.grade_key import key_of
from graders.cohort.gradebook.book import Grade, Gradebook, Standing
from graders.cohort.row import GradeState, Row, RowState
from graders.cohort.run_event import RowRead, RunPlanned
from graders.errors import GradebookError, SubmissionError
from graders.submission import Submission

Read = Callable[[Row], Submission]
LASTING = (GradeState.PASSED, GradeState.FAILED)
BATCH = 200
"""How many rows are linked in one transaction."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows a run is about."""

    fresh: bool = False
    """Also what was graded before and is unchanged."""
    only: tuple[str, ...] = ()
    """Students; empty: everybody."""
    retry_errors: bool = False
    """Rows that are ERRORED and no others."""


@dataclass(slots=True)
class Job:
    """A submission to grade, for a row and all that are identical to it."""

    row: Row
    key: str
    content_sha256: str
    followers: list[Row] = field(default_factory=list)
    tries: int = 0
    alone: bool = False

    @property
    def student_id(self) -> str:
        """Whose submission it is."""
        return self.row.student.id


@dataclass(slots=True)
class Plan:
    """What is to do."""

    jobs: list[Job]
    told: RunPlanned


def make_plan(
    book: Gradebook, rows: Sequence[Row], choice: Choice, *, decided_by: str, read: Read, cancel: Cancel
) -> Generator[RowRead, None, Plan]:
    """Read every submission, link what is graded already, and say what is left. Raises GradebookError and Cancelled."""
    _check_names(rows, choice.only)
    standings = book.standings()
    ready = [row for row in rows if row.state is RowState.READY]
    chosen = [row for row in ready if _is_chosen(row.student.id, choice, standings)]
    chosen_ids = frozenset(row.student.id for row in chosen)
    if choice.fresh:
        book.forget(chosen_ids)
        standings = {name: standing for name, standing in standings.items() if name not in chosen_ids}
    first, lasting = ({}, {}) if choice.fresh else _known(ready, standings, chosen_ids)
    jobs: dict[str, Job] = {}
    links: list[tuple[str, Grade]] = []
    kept = same = unreadable = crashed = 0
    for done, row in enumerate(chosen, start=1):
        cancel.raise_if_set()
        yield RowRead(done, len(chosen))
        name = row.student.id
        try:
            submission = read(row)
        except SubmissionError as refusal:
            book.record_unreadable(unread(row, refusal))
            unreadable += 1
            continue
        except Exception as bug:  # noqa: BLE001 - a bug that one submission brings out must not cost the others
            error = f"Reading it crashed ({type(bug).__name__}: {bug}): a fault of ours, please report it"
            book.record(name, Grade(GradeState.ERRORED, "", "", error=error))
            crashed += 1
            continue
        key, content = key_of(decided_by, submission), submission.content_sha256
        del submission
        leader = first.setdefault(key, name)
        standing = standings.get(name)
        if key in lasting:
            is_kept = standing is not None and standing.key == key and standing.state in LASTING
            kept, same = (kept + 1, same) if is_kept else (kept, same + 1)
            same_as = "" if leader == name else leader
            if not is_kept or (standing is not None and standing.same_as != same_as):
                links.append((name, Grade(lasting[key], key, content, same_as=same_as, attempted=False, linked=True)))
        elif key in jobs:
            jobs[key].followers.append(row)
            same += 1
        else:
            jobs[key] = Job(row, key, content)
            if standing is not None and standing.state in LASTING:
                # What was graded is not what lies there now: until it is graded, the row waits.
                links.append((name, Grade(GradeState.WAITING, "", content, attempted=False)))
        if len(links) >= BATCH:
            book.record_all(links)
            links.clear()
    book.record_all(links)
    told = RunPlanned(
        rows=len(rows),
        nothing_to_grade=len(rows) - len(ready) + unreadable + crashed,
        kept=kept,
        same=same,
        to_grade=len(jobs),
        left_out=len(ready) - len(chosen),
    )
    return Plan(list(jobs.values()), told)


def _known(
    ready: Sequence[Row], standings: dict[str, Standing], chosen_ids: frozenset[str]
) -> tuple[dict[str, str], dict[str, GradeState]]:
    """Key -> the first student outside the choice who has it, and key -> how it was graded."""
    first: dict[str, str] = {}
    lasting: dict[str, GradeState] = {}
    for row in ready:
        standing = standings.get(row.student.id)
        if standing is not None and standing.state in LASTING:
            lasting.setdefault(standing.key, standing.state)
            if row.student.id not in chosen_ids:
                first.setdefault(standing.key, row.student.id)
    return first, lasting


def _is_chosen(student_id: str, choice: Choice, standings: dict[str, Standing]) -> bool:
    if choice.only and student_id not in choice.only:
        return False
    standing = standings.get(student_id)
    return not choice.retry_errors or (standing is not None and standing.state is GradeState.ERRORED)


def _check_names(rows: Sequence[Row], only: tuple[str, ...]) -> None:
    known = {row.student.id for row in rows}
    for name in only:
        if name not in known:
            near = get_close_matches(name, sorted(known), n=3)
            hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"There are {len(known)} students."
            raise GradebookError(f"There is no student {name!r} in this cohort", hint=hint)
