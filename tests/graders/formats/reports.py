"""Owns the reports that the tests of the formats write and read back; holds no tests."""

from __future__ import annotations

import re

from graders.finding import Finding
from graders.outcome import Level, Outcome, Status
from graders.report import EngineSummary, ImageSummary, Report

HOSTILE = (
    "]]> <b>&amp;</b> %0A::error::gotcha [x](https://example.org) **bold** {0}\n::set-env name=A::b\r\n"
    "##[error]no \x00\x08\x1b[31mred\x1b]52;c;aGk=\x07\x9b2J \u202eevil\u2066 \ufffe\uffff \ud800 \U000e0041 , : % \\"
)
"""What a submission may hold: XML's ends, markup, commands of a CI host, terminal escapes, bidi, what is no text."""
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]")

PASSED = Outcome("unpinned-base", "Every base names a version", Level.DOCKERFILE, Status.PASSED, True, 2, 2, 0.01)
FAILED = Outcome(
    "runs-as-root",
    "The program isn't root",
    Level.DOCKERFILE,
    Status.FAILED,
    max_points=3,
    elapsed_s=0.25,
    findings=(
        Finding('"USER root" is in force', "USER root", "a user of your own", line=4, end_line=6, hint="Which user?"),
        Finding("Two of 3 are wrong, 50% of all: see below", file="src/a b,c:d%.py", line=9),
    ),
    why="Root in a container is root.",
    hint="A user",
)
SKIPPED = Outcome(
    "image-too-large", "Small", Level.IMAGE, Status.SKIPPED, max_points=4, reason="Needs build-fails to pass first"
)
ADVICE = Outcome(
    "slow-rebuild",
    "Quick",
    Level.REBUILD,
    Status.FAILED,
    required=False,
    findings=(Finding("Slow: 12 s, at most 10", file=""),),
)
ERRORED = Outcome(
    "port-silent",
    "It answers",
    Level.CONTAINER,
    Status.ERRORED,
    max_points=5,
    reason="The engine is gone",
    remedy="dockyard engine up",
)


def report(*outcomes: Outcome, static_only: bool = False, notices: tuple[str, ...] = ()) -> Report:
    """A report of these outcomes."""
    return Report(
        exercise="tiny",
        outcomes=outcomes,
        content_sha256="c0ffee",
        started_at="2026-11-21T10:00:00+00:00",
        elapsed_s=1.5,
        image=ImageSummary("sha256:1", 123),
        engine=EngineSummary("docker", "20.10", "overlay2"),
        notices=notices,
        static_only=static_only,
    )


MIXED = report(PASSED, FAILED, SKIPPED, ADVICE)
BROKEN = report(PASSED, FAILED, ERRORED)
"""The engine died: no grade, though one check failed."""
GREEN = report(PASSED, ADVICE)
STATIC = report(PASSED, SKIPPED, static_only=True)
UNDECIDED = report(PASSED, SKIPPED)
"""Nothing failed, and yet it did not pass."""
EMPTY = report()
NASTY = report(
    Outcome(
        "wrong-output",
        HOSTILE,
        Level.CONTAINER,
        Status.FAILED,
        max_points=1,
        findings=(Finding(HOSTILE, HOSTILE, HOSTILE, file=HOSTILE, line=7, hint=HOSTILE),),
        why=HOSTILE,
        hint=HOSTILE,
    ),
    Outcome("never-healthy", HOSTILE, Level.CONTAINER, Status.ERRORED, reason=HOSTILE, remedy=HOSTILE),
    Outcome("port-silent", HOSTILE, Level.CONTAINER, Status.SKIPPED, reason=HOSTILE),
    notices=(HOSTILE,),
)
ALL = {
    "mixed": MIXED, "broken": BROKEN, "green": GREEN, "static": STATIC, "undecided": UNDECIDED, "empty": EMPTY,
    "nasty": NASTY,
}  # fmt: skip
