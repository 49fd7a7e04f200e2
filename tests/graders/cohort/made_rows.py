"""Owns graded rows that were made up, for tests of what is written from them; must never grade.

    python -m tests.graders.cohort.made_rows OUT --count 10000

writes every output of such a cohort and says how long it took and how large the page is.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from graders.cohort.gradebook.worth import LatePolicy
from graders.cohort.hand_back.outputs import CohortExercise, HandBackOptions
from graders.cohort.hand_back.run import write_all
from graders.cohort.row import GradedRow, GradeState, Override, Row, RowState, Student
from graders.finding import Finding
from graders.outcome import Level, Outcome, Status
from graders.report import BuildSummary, ImageSummary, Report

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)
FIRST = ("Ada", "Björn", "Chloé", "Dmitri", "Eun-ji", "Fatima", "Gráinne", "Hans Peter", "Ines", "Jun", "Kwame", "Li")
LAST = ("O'Neil", "García López", "Müller", "van der Berg", "Smith-Jones", "Nguyễn", "Kaya", "Łukasz", "Sato", "Okafor")
CHECKS = (
    ("unpinned-base", "Every base image names a fixed version", Level.DOCKERFILE, 1, 0.15),
    ("source-before-dependencies", "Dependencies are installed before the source is copied", Level.DOCKERFILE, 3, 0.4),
    ("runs-as-root", "The Dockerfile ends as a user who is not root", Level.DOCKERFILE, 1, 0.2),
    ("pip-cache-kept", "pip leaves no cache in a layer", Level.DOCKERFILE, 0, 0.5),
    ("image-too-large", "The image is at most 1.3 times the size of the solution's", Level.IMAGE, 2, 0.1),
    ("cache-lost-on-source-change", "A change of the source installs nothing again", Level.REBUILD, 3, 0.3),
)
"""Id, claim, level, points (0: advice), and how often it fails."""
MESSAGES = {
    "unpinned-base": "FROM python names no version, so the next build may start from another one",
    "source-before-dependencies": "COPY . . stands before RUN pip install -r requirements.txt",
    "runs-as-root": "Nothing sets a user, and the base image's is root",
    "pip-cache-kept": "pip install keeps its cache: 14 MB",
    "image-too-large": "The image has 412 MB, and at most 212 MB are allowed",
    "cache-lost-on-source-change": "After a change of app.py the step RUN pip install was built again",
}
EXERCISE = CohortExercise("cache-order", "Order of layers", sum(check[3] for check in CHECKS))


def outcome(place: int, status: Status, *, message: str = "", observed: str = "", line: int | None = 3) -> Outcome:
    """The outcome of one of CHECKS."""
    check_id, claim, level, points, _ = CHECKS[place]
    findings: tuple[Finding, ...] = ()
    if status is Status.FAILED:
        findings = (Finding(message or MESSAGES[check_id], observed=observed, expected="otherwise", line=line),)
    return Outcome(
        check_id,
        claim,
        level,
        status,
        required=points > 0,
        points=points if status is Status.PASSED else 0,
        max_points=points,
        findings=findings,
        reason="" if status in (Status.PASSED, Status.FAILED) else "build-fails did not pass",
        why="What is made again is waited for again.",
        hint="Which of the two changes more often?",
    )


def report(*outcomes: Outcome, sha256: str = "a" * 64, size_bytes: int = 151_000_000, build_s: float = 4.2) -> Report:
    """A report of these outcomes; every check passed when none is given."""
    return Report(
        EXERCISE.id,
        outcomes or tuple(outcome(place, Status.PASSED) for place in range(len(CHECKS))),
        sha256,
        "2026-11-21T02:10:00+00:00",
        9.1,
        build=BuildSummary(build_s),
        image=ImageSummary("sha256:" + "b" * 64, size_bytes, 122_000_000),
    )


def graded(student: Student, made: Report, **more: object) -> GradedRow:
    """A row with a report; `more` are fields of the row in the gradebook."""
    row = Row(student, RowState.READY, place=Path("handed-in") / "one", handed_in_at=DUE - timedelta(hours=5))
    values = {"attempts": 1, "graded_at": NOW, "content_sha256": made.content_sha256, **more}
    return GradedRow(row, GradeState(made.verdict.value), made, **values)  # type: ignore[arg-type]


def made_rows(count: int, seed: int = 1) -> Iterator[GradedRow]:
    """Rows as a real cohort has them: most graded, some late, copied, errored, missing or unreadable."""
    chance = random.Random(seed)
    for number in range(count):
        name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
        student = Student(f"s{100_000 + number}", name, f"Group {number % 4 + 1}")
        dice = chance.random()
        if dice < 0.02:
            yield GradedRow(Row(student, RowState.MISSING, "Handed in nothing"), GradeState.UNGRADED)
        elif dice < 0.03:
            reason = "work.zip is locked with a password"
            yield GradedRow(Row(student, RowState.ENCRYPTED, reason, Path("work.zip")), GradeState.UNGRADED)
        elif dice < 0.05:
            row = Row(student, RowState.READY, place=Path("work.zip"))
            error = "The engine did not answer within 60 s"
            yield GradedRow(row, GradeState.ERRORED, error=error, attempts=2)
        else:
            yield _one(chance, student, number)


def _one(chance: random.Random, student: Student, number: int) -> GradedRow:
    tidy = chance.random() < 0.35
    outcomes = []
    for place, (*_, often) in enumerate(CHECKS):
        failed = not tidy and chance.random() < often * 1.5
        outcomes.append(outcome(place, Status.FAILED if failed else Status.PASSED, line=chance.randint(1, 12)))
    made = report(
        *outcomes,
        sha256=f"{number:064x}",
        size_bytes=int(chance.lognormvariate(0.2, 0.35) * 130_000_000),
        build_s=round(chance.lognormvariate(1.4, 0.5), 2),
    )
    row = graded(student, made)
    handed_in_at = DUE + timedelta(hours=chance.triangular(-90, 40, -6))
    handed = Row(student, RowState.READY, place=Path("handed-in"), handed_in_at=handed_in_at)
    override = Override(6, "Explained it in person") if chance.random() < 0.01 else None
    copied = number > 10 and chance.random() < 0.1
    return GradedRow(
        handed,
        row.state,
        made,
        content_sha256=made.content_sha256,
        graded_at=NOW,
        same_as=f"s{100_000 + number - chance.randint(1, 10)}" if copied else "",
        attempts=0 if copied else 1 + (chance.random() < 0.03),
        override=override,
    )


def main() -> None:
    """Write a cohort's outputs and say what it took."""
    parser = argparse.ArgumentParser(description="Write every output of a made cohort.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=200)
    given = parser.parse_args()
    began = time.perf_counter()
    written = write_all(
        given.out,
        made_rows(given.count),
        EXERCISE,
        HandBackOptions(NOW, LatePolicy(DUE, percent_per_day=10.0, cap_percent=50.0)),
    )
    elapsed_s = time.perf_counter() - began
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{written.rows} rows in {elapsed_s:.1f} s, page {written.page_bytes / 1e6:.1f} MB, peak {peak_mib:.0f} MiB")


if __name__ == "__main__":
    main()
