"""Owns `dockyard override`: points that the instructor gives by hand; must never touch a grade."""

from __future__ import annotations

from pathlib import Path

import click

from course.commands.output import emit, say


@click.command("override")
@click.argument("out", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@click.argument("student", required=False, metavar="[ID]")
@click.argument("points", required=False, type=click.IntRange(0), metavar="[POINTS]")
@click.option("--reason", default="", metavar="TEXT", help="Why; it stands beside the points.")
@click.option("--clear", is_flag=True, help="Take the points back: what grading found counts again.")
def override_command(*, out: Path, student: str | None, points: int | None, reason: str, clear: bool) -> None:
    """Give a student points by hand, in the gradebook in DIR. They outlive every regrade.

    Without ID: list what was given by hand. The reason is shown wherever the points are.

    \b
    Examples:
      dockyard override graded/ ada 7 --reason "The proxy was down on Friday"
      dockyard override graded/ ada --clear
      dockyard override graded/
    """
    from graders.cohort.gradebook.book import FILE_NAME, open_gradebook
    from graders.cohort.gradebook.find import find_gradebook
    from graders.cohort.row import Override
    from graders.safe_text import clean

    book = open_gradebook(find_gradebook(out) / FILE_NAME, create=False)
    try:
        if student is None:
            given = [(row.row.student.id, row.override) for row in book.rows() if row.override is not None]
            lines = [f"{clean(name)}  {override.points}  {clean(override.reason)}" for name, override in given]
            emit("\n".join(lines) or "No points were given by hand")
            return
        if clear:
            if points is not None:
                raise click.UsageError("Give POINTS or --clear, not both")
            book.override(student, None)
            say(f"What grading found counts again for {clean(student)}")
        else:
            if points is None:
                raise click.UsageError("How many POINTS? Or --clear to take them back")
            if not reason.strip():
                raise click.UsageError('Points given by hand need a reason: --reason "..."')
            facts = book.facts()
            if facts is not None and points > facts.max_points:
                say(f"Note: the exercise gives at most {facts.max_points} points")
            book.override(student, Override(points, reason.strip()))
            say(f"{clean(student)} has {points} points: {clean(reason)}")
        say(f"Write the tables and the page again: dockyard report {out}")
    finally:
        book.close()
