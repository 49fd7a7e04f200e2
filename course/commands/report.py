"""Owns `dockyard report`; must never grade."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from course.commands.grade import read_due
from course.commands.invocation import Invocation
from course.commands.options import formats_option, output_option, quiet_option, verbosity
from course.commands.output import emit, ensure_writable, say
from course.commands.verbosity import Verbosity

if TYPE_CHECKING:
    from course.cohort_report import Reported
    from graders.exercise import ExerciseSpec

SCHEMA = "dockyard/cohort-report/v1"
SAY_EVERY = 1000
"""Rows between two lines of progress."""
NONE = "none"


def _due(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | str | None:
    return NONE if value is not None and value.strip().lower() == NONE else read_due(ctx, param, value)


_PERCENT = click.FloatRange(0, 100)


@click.command("report")
@click.argument("place", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--due", callback=_due, metavar="DATE", help="When it was due, where the roster has no date; or none.")
@click.option("--late-percent", type=_PERCENT, metavar="N", help="Per cent of the points that each day begun costs.")
@click.option("--late-free-days", type=click.FloatRange(0), metavar="N", help="Days after the date that cost nothing.")
@click.option("--late-cap", type=_PERCENT, metavar="N", help="The most per cent that lateness costs.")
@click.option("--assignment", metavar="NAME", help="The assignment's name in Canvas: the column of its table.")
@click.option("--exercise", default="", metavar="EX", help="The exercise's folder, where it is none of the course.")
@formats_option("text", "json")
@output_option
@quiet_option
@click.pass_context
def report_command(
    ctx: click.Context,
    *,
    place: Path,
    due: datetime | str | None,
    late_percent: float | None,
    late_free_days: float | None,
    late_cap: float | None,
    assignment: str | None,
    exercise: str,
    output_format: str,
    output: Path | None,
    quiet: bool,
) -> None:
    """Write the results of a graded cohort again: tables, feedback, and the page to read.

    DIR is what `dockyard grade --out` wrote. Nothing is graded and no engine is asked, so this also serves while a
    run goes on, and after points were given by hand. In DIR are then:

    \b
      report.html            the cohort on one page: opens from disk, prints, works without a network
      gradebook.csv          everything, a line for each row
      gradebook-canvas.csv   for Canvas: Grades, Import
      gradebook-moodle.csv   for Moodle: the assignment's grading worksheet
      students/ID/           feedback.md, report.json, junit.xml, and results.json for Gradescope

    What you say of lateness is kept in DIR and holds from then on. It stands in columns of its own: the points of a
    submission stay what they are.

    \b
    Examples:
      dockyard report graded/
      dockyard report graded/ --due 2026-11-20 --late-percent 10 --late-free-days 1 --late-cap 50
      dockyard report graded/ --due none --assignment "Order of layers (1234)"

    \b
    Exit codes: 0 written, 2 there is no gradebook, or it can't be read.
    """
    from course.cohort_report import LateWords, write_report

    invocation = ctx.ensure_object(Invocation)
    level = verbosity(quiet=quiet)
    ensure_writable(output)

    def tell(rows: int) -> None:
        if rows % SAY_EVERY == 0 and level is not Verbosity.QUIET:
            say(f"{rows} rows written")

    reported = write_report(
        place,
        lambda exercise_id: _exercise(exercise or exercise_id, invocation),
        now=datetime.now(UTC),
        late=LateWords(
            due=due if isinstance(due, datetime) else None,
            no_due=due == NONE,
            free_days=late_free_days,
            percent_per_day=late_percent,
            cap_percent=late_cap,
        ),
        assignment=assignment,
        progress=tell,
    )
    if not reported.compared and level is not Verbosity.QUIET:
        say(f"Submissions are not compared: the exercise {reported.exercise} is not here. Name it with --exercise.")
    emit(_json(reported) if output_format == "json" else _text(reported), output)


def _exercise(name: str, invocation: Invocation) -> ExerciseSpec:
    from course.cohort import find_exercise

    return find_exercise(name, invocation.catalog)


def _text(reported: Reported) -> str:
    from graders.cohort.gradebook.spreadsheet import FILE_NAMES

    written = reported.handed_back
    out = written.page.parent
    lines = [str(written.page), *(str(out / name) for name in FILE_NAMES.values()), f"{out / 'students'}/"]
    alike = f", {written.pairs} alike" if reported.compared else ""
    return "\n".join([f"{written.rows} rows, {written.students} students{alike}", *lines])


def _json(reported: Reported) -> str:
    written = reported.handed_back
    document = {
        "schema": SCHEMA,
        "exercise": reported.exercise,
        "rows": written.rows,
        "students": written.students,
        "compared": reported.compared,
        "alike": written.pairs,
        "page": str(written.page),
        "page_bytes": written.page_bytes,
    }
    return json.dumps(document, indent=2)
