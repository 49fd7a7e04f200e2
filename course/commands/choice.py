"""Owns which exercise a command means when none is named, and what to do next; must never change anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from course.errors import ConfigError

if TYPE_CHECKING:
    import click

    from course.session import Session


def choose_exercise(session: Session, named: str | None) -> str:
    """The exercise that is named, else the one whose folder we stand in, else the next of the current lesson.

    ConfigError when there is none.
    """
    if named:
        return as_named(named)
    here = _here(session.paths.workspace)
    if any(here == row.id for level in session.outline() for lesson in level.lessons for row in lesson.exercises):
        return here
    chosen = session.current_exercise()
    if chosen is None:
        raise ConfigError(
            f"Lesson {session.current().number} has no exercise", hint="Name one: dockyard list shows them all."
        )
    return chosen


def as_named(typed: str) -> str:
    """The exercise that was typed: a shell that completes the name of its folder ends it with a slash."""
    return typed.strip().rstrip("/")


def complete_exercises(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001  the signature of a completion
    """The exercises whose names begin so, for a shell that completes a line."""
    from course.paths import find_content

    folders = (path.parent.name for path in (find_content() / "exercises").glob("*/exercise.toml"))
    return sorted(name for name in folders if name.startswith(incomplete))


def next_after(session: Session, exercise: str) -> str:
    """The next command after a pass of this exercise: the rest of its lesson first; empty when it has no lesson."""
    number = session.catalog.lesson_of(exercise)
    return "" if number is None else next_step(session, number)


def next_step(session: Session, number: str = "") -> str:
    """The next command in the lesson with this number (else the current one), and in a few words why."""
    number = number or session.current().number
    for exercise in session.unsolved(number)[:1]:
        if session.is_started(exercise):
            return f"edit {session.paths.workspace / exercise}, then: dockyard check {exercise}"
        return f"dockyard start {exercise}"
    following = next_lesson(session, number)
    if not following:
        return "nothing is left: you are through"
    if not session.is_locked(following):
        return f"dockyard start {following}"
    level = number.partition(".")[0]
    return f"dockyard checklist {level}    (says what is missing; its questions: dockyard quiz {number})"


def next_lesson(session: Session, number: str) -> str:
    """The number of the lesson after this one; empty when it is the last."""
    numbers = [*session.catalog.slugs, ""]
    return numbers[numbers.index(number) + 1]


def _here(workspace: Path) -> str:
    """The name of the workspace's folder that we stand in; empty when we stand elsewhere."""
    try:
        inside = Path.cwd().resolve().relative_to(workspace.resolve())
    except (ValueError, OSError):
        return ""
    return inside.parts[0] if inside.parts else ""
