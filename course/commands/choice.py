"""Owns which exercise a command means when none is named, and what to do next; must never change anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from course.errors import ConfigError

if TYPE_CHECKING:
    import click

    from course.session import LessonRow, Session


def choose_exercise(session: Session, named: str | None) -> str:
    """The exercise that is named, else the one whose folder we stand in, else the next of the current lesson.

    ConfigError when there is none.
    """
    if named:
        return named.strip().rstrip("/")
    here = _here(session.paths.workspace)
    if any(here == row.id for level in session.outline() for lesson in level.lessons for row in lesson.exercises):
        return here
    chosen = session.current_exercise()
    if chosen is None:
        raise ConfigError(
            f"Lesson {session.current().number} has no exercise", hint="Name one: dockyard list shows them all."
        )
    return chosen


def complete_exercises(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001  the signature of a completion
    """The exercises whose names begin so, for a shell that completes a line."""
    from course.paths import find_content

    folders = (path.parent.name for path in (find_content() / "exercises").glob("*/exercise.toml"))
    return sorted(name for name in folders if name.startswith(incomplete))


def next_after(session: Session, exercise: str) -> str:
    """The next command after a pass of this exercise: the rest of its lesson first; empty when it has no lesson."""
    number = session.catalog.lesson_of(exercise)
    rows = (row for level in session.outline() for row in level.lessons if row.number == number)
    row = next(rows, None)
    return "" if row is None else next_step(session, row)


def next_step(session: Session, lesson: LessonRow | None = None) -> str:
    """The next command in a lesson (else the current one), and in a few words why."""
    lesson = lesson or session.current()
    for row in lesson.exercises:
        if not row.passed:
            if session.is_started(row.id):
                return f"edit {session.paths.workspace / row.id}, then: dockyard check {row.id}"
            return f"dockyard start {row.id}"
    following = next_lesson(session, lesson)
    if following is None:
        return "nothing is left: you are through"
    if following.state.value != "locked":
        return f"dockyard start {following.number}"
    level = lesson.number.partition(".")[0]
    return f"dockyard checklist {level}    (says what is missing; its questions: dockyard quiz {lesson.number})"


def next_lesson(session: Session, lesson: LessonRow) -> LessonRow | None:
    """The lesson after this one; None when it is the last."""
    rows = [row for level in session.outline() for row in level.lessons]
    numbers = [row.number for row in rows]
    place = numbers.index(lesson.number) + 1
    return rows[place] if place < len(rows) else None


def _here(workspace: Path) -> str:
    """The name of the workspace's folder that we stand in; empty when we stand elsewhere."""
    try:
        inside = Path.cwd().resolve().relative_to(workspace.resolve())
    except (ValueError, OSError):
        return ""
    return inside.parts[0] if inside.parts else ""
