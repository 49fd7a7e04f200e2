"""Owns making a report again of the JSON form that we kept ourselves; must never be given what others wrote.

The folder that it comes from vouches for every byte, so that only its shape is looked at: what reads anybody's
report, `graders.formats.json.loads`, costs more than all else of a check that is answered from the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graders.finding import Finding
from graders.outcome import Level, Outcome, Status
from graders.report import BaseSummary, BuildSummary, EngineSummary, ImageSummary, Report, StepSummary

DERIVED = ("schema", "status", "points", "max_points")
"""What the form says and a report works out."""


def remade(document: Mapping[str, Any]) -> Report:
    """The report that `dumps` wrote. Raises ValueError when a key is missing or unknown, or a table is none."""
    try:
        values = {name: value for name, value in document.items() if name not in DERIVED}
        values["outcomes"] = tuple(_outcome(**check) for check in values.pop("checks"))
        values["notices"] = tuple(values["notices"])
        values["bases"] = tuple(BaseSummary(**base) for base in values["bases"])
        for name, kind in (("image", ImageSummary), ("engine", EngineSummary)):
            values[name] = values[name] and kind(**values[name])
        values["build"] = values["build"] and _build(**values["build"])
        return Report(**values)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"This is no report of ours: {error}") from error


def _outcome(*, level: str, status: str, findings: list[dict[str, Any]], **rest: Any) -> Outcome:
    made = tuple(Finding(**finding) for finding in findings)
    return Outcome(level=Level(level), status=Status(status), findings=made, **rest)


def _build(*, steps: list[dict[str, Any]], **rest: Any) -> BuildSummary:
    return BuildSummary(steps=tuple(StepSummary(**step) for step in steps), **rest)
