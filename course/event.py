"""Owns what a session says while it works, beside the grader's own events; must never be printed from here."""

from __future__ import annotations

from typing import NamedTuple

from graders.event import GradeEvent
from graders.report import Report


class CheckRecorded(NamedTuple):
    """Last event of a check: the report, and what it changed."""

    report: Report
    first_pass: bool
    unlocked: tuple[str, ...]
    """Numbers of lessons that this pass opened."""


SessionEvent = GradeEvent | CheckRecorded
