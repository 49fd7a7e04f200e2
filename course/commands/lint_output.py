"""Owns how the findings of `dockyard lint` are written; must never lint."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from course.lint import LintedFile
from course.version import __version__
from graders.formats.placed import Placed, Rule
from graders.safe_text import clean

FORMATS = ("text", "json", "github", "sarif")


def write(
    linted: Sequence[LintedFile], output_format: str, *, rules: Sequence[Rule], failures: Sequence[str], colour: bool
) -> str:
    """The findings in one of FORMATS. `failures`: what could not be read, for formats that have a place for it."""
    findings = tuple(item for file in linted for item in file.findings)
    if output_format == "json":
        return _json(linted)
    if output_format == "github":
        from graders.formats.github import annotate

        return annotate(findings)
    if output_format == "sarif":
        from graders.formats import sarif

        notes = tuple(sarif.notification(text) for text in failures)
        return sarif.write(findings, rules=rules, version=__version__, failures=notes, successful=not failures)
    return _text(findings, colour=colour)


def _text(findings: Sequence[Placed], *, colour: bool) -> str:
    """`file:line: id: message`, as compilers write it, the hint under it."""
    lines = []
    for item in findings:
        finding = item.finding
        where = clean(item.path) if finding.line is None else f"{clean(item.path)}:{finding.line}"
        name = item.rule.id
        if colour:
            where, name = click.style(where, bold=True), click.style(name, fg="red")
        lines.append(f"{where}: {name}: {clean(finding.message)}")
        if finding.hint:
            lines.append(f"    {clean(finding.hint)}")
    return "\n".join(lines)


def _json(linted: Sequence[LintedFile]) -> str:
    """dockyard/lint/v1: every file that was read, also one without findings, and neighbours that have some."""
    rows: dict[str, list[Placed]] = {}
    for file in linted:
        rows.setdefault(file.name, [])
        for item in file.findings:
            rows.setdefault(item.path, []).append(item)
    value = {
        "schema": "dockyard/lint/v1",
        "files": [{"file": name, "findings": [_row(item) for item in items]} for name, items in rows.items()],
    }
    return json.dumps(value, indent=2)


def _row(item: Placed) -> dict[str, str | int | None]:
    finding = item.finding
    return {
        "id": item.rule.id,
        "line": finding.line,
        "end_line": finding.end_line,
        "message": clean(finding.message),
        "hint": clean(finding.hint),
    }
