"""Owns the chart of a learner's own builds, cold and warm, as lines of text; must never build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from course.amount import seconds
from course.progress import Attempt

SHOWN_AT_MOST = 6
"""Checks in a chart: the first, and the last ones."""
_LABEL_CELLS = 38


@dataclass(frozen=True, slots=True)
class BuiltCheck:
    """The builds of one recorded check."""

    number: int
    """Of the check among all recorded ones, from 1."""
    attempt: Attempt


def built_checks(attempts: Sequence[Attempt]) -> tuple[BuiltCheck, ...]:
    """The checks that built, oldest first; one whose builds are those of the check before is left out."""
    found: list[BuiltCheck] = []
    for number, attempt in enumerate(attempts, start=1):
        if attempt.build_s is None:
            continue
        if found and _builds(found[-1].attempt) == _builds(attempt):
            continue
        found.append(BuiltCheck(number, attempt))
    return tuple(found)


def chart_lines(exercise: str, attempts: Sequence[Attempt], columns: int) -> tuple[str, ...]:
    """The chart, `columns` wide; without a build it says how to get one."""
    checks = built_checks(attempts)
    if not checks:
        return (
            f"No build of yours to draw yet. Begin with dockyard start {exercise}, then",
            f"dockyard check {exercise} builds it twice: cold, and again after one line of the code changed.",
            "Both bars then stand here.",
        )
    left_out = len(checks) - SHOWN_AT_MOST
    shown = checks if left_out <= 0 else (checks[0], *checks[-(SHOWN_AT_MOST - 1) :])
    longest = max(value for check in shown for value in (check.attempt.build_s, check.attempt.rebuild_s) if value)
    cells = max(columns - _LABEL_CELLS - 12, 8)
    lines: list[str] = []
    for index, check in enumerate(shown):
        attempt = check.attempt
        if index == 1 and left_out > 0:
            lines.append(f"... {left_out} more ...")
        lines.append(f"check {check.number} of {exercise}, {attempt.verdict}")
        kept = f"{attempt.cached_steps} of {attempt.steps} steps kept" if attempt.cached_steps else "nothing kept"
        lines.append(_bar(f"  build ({kept})" if attempt.steps else "  build", attempt.build_s, longest, cells))
        if attempt.rebuild_stopped and attempt.rebuild_s is None:
            lines.append("  after a change of the code              the install again, so it was stopped there")
        elif attempt.rebuild_s is not None:
            label = "  after a change: the install again" if attempt.rebuild_stopped else "  after a change of the code"
            lines.append(_bar(label, attempt.rebuild_s, longest, cells))
    return tuple(lines)


def _bar(label: str, elapsed_s: float | None, longest_s: float, cells: int) -> str:
    took = elapsed_s or 0.0
    full = max(round(took / longest_s * cells), 1)
    return f"{label:<{_LABEL_CELLS}}  {'█' * full} {seconds(took)}"


def _builds(attempt: Attempt) -> tuple[object, ...]:
    return (attempt.image_id, attempt.build_s, attempt.rebuild_s)
