"""Owns `dockyard checklist`; must never prove a line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from course.commands.invocation import Invocation
from course.commands.options import formats_option, output_option, spoken_options
from course.commands.output import emit, ensure_writable, say
from course.spoken import checklist_line
from graders.safe_text import clean

if TYPE_CHECKING:
    from course.checklist_record import ChecklistRecord
    from course.session import ChecklistLine


@click.command("checklist")
@click.argument("level", required=False, type=click.IntRange(min=1), metavar="[LEVEL]")
@click.option(
    "--cohort",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Of everybody graded: DIR of `dockyard grade --out`, or a folder that holds several.",
)
@formats_option("text", "json", "markdown", "html", "csv")
@output_option
@spoken_options
@click.pass_context
def checklist_command(
    ctx: click.Context, *, level: int | None, cohort: Path | None, output_format: str, output: Path | None
) -> None:
    """What a level asks for before the next one opens, each line proved by the program.

    The formats but text are a record to hand in: with each line stands what proved it, the check or the answer, image
    and size, versions, times, and the sums of the files and of the report. Without LEVEL: the level of the current
    lesson.

    For instructors: with --cohort, what the gradebooks in DIR prove of the level for each student, as text, json or
    csv. What is proved only on a student's own machine, such as a question, is marked and counts for nobody.

    \b
    Examples:
      dockyard checklist
      dockyard checklist 1 --format html --output checklist.html
      dockyard checklist 1 --cohort graded/ --format csv --output level-1.csv

    \b
    Exit codes: 0 every line is done (with --cohort: every line that an exercise
    proves, by everybody), 1 something is missing, 2 there is no gradebook.
    """
    invocation = ctx.ensure_object(Invocation)
    if output is not None:
        ensure_writable(output)
    if cohort is not None:
        ctx.exit(_cohort(invocation, cohort, level, output_format, output))
    if output_format == "csv":
        raise click.UsageError("--format csv is for --cohort DIR")
    with invocation.session() as session:
        number = level if level is not None else int(session.current().number.partition(".")[0])
        lines = session.checklist(number)
        record = session.checklist_record(number) if output_format != "text" else None
        if session.unlock_all:
            say("All lessons are unlocked (--unlock-all). That proves no line.")
    if record is None:
        emit("\n".join(checklist_lines(lines, plain=invocation.plain)) or f"Level {number} asks for nothing.", output)
    else:
        emit(_export(record, output_format), output)
    ctx.exit(0 if all(line.done for line in lines) else 1)


def _cohort(invocation: Invocation, place: Path, level: int | None, output_format: str, output: Path | None) -> int:
    """Show the checklist of a cohort; the exit code."""
    from course.commands.checklist_cohort import WRITERS, read_cohort_checklist

    if output_format not in WRITERS:
        raise click.UsageError(f"--cohort is written as {', '.join(WRITERS)}, not as {output_format}")
    found = read_cohort_checklist(invocation.catalog(), place, level)
    emit(WRITERS[output_format](found), output)
    return 0 if found.complete else 1


def say_missing(number: str, lines: tuple[ChecklistLine, ...], *, plain: bool) -> None:
    """Say what keeps a lesson locked."""
    say(f"Lesson {number} is not open yet. What is missing:")
    for line in checklist_lines(lines, plain=plain):
        say(f"  {line}")


def checklist_lines(lines: tuple[ChecklistLine, ...], *, plain: bool) -> list[str]:
    """Each line with a box that reads without colour; `plain`: with a word."""
    if plain:
        return [checklist_line(line) for line in lines]
    texts = []
    for line in lines:
        box = click.style("[x]", fg="green") if line.done else "[ ]"
        remedy = "" if line.done or not line.remedy else f"  ->  {clean(line.remedy)}"
        texts.append(f"{box} {clean(line.text)}{remedy}")
    return texts


def _export(record: ChecklistRecord, output_format: str) -> str:
    from course.checklist_export import WRITERS

    return WRITERS[output_format](record)
