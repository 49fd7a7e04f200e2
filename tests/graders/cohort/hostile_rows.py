"""Owns texts that would do harm on a page that believed them, and rows full of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from graders.cohort.row import GradedRow, GradeState, Override, Row, RowState, Student
from graders.finding import Finding
from graders.outcome import Status
from tests.graders.cohort.made_rows import graded, outcome, report

HOSTILE = (
    "</script><script>alert(1)</script>",
    "</details></style><style>*{display:none}</style>",
    "<img src=x onerror=alert(1)>",
    '"\' onmouseover=alert(1) x="',
    "javascript:alert(1)",
    "{body}{script}{style_hash}",
    "<!-- ",
    "\x1b]0;owned\x07\x1b[31m\x9b2J",
    "\u202egnp.exe\u2066\u200b",
    "\x00\ufffe\udcff",
    "&lt;b&gt;",
)
"""Markup, scripts, forms to fill in, control characters, and characters that turn a line around."""


def hostile_rows(text: str) -> list[GradedRow]:
    """Rows that hold a text wherever a submission, a roster or an engine can put one."""
    student = Student(f"id{text}", text, text, lms_id=text)
    finding = Finding(text, observed=f"seen {text}", expected=text, file=text, line=1, hint=text)
    bad = replace(outcome(1, Status.FAILED), findings=(finding,), claim=text, why=text, hint=text)
    made = replace(report(bad, outcome(5, Status.SKIPPED)), notices=(text,))
    ready = Row(student, RowState.READY, place=Path("x"), commit=text, note=text)
    return [
        replace(graded(student, made), row=ready, override=Override(3, text)),
        GradedRow(Row(Student(f"two{text}", text), RowState.READY), GradeState.ERRORED, error=text, attempts=1),
        GradedRow(Row(Student(f"three{text}"), RowState.UNREADABLE, text), GradeState.UNGRADED),
        graded(Student(f"four{text}"), made, same_as=f"id{text}"),
    ]
