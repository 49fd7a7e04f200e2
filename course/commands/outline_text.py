"""Owns how the course's outline reads: in rows, in sentences, as JSON; must never ask the session."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from course import spoken
from graders.safe_text import clean

if TYPE_CHECKING:
    from course.session import ExerciseRow, LessonRow, LevelRow

STATE_COLOURS = {"passed": "green", "open": "cyan", "locked": None}


def outline_text(levels: tuple[LevelRow, ...], *, plain: bool) -> str:
    """The outline for people; `plain` in sentences."""
    if plain:
        return "\n".join(spoken.outline(levels))
    lines: list[str] = []
    for level in levels:
        if lines:
            lines.append("")
        lines.append(click.style(f"Level {level.number}  {clean(level.title)}", bold=True))
        for lesson in level.lessons:
            lines.append(_lesson_line(lesson))
            lines.extend(exercise_line(row, "       ") for row in lesson.exercises)
    return "\n".join(lines)


def outline_json(levels: tuple[LevelRow, ...]) -> str:
    """The outline for programs: dockyard/outline/v1."""
    value = {
        "schema": "dockyard/outline/v1",
        "levels": [
            {
                "number": level.number,
                "title": level.title,
                "lessons": [
                    {
                        "number": lesson.number,
                        "title": lesson.title,
                        "minutes": lesson.minutes,
                        "state": lesson.state.value,
                        "exercises": [
                            {
                                "id": row.id,
                                "title": row.title,
                                "minutes": row.minutes,
                                "passed": row.passed,
                                "attempts": row.attempts,
                            }
                            for row in lesson.exercises
                        ],
                    }
                    for lesson in level.lessons
                ],
            }
            for level in levels
        ],
    }
    return json.dumps(value, indent=2)


def exercise_line(row: ExerciseRow, indent: str) -> str:
    """A box, the exercise, and how often it was checked, behind `indent`."""
    box = click.style("[x]", fg="green") if row.passed else "[ ]"
    return f"{indent}{box} {row.id}  {clean(row.title)}  ({row.minutes} min, {row.checked})"


def _lesson_line(lesson: LessonRow) -> str:
    state = click.style(f"{lesson.state:<6}", fg=STATE_COLOURS[lesson.state.value])
    return f"  {lesson.number:<4} {state}  {clean(lesson.title)}  ({lesson.minutes} min)"
