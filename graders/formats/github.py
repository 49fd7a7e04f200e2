"""Owns findings as workflow commands of GitHub Actions, one a line; must never let text start a command of its own.

Each line is one `::error`, `::warning` or `::notice` command; GitHub shows it at the file and line that it names.
Source: "Workflow commands for GitHub Actions" and `escapeData`/`escapeProperty` of actions/toolkit, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graders.formats.placed import Placed, Severity, placed, verdict_line
from graders.outcome import Outcome, Status
from graders.report import Report, Verdict
from graders.safe_text import clean

_IN_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def dumps(report: Report, folder: str = "") -> str:
    """The report as commands: findings, what was not decided, then the verdict. `folder` is where the files lie."""
    rows = [*_findings(placed(report, folder))]
    rows += [_undecided(outcome) for outcome in report.outcomes if outcome.status is Status.ERRORED]
    kind = "notice" if report.verdict is Verdict.PASSED or report.static_only else "error"
    text = [verdict_line(report), *(f"To mend it: {remedy}" for remedy in report.remedies)]
    rows.append(_command(kind, {"title": f"dockyard {report.exercise}"}, text))
    return "\n".join(rows) + "\n"


def annotate(findings: Iterable[Placed]) -> str:
    """The findings as commands; empty for none."""
    return "".join(f"{row}\n" for row in _findings(findings))


def _findings(findings: Iterable[Placed]) -> Iterator[str]:
    for item in findings:
        finding = item.finding
        properties = {"file": item.path}
        if finding.line is not None and item.path:
            properties["line"] = str(finding.line)
            if finding.end_line is not None and finding.end_line > finding.line:
                properties["endLine"] = str(finding.end_line)
        properties["title"] = item.rule.id
        text = [finding.message]
        text += [f"Found: {finding.observed}"] if finding.observed else []
        text += [f"Expected: {finding.expected}"] if finding.expected else []
        text += [f"Hint: {finding.hint or item.rule.hint}"] if finding.hint or item.rule.hint else []
        yield _command("error" if item.severity is Severity.ERROR else "warning", properties, text)


def _undecided(outcome: Outcome) -> str:
    text = ["Not decided, and that is no fault of the submission", outcome.reason]
    return _command("error" if outcome.required else "warning", {"title": outcome.id}, text)


def _command(kind: str, properties: dict[str, str], lines: list[str]) -> str:
    """One command; a property without a value is left out."""
    named = [f"{name}={clean(value).translate(_IN_PROPERTY)}" for name, value in properties.items() if value]
    data = "\n".join(filter(None, map(clean, lines))).translate(_IN_DATA)
    return f"::{kind} {','.join(named)}::{data}" if named else f"::{kind}::{data}"
