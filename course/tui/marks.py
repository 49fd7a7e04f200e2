"""Owns the marks and words that stand for a status, readable without colour; must never lay anything out."""

from __future__ import annotations

from course.amount import human_bytes, seconds
from course.session import LessonState
from graders.outcome import Outcome, Status

__all__ = ["LESSON_MARKS", "OUTCOME_MARKS", "OUTCOME_WORDS", "human_bytes", "outcome_mark", "outcome_word", "seconds"]

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
    LessonState.LOCKED: ("·", "$foreground 65%"),
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
