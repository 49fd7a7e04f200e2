"""Owns the report as Gradescope's results.json; must never write a score that is no grade.

Source: gradescope-autograders "Autograder Specifications", read 2026-11. There a test case without a score is
informational, and results need a score at the top or in the cases. So a report that is ERRORED, or of static checks
alone, has no score anywhere: Gradescope then records none and flags the run for the instructor, instead of a zero. The
text at the top says why; `dockyard` ends with 3 besides.

All text is "text", which Gradescope shows as it is: its other formats render HTML or markdown.
"""

from __future__ import annotations

import json
from typing import TypeAlias

from graders.formats.placed import verdict_line
from graders.formats.plain import lines_of
from graders.outcome import Outcome, Status
from graders.report import Report
from graders.safe_text import clean

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value]"

VISIBILITIES = ("visible", "hidden", "after_due_date", "after_published")
STATUSES = {Status.PASSED: "passed", Status.FAILED: "failed"}
"""Gradescope knows no other status: what was skipped or errored has none."""


def dumps(report: Report, *, visibility: str = "visible") -> str:
    """The report as indented ASCII JSON with a final line end. `visibility` is one of VISIBILITIES."""
    return json.dumps(document_of(report, visibility), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def document_of(report: Report, visibility: str = "visible") -> dict[str, Value]:
    """The report as `dumps` writes it."""
    if visibility not in VISIBILITIES:
        raise ValueError(f"{visibility!r} is no visibility that Gradescope knows")
    graded = report.is_grade
    document: dict[str, Value] = {
        "output": "\n".join([verdict_line(report), *(clean(notice) for notice in report.notices), *_remedies(report)]),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": visibility,
        "stdout_visibility": "hidden",
        "execution_time": round(max(0.0, report.elapsed_s)),
        "tests": [_test(outcome, graded=graded) for outcome in report.outcomes],
        "extra_data": {
            "exercise": clean(report.exercise),
            "status": report.verdict.value,
            "static_only": report.static_only,
            "content_sha256": clean(report.content_sha256),
            "started_at": clean(report.started_at),
        },
    }
    if graded:
        document = {"score": report.points, **document}
    return document


def _test(outcome: Outcome, *, graded: bool) -> Value:
    test: dict[str, Value] = {
        "name": clean(outcome.claim),
        "name_format": "text",
        "output": "\n".join([*_words(outcome), *lines_of(outcome)]),
        "output_format": "text",
        "tags": [clean(outcome.id), outcome.level.value],
        "extra_data": {
            "id": clean(outcome.id),
            "status": outcome.status.value,
            "required": outcome.required,
            "lines": [finding.line for finding in outcome.findings if finding.line is not None],
        },
    }
    if outcome.status in STATUSES:
        test["status"] = STATUSES[outcome.status]
    if graded and outcome.required and outcome.max_points:
        test["score"] = outcome.points
        test["max_score"] = outcome.max_points
    return test


def _words(outcome: Outcome) -> list[str]:
    """What Gradescope has no field for."""
    words = []
    if outcome.status is Status.SKIPPED:
        words.append("SKIPPED")
    elif outcome.status is Status.ERRORED:
        words.append("ERRORED: not decided, and that is no fault of the submission")
    if not outcome.required:
        words.append("Advice: costs no points")
    return words


def _remedies(report: Report) -> list[str]:
    return [f"For the instructor: {clean(remedy)}" for remedy in report.remedies]
