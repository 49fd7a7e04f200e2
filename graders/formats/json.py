"""Owns the JSON form of a report (dockyard/report/v1); must never leave out a key.

The schema beside this file is the contract. Text from a submission stands in it as it is, escaped as JSON
escapes: whoever shows it cleans it.
"""

from __future__ import annotations

import json
from dataclasses import fields

from graders.report import Report
from graders.typed_data import converted

SCHEMA = "dockyard/report/v1"


def dumps(report: Report) -> str:
    """The report as indented JSON with a final line end; only ASCII, so that no terminal is moved by it."""
    return json.dumps(document_of(report), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def compact(report: Report) -> str:
    """The same on one line, for a store: indenting takes the library ten times as long."""
    return json.dumps(document_of(report), ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def document_of(report: Report) -> dict[str, object]:
    """The report as `dumps` writes it."""
    document = {item.name: _plain(getattr(report, item.name)) for item in fields(report)}
    outcomes = document.pop("outcomes")
    return {
        "schema": SCHEMA,
        "exercise": document.pop("exercise"),
        "status": report.verdict.value,
        "points": report.points,
        "max_points": report.max_points,
        "checks": outcomes,
        **document,
    }


def loads(text: str) -> Report:
    """The report that `dumps` or `compact` wrote, whoever hands it over. Raises ValueError for anything else."""
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError(f"Not a report of the schema {SCHEMA}")
    document["outcomes"] = document.pop("checks", [])
    return converted(document, Report)


def _plain(value: object) -> object:
    """A value of a report as tables, lists and scalars."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    names = getattr(value, "__dataclass_fields__", None)
    return value if names is None else {name: _plain(getattr(value, name)) for name in names}
