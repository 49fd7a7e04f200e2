"""Owns one student's part of the page, short enough for ten thousand; must never let text in it be markup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from urllib.parse import quote

from graders.cohort.gradebook.worth import Score, days, number
from graders.cohort.page.facts import Mention, error_of
from graders.cohort.row import GradedRow, GradeState
from graders.finding import Finding
from graders.limits import MB
from graders.outcome import Outcome, Status
from graders.safe_text import clean, clean_lines

FINDINGS_SHOWN = 4
QUOTE_CHARS = 160
QUOTE_LINES = 4
MARKS = {
    GradeState.PASSED: ("good", "✔ passed"),
    GradeState.FAILED: ("bad", "✘ failed"),
    GradeState.ERRORED: ("odd", "! errored"),
    GradeState.UNGRADED: ("soft", "– not graded"),
    GradeState.WAITING: ("soft", "… waiting"),
}
COLUMNS = (
    ("n", "Student", ""),
    ("t", "State", ""),
    ("p", "Counts", "r"),
    ("l", "Late", "r"),
    ("z", "Image", "r"),
    ("b", "Build", "r"),
    ("a", "Attempts", "r"),
)
"""Key in the row's data, heading, class."""


def text(value: str, max_len: int = 300) -> str:
    """Foreign text for a page."""
    return escape(clean(value, max_len=max_len))


def link(mention: Mention) -> str:
    """A link to a student's part."""
    return f'<a href="#s{mention.number}">{text(mention.name)}</a>'


def student_part(row: GradedRow, score: Score, place: int, folder: str, names: Mapping[str, Mention]) -> str:
    """One line that opens; `folder` is the student's folder in `students`, empty for none."""
    report, student = row.report, row.row.student
    size = report.image.size_bytes / MB if report is not None and report.image is not None else None
    build_s = report.build.elapsed_s if report is not None and report.build is not None else None
    data = {
        "t": str(row.state),
        "p": number(score.counts),
        "l": number(score.late_days),
        "z": "" if size is None else f"{size:.1f}",
        "b": "" if build_s is None else f"{build_s:.1f}",
        "a": str(row.attempts),
        "g": clean(student.group),
        "c": " ".join(outcome.id for outcome in row.outcomes(Status.FAILED)),
    }
    attributes = "".join(f' data-{key}="{escape(value)}"' for key, value in data.items() if value)
    kind, mark = MARKS[row.state]
    shown_id = f" <small>{text(student.id, 80)}</small>" if student.name else ""
    late = "" if not score.late_days else f"{score.late_days} d"
    points = f"{number(score.counts)}/{score.max_points}" if score.counts is not None else ""
    cells = (
        f"<b>{text(student.name or student.id, 80)}{shown_id}</b>",
        f'<span class="{kind}">{mark}</span>',
        f'<span class="r">{points}{"*" if row.override is not None else ""}</span>',
        f'<span class="r">{late or ("late" if row.row.marked_late else "")}</span>',
        f'<span class="r">{"" if size is None else f"{size:.0f} MB"}</span>',
        f'<span class="r">{"" if build_s is None else f"{build_s:.1f} s"}</span>',
        f'<span class="r">{row.attempts or ""}</span>',
    )
    body = "".join(_body(row, score, folder, names))
    return (
        f'<details class="s"{attributes}><summary>{"".join(cells)}</summary><div id="s{place}">{body}</div></details>\n'
    )


def _body(row: GradedRow, score: Score, folder: str, names: Mapping[str, Mention]) -> Iterator[str]:
    if row.state is GradeState.UNGRADED:
        yield f"<p><strong>{text(str(row.row.state))}</strong>: {text(row.row.reason) or 'nothing to grade'}</p>"
    if row.state is GradeState.ERRORED:
        yield f"<p>Not graded, and that is no fault of the submission: {text(error_of(row), 600)}</p>"
    if score.late_percent and score.points is not None:
        yield (
            f"<p>Reached {score.points} of {score.max_points}; {days(score.late_days or 0)} late:"
            f" −{number(score.late_percent)}%, {number(score.points_after_late)} left</p>"
        )
    if row.override is not None:
        was = "no grade" if score.points_after_late is None else number(score.points_after_late)
        yield f"<p>* Given by hand: {row.override.points} instead of {was}. {text(row.override.reason)}</p>"
    # What costs points before advice.
    for outcome in sorted(row.outcomes(Status.FAILED), key=lambda outcome: not outcome.required):
        yield _failed(outcome)
    skipped = row.outcomes(Status.SKIPPED)
    if skipped:
        ids = ", ".join(f"<code>{escape(outcome.id)}</code>" for outcome in skipped)
        yield f'<p class="soft">Not looked at: {ids}</p>'
    if row.report is not None:
        held = len(row.outcomes(Status.PASSED))
        yield f'<p class="soft">{held} of {len(row.report.outcomes)} checks hold</p>'
    facts = "".join(f"<li>{fact}</li>" for fact in _facts(row, folder, names))
    if facts:
        yield f'<ul class="soft">{facts}</ul>'


def _failed(outcome: Outcome) -> str:
    points = f"{outcome.points}/{outcome.max_points}" if outcome.required else "advice"
    parts = [f"<h3><code>{escape(outcome.id)}</code> {text(outcome.claim)} <small>{points}</small></h3>"]
    parts += [_finding(finding) for finding in outcome.findings[:FINDINGS_SHOWN]]
    left = len(outcome.findings) - FINDINGS_SHOWN
    if left > 0:
        parts.append(f'<p class="soft">and {left} more</p>')
    return "".join(parts)


def _finding(finding: Finding) -> str:
    place = text(finding.file, 80) + (f":{finding.line}" if finding.line is not None else "")
    line = f"<p>{f'<code>{place}</code> ' if place else ''}{text(finding.message, 400)}</p>"
    # The end of what a program said tells most.
    quoted = [seen[:QUOTE_CHARS] for seen in clean_lines(finding.observed) if seen.strip()][-QUOTE_LINES:]
    observed = "\n".join(quoted)
    return line + (f'<p class="q">{escape(observed)}</p>' if observed and observed not in finding.message else "")


def _facts(row: GradedRow, folder: str, names: Mapping[str, Mention]) -> Iterator[str]:
    if folder:
        at = quote(f"students/{folder}")
        files = [("feedback.md", "feedback")] + ([("report.json", "report")] if row.report is not None else [])
        yield " · ".join(f'<a href="{at}/{file}">{word}</a>' for file, word in files)
    if row.same_as:
        original = names.get(row.same_as)
        yield f"Same content as {link(original) if original else text(row.same_as, 80)}: graded once"
    if row.row.handed_in_at is not None:
        yield f"Handed in {row.row.handed_in_at:%Y-%m-%d %H:%M %Z}"
    if row.row.student.group:
        yield f"Group: {text(row.row.student.group, 80)}"
    if row.row.commit:
        yield f"Commit <code>{text(row.row.commit, 40)}</code>"
    if row.report is not None:
        yield from (text(notice) for notice in row.report.notices[:FINDINGS_SHOWN])
