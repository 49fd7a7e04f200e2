"""Owns what a session says while it works, beside the grader's own events; must never be printed from here."""

from __future__ import annotations

from dataclasses import dataclass

from graders.event import GradeEvent
from graders.report import Report


@dataclass(frozen=True, slots=True)
class BasePreparing:
    """A base image is being pulled or built. `fraction` 0..1; None: not known."""

    reference: str
    text: str
    fraction: float | None


@dataclass(frozen=True, slots=True)
class CheckRecorded:
    """Last event of a check: the report, and what it changed."""

    report: Report
    first_pass: bool
    unlocked: tuple[str, ...]
    """Numbers of lessons that this pass opened."""


SessionEvent = GradeEvent | BasePreparing | CheckRecorded
