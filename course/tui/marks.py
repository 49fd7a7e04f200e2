"""Owns the marks and words that stand for a status, readable without colour; must never lay anything out."""

from __future__ import annotations

from course.session import LessonState
from graders.outcome import Outcome, Status

OUTCOME_MARKS: dict[Status, tuple[str, str]] = {
    Status.PASSED: ("✔", "$text-success"),
    Status.FAILED: ("✘", "$text-error"),
    Status.SKIPPED: ("–", "$foreground 65%"),
    Status.ERRORED: ("!", "$text-warning"),
}
"""Status -> mark and style."""

LESSON_MARKS: dict[LessonState, tuple[str, str]] = {
    LessonState.PASSED: ("✔", "$text-success"),
    LessonState.OPEN: ("▸", "$text-primary"),
    LessonState.LOCKED: ("·", "$foreground 45%"),
}
"""State -> mark and style."""

OUTCOME_WORDS: dict[Status, str] = {
    Status.PASSED: "passed",
    Status.FAILED: "failed",
    Status.SKIPPED: "skipped",
    Status.ERRORED: "not decided",
}


def outcome_mark(outcome: Outcome) -> tuple[str, str]:
    """Mark and style of an outcome; a failure that costs nothing is a warning."""
    if outcome.status is Status.FAILED and not outcome.required:
        return ("▲", "$text-warning")
    return OUTCOME_MARKS[outcome.status]


def outcome_word(outcome: Outcome) -> str:
    """The word after a claim; passed needs none."""
    if outcome.status is Status.PASSED:
        return ""
    word = OUTCOME_WORDS[outcome.status]
    return word if outcome.required else f"{word}, advice only"


def human_bytes(size_bytes: int) -> str:
    """ "12.3 MB"; powers of a thousand, as engines print them."""
    value = float(size_bytes)
    for unit in ("B", "kB", "MB"):
        if value < 999.5:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 99.95 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def seconds(elapsed_s: float) -> str:
    """ "0.4 s", "12 s", "2 min 05 s"."""
    if elapsed_s < 9.95:
        return f"{elapsed_s:.1f} s"
    if elapsed_s < 119.5:
        return f"{elapsed_s:.0f} s"
    minutes, rest = divmod(round(elapsed_s), 60)
    return f"{minutes} min {rest:02d} s"
