"""Owns which exercise a command means when none is named, and what to do next; must never change anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from course.errors import ConfigError

if TYPE_CHECKING:
    from course.commands.invocation import Invocation
    from course.session import ExerciseRow, LessonRow, LevelRow, Session


def choose_exercise(invocation: Invocation, session: Session, named: str | None) -> str:
    """The exercise that is named, else the one whose folder we stand in, else the next of the current lesson.

    ConfigError when there is none.
    """
    if named:
        return named.strip().rstrip("/")
    here = _here(invocation)
    lesson = session.current()
    known = {row.id for level in session.outline() for other in level.lessons for row in other.exercises}
    if here in known:
        return here
    row = _next_exercise(lesson)
    if row is None:
        raise ConfigError(f"Lesson {lesson.number} has no exercise", hint="Name one: dockyard list shows them all.")
    return row.id


def next_step(invocation: Invocation, session: Session) -> str:
    """The next command, and in a few words why."""
    lesson = session.current()
    row = _next_exercise(lesson)
    if row is not None and not row.passed:
        if (invocation.paths().workspace / row.id).is_dir():
            return f"dockyard check {row.id}    (edit {invocation.paths().workspace / row.id} first)"
        return f"dockyard start {row.id}"
    following = _following(session.outline(), lesson)
    if following is not None and following.state.value != "locked":
        return f"dockyard start {following.number}"
    level = lesson.number.partition(".")[0]
    return f"dockyard checklist {level}    (what is missing; quizzes are answered in dockyard's own window)"


def _here(invocation: Invocation) -> str:
    """The name of the workspace's folder that we stand in; empty when we stand elsewhere."""
    try:
        inside = Path.cwd().resolve().relative_to(invocation.paths().workspace.resolve())
    except (ValueError, OSError):
        return ""
    return inside.parts[0] if inside.parts else ""


def _next_exercise(lesson: LessonRow) -> ExerciseRow | None:
    """The first exercise that is not passed, else the last; None when the lesson has none."""
    for row in lesson.exercises:
        if not row.passed:
            return row
    return lesson.exercises[-1] if lesson.exercises else None


def _following(levels: tuple[LevelRow, ...], lesson: LessonRow) -> LessonRow | None:
    """The lesson after this one."""
    rows = [row for level in levels for row in level.lessons]
    numbers = [row.number for row in rows]
    place = numbers.index(lesson.number) + 1 if lesson.number in numbers else len(rows)
    return rows[place] if place < len(rows) else None
