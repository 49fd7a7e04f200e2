"""Owns the commands of a learner's way through the course; must never grade."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from course import spoken
from course.commands.checklist import say_missing
from course.commands.choice import as_named, choose_exercise, complete_exercises, next_step
from course.commands.invocation import Invocation
from course.commands.options import colour_option, format_option, output_option, pass_invocation, spoken_options
from course.commands.outline_text import exercise_line, outline_json, outline_text
from course.commands.output import emit, say
from course.slash import lesson_number, start_command
from graders.safe_text import clean, clean_lines

if TYPE_CHECKING:
    from course.session import LessonRow, Session


def print_outline(invocation: Invocation) -> None:
    """The outline and what to do next, on standard output."""
    with invocation.session() as session:
        shown = outline_text(session.outline(), plain=invocation.plain)
        emit(f"{shown}\n\nNext: {next_step(session)}")


@click.command("list")
@format_option
@output_option
@spoken_options
@pass_invocation
def list_command(invocation: Invocation, *, output_format: str, output: Path | None) -> None:
    """The course: levels, lessons, exercises and where you stand."""
    with invocation.session() as session:
        levels = session.outline()
    text = outline_json(levels) if output_format == "json" else outline_text(levels, plain=invocation.plain)
    emit(text, output)


@click.command("status")
@colour_option
@spoken_options
@pass_invocation
def status_command(invocation: Invocation) -> None:
    """Where you stand, and what to do next."""
    with invocation.session() as session:
        lesson = session.current()
        rows = [row for level in session.outline() for other in level.lessons for row in other.exercises]
        passed = sum(row.passed for row in rows)
        if invocation.plain:
            emit("\n".join(_spoken_status(session, lesson, f"{passed} of {len(rows)}")))
            return
        lines = [
            f"Lesson     {lesson.number}  {clean(lesson.title)}  ({lesson.state})",
            *(exercise_line(row, "Exercise   ") for row in lesson.exercises),
            f"Exercises  {passed} of {len(rows)} passed",
            f"Workspace  {clean(str(session.paths.workspace))}",
            f"Next       {next_step(session)}",
        ]
    emit("\n".join(lines))


def _spoken_status(session: Session, lesson: LessonRow, passed: str) -> list[str]:
    """The same in sentences."""
    return [
        spoken.lesson_line(lesson),
        *map(spoken.exercise_line, lesson.exercises),
        f"{passed} exercises of the course passed.",
        f"Your files are in {clean(str(session.paths.workspace))}.",
        f"Next: {next_step(session)}",
    ]


@click.command("start")
@click.argument("name", metavar="EX|X.Y", shell_complete=complete_exercises)
@click.pass_context
def start_command_line(ctx: click.Context, *, name: str) -> None:
    """Start an exercise: copy its starter into your workspace and print the folder; or open lesson X.Y.

    What is there already stays as it is: "dockyard reset EX" puts the starter back.

    \b
    Examples:
      dockyard start first-image
      dockyard start 2.1
    """
    invocation = ctx.ensure_object(Invocation)
    number = lesson_number(name.removeprefix("/start-"))
    with invocation.session() as session:
        if number is not None:
            ctx.exit(_start_lesson(session, number, plain=invocation.plain))
        exercise = as_named(name)
        folder = session.start_exercise(exercise)
        files = session.exercise_files(exercise)
    emit(str(folder))
    if files:
        say(f"Edit {clean(str(files[0]))}, then: dockyard check {exercise}")


@click.command("hint")
@click.argument("exercise", required=False, metavar="[EX]", shell_complete=complete_exercises)
@pass_invocation
def hint_command(invocation: Invocation, *, exercise: str | None) -> None:
    """Show the next hint: first a question, then the concept, then almost the answer.

    Without EX: the exercise in whose folder you stand, else the next one of the current lesson.
    """
    with invocation.session() as session:
        chosen = choose_exercise(session, exercise)
        shown = session.hint(chosen)
    emit(_lines(shown.markdown))
    if not shown.last:
        say(f"Hint {shown.strength} of {chosen}; a stronger one: dockyard hint {chosen}")


@click.command("reset")
@click.argument("exercise", metavar="EX", shell_complete=complete_exercises)
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.pass_context
def reset_command(ctx: click.Context, *, exercise: str, yes: bool) -> None:
    """Put an exercise's starter back. Your files are kept, and you are told where."""
    invocation = ctx.ensure_object(Invocation)
    exercise = as_named(exercise)
    with invocation.session() as session:
        folder = clean(str(session.paths.workspace / exercise))
        ask = not yes and invocation.terminal.interactive and session.is_started(exercise)
        if ask and not click.confirm(f"Put the starter back into {folder}? Your files are kept", err=True):
            say("Nothing was changed.")
            ctx.exit(1)
        kept = session.reset(exercise)
    emit(str(kept))
    say(f"The starter is back in {folder}; your files are in the folder above.")


@click.command("solution")
@click.argument("exercise", metavar="EX", shell_complete=complete_exercises)
@click.option("--give-up", is_flag=True, help="Show it without a pass; this is recorded.")
@pass_invocation
def solution_command(invocation: Invocation, *, exercise: str, give_up: bool) -> None:
    """Show the reference solution: after you passed, or with --give-up, which is recorded."""
    with invocation.session() as session:
        files = session.solution(as_named(exercise), give_up=give_up)
    blocks = [f"{click.style(f'# ---- {clean(path)}', bold=True)}\n{_lines(text)}" for path, text in files.items()]
    emit("\n\n".join(blocks))


def _start_lesson(session: Session, number: str, *, plain: bool) -> int:
    """Open a lesson, or say what is missing; the exit code."""
    result = session.start_lesson(number)
    if result.lesson is None:
        say_missing(number, result.missing, plain=plain)
        return 1
    lesson = result.lesson
    emit(
        "\n".join(
            [
                f"Lesson {lesson.number}  {clean(lesson.title)}  ({lesson.minutes} minutes)",
                *(f"  - {clean(objective)}" for objective in lesson.objectives),
                f"Read it: dockyard read {lesson.number}; or at the desk: dockyard, {start_command(lesson.number)}",
                *(f"Then: dockyard start {exercise}" for exercise in lesson.exercises),
                *([f"Its questions: dockyard quiz {lesson.number}"] if lesson.quizzes else []),
            ]
        )
    )
    return 0


def _lines(text: str) -> str:
    """Lines without control characters."""
    return "\n".join(clean_lines(text))
