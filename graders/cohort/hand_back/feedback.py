"""Owns the words that a student gets back, as Markdown; must never let text in them be markup, nor blame for ours.

What stands in it can be read as it is and as GitHub, GitLab or an LMS renders it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from graders.cohort.gradebook.worth import Score, days, number
from graders.cohort.row import GradedRow, GradeState, RowState
from graders.finding import Finding
from graders.formats.in_claims import report_in_claims
from graders.outcome import Outcome, Status
from graders.safe_text import clean, clean_lines

FINDINGS_SHOWN = 8
OBSERVED_LINES = 6
_MARKUP = re.compile(r"([\\`*_\[\]<>#|~&])")
_LINK = re.compile(r"://|\bwww\.|@", re.IGNORECASE)

STATE_WORDS = {
    RowState.MISSING: "Nothing of yours was found, so there is nothing to grade yet.",
    RowState.EMPTY: "What you handed in holds no file, so there is nothing to grade yet.",
    RowState.UNREADABLE: "What you handed in could not be read, so it is not graded yet.",
    RowState.ENCRYPTED: "What you handed in is locked with a password, so it is not graded yet.",
    RowState.DUPLICATE: "You handed in more than once, and another one of your submissions is graded.",
    RowState.UNMATCHED: "This submission could not be matched with a student of the roster.",
}
NEXT_WORDS = {
    RowState.MISSING: "If you did hand something in, tell your instructor when, and under which name.",
    RowState.EMPTY: "Please hand in again: the folder with your Dockerfile, or a zip or tar.gz of it.",
    RowState.UNREADABLE: "Please hand in again: the folder with your Dockerfile, or a fresh zip or tar.gz of it.",
    RowState.ENCRYPTED: "Please hand it in again without a password.",
    RowState.DUPLICATE: "There is nothing to do, unless the wrong one was graded: then tell your instructor.",
    RowState.UNMATCHED: "Tell your instructor your name and your number.",
}


@dataclass(frozen=True, slots=True)
class Words:
    """What feedback is about, beside the row."""

    title: str
    """Of the exercise."""
    check_command: str
    """What a student types to see the same at home."""


def feedback(row: GradedRow, score: Score, words: Words) -> str:
    """The feedback for one student, as Markdown with a final line end."""
    return "\n\n".join(_parts(row, score, words)) + "\n"


def short_feedback(row: GradedRow) -> str:
    """The same in one line of plain text, for a cell of a table."""
    if row.state is GradeState.UNGRADED:
        return f"{STATE_WORDS.get(row.row.state, 'Not graded.')} {clean(row.row.reason)}".strip()
    if row.state is GradeState.WAITING:
        return "Not graded yet."
    if row.state is GradeState.ERRORED or row.report is None:
        return "Could not be graded yet, and that is not your fault. It will be tried again."
    failed = [outcome for outcome in row.report.outcomes if outcome.required and outcome.status is Status.FAILED]
    if row.state is GradeState.PASSED:
        return "Passed: every check holds."
    if not failed:
        return "Not passed: a check could not be decided."
    return "To mend: " + "; ".join(_one_line(outcome) for outcome in failed)


def escape(text: str) -> str:
    """Foreign text as Markdown that shows it as it is: no markup, no link that it asks for, one line."""
    escaped = _MARKUP.sub(r"\\\1", clean(text))
    return _LINK.sub(lambda found: found[0][:-1] + "\\." if found[0][-1] == "." else "\\" + found[0], escaped)


def code(text: str) -> str:
    """Foreign text as a code span."""
    return f"`{clean(text).replace('`', chr(0x2019)) or ' '}`"


def _parts(row: GradedRow, score: Score, words: Words) -> Iterator[str]:
    student = row.row.student
    yield f"# {escape(words.title)}"
    yield f"For {escape(student.name or student.id)}" + (f" ({escape(student.id)})" if student.name else "")
    if row.state is GradeState.UNGRADED:
        yield "## Not graded yet"
        yield STATE_WORDS.get(row.row.state, "There is nothing to grade yet.")
        if row.row.reason:
            yield f"What was seen: {escape(row.row.reason)}."
        yield NEXT_WORDS.get(row.row.state, "Tell your instructor.")
    elif row.state is GradeState.WAITING:
        yield "## Not graded yet"
        yield "Your work is here and will be graded."
    elif row.state is GradeState.ERRORED or row.report is None:
        yield "## Not graded yet, and that is not your fault"
        yield (
            "Something on the machine that grades went wrong. Nothing was taken off, your work is safe, and it will be"
            " graded again. There is nothing that you need to do."
        )
        if row.report is not None and row.outcomes(Status.FAILED):
            yield "What could be seen so far:"
    else:
        yield f"## {_headline(row, score)}"
    yield from _points(row, score)
    if row.report is not None:
        yield from _checks(row, words)


def _headline(row: GradedRow, score: Score) -> str:
    points = f"{number(score.points)} of {score.max_points} points"
    return f"Passed: {points}" if row.state is GradeState.PASSED else f"Not passed yet: {points}"


def _points(row: GradedRow, score: Score) -> Iterator[str]:
    if score.late_percent and score.points_after_late is not None:
        yield (
            f"Handed in {days(score.late_days or 0)} after the date: {number(score.late_percent)}% of the points are"
            f" taken off, which leaves {number(score.points_after_late)}."
        )
    if row.override is not None:
        yield (
            f"Your instructor gave **{row.override.points} of {score.max_points} points**, and that is what counts:"
            f" {escape(row.override.reason or 'no reason was noted')}."
        )


def _checks(row: GradedRow, words: Words) -> Iterator[str]:
    assert row.report is not None
    report = report_in_claims(row.report)
    row = replace(row, report=report)
    failed = [outcome for outcome in row.outcomes(Status.FAILED) if outcome.required]
    if failed:
        yield "## What to mend" if len(failed) > 1 else "## The one thing to mend"
        for place, outcome in enumerate(failed, start=1):
            yield "\n".join(_outcome(outcome, f"### {place}. "))
    advice = [outcome for outcome in row.outcomes(Status.FAILED) if not outcome.required]
    if advice:
        yield "## Advice, which costs no points"
        for outcome in advice:
            yield "\n".join(_outcome(outcome, "### "))
    skipped = row.outcomes(Status.SKIPPED)
    if skipped:
        yield "## Not looked at yet"
        yield "\n".join(f"- {escape(outcome.claim)}: {escape(outcome.reason)}" for outcome in skipped)
    passed = row.outcomes(Status.PASSED)
    if passed:
        yield "## What already holds" if failed else "## What holds"
        yield "\n".join(f"- ✔ {escape(outcome.claim)}" for outcome in passed)
    if report.notices:
        yield "## Good to know"
        yield "\n".join(f"- {escape(notice)}" for notice in report.notices)
    if failed:
        yield f"To see the same on your own machine: {code(words.check_command)}"


def _outcome(outcome: Outcome, before: str) -> Iterator[str]:
    points = f" ({outcome.points} of {outcome.max_points} points)" if outcome.required and outcome.max_points else ""
    yield f"{before}{escape(outcome.claim)}{points}"
    yield ""
    for finding in outcome.findings[:FINDINGS_SHOWN]:
        yield from _finding(finding)
    left = len(outcome.findings) - FINDINGS_SHOWN
    if left > 0:
        yield f"- ... and {left} more of this kind"
    if outcome.why:
        yield from ("", f"Why it matters: {escape(outcome.why)}")
    hint = outcome.told_hint
    if hint:
        yield from ("", f"Hint: {escape(hint)}")
    yield from ("", f"(check {code(outcome.id)})")


def _finding(finding: Finding) -> Iterator[str]:
    place = code(finding.file) if finding.file else ""
    if finding.line is not None:
        lines = f"line {finding.line}"
        if finding.end_line is not None and finding.end_line > finding.line:
            lines = f"lines {finding.line} to {finding.end_line}"
        place = f"{place}, {lines}" if place else lines
    yield f"- {place}: {escape(finding.message)}" if place else f"- {escape(finding.message)}"
    for word, text in (("found", finding.observed), ("expected", finding.expected)):
        for line in [line for line in clean_lines(text) if line.strip()][-OBSERVED_LINES:]:
            yield f"  - {word}: {code(line)}"


def _one_line(outcome: Outcome) -> str:
    line = next((f" (line {finding.line})" for finding in outcome.findings if finding.line is not None), "")
    text = outcome.findings[0].message if outcome.findings else outcome.claim
    return f"{clean(text, max_len=200)}{line}"
