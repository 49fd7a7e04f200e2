"""Owns `dockyard grade`; must never grade by itself."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from course.commands.choice import complete_exercises
from course.commands.interrupt import cancel_on_signal
from course.commands.invocation import Invocation
from course.commands.options import formats_option, output_option, verbosity, verbosity_options
from course.commands.output import INTERRUPTED, emit, ensure_writable, say, say_error
from course.commands.verbosity import Verbosity
from course.version import __version__
from graders.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from graders.cohort.cluster.grader import ClusterGrader
    from graders.cohort.gradebook.book import Gradebook
    from graders.cohort.run_event import RunEnded
    from graders.exercise import ExerciseSpec

SCHEMA = "dockyard/cohort/v1"
MAX_JOBS = 64
SLOW_ROWS = 500
"""So many rows take a while to be written."""


def read_due(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    """A day, which ends at midnight here, or a moment; with a time zone, or in this machine's."""
    if value is None:
        return None
    text = value.strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{text!r} is no date: write 2026-11-20, or 2026-11-20T18:00"
        raise click.BadParameter(message, ctx=ctx, param=param) from error
    if len(text) <= len("2026-11-20"):
        moment = datetime.combine(moment.date(), time(23, 59, 59))
    return moment if moment.tzinfo is not None else moment.astimezone()


@click.command("grade")
@click.argument("submissions", type=click.Path(exists=True, path_type=Path), metavar="SUBMISSIONS")
@click.option(
    "--exercise",
    "exercise",
    required=True,
    metavar="EX",
    shell_complete=complete_exercises,
    help="Exercise to grade for: its id or its folder.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the gradebook and all results go; the same DIR goes on where a run was stopped.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, MAX_JOBS),
    default=min(4, os.cpu_count() or 1),
    show_default="a processor each, at most 4",
    help="Submissions graded at once.",
)
@click.option(
    "--roster",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="CSV",
    help="Who should have handed in: columns id and name, if you like group and due.",
)
@click.option(
    "--due",
    callback=read_due,
    metavar="DATE",
    help="When it was due, where the roster has no date. What lateness costs: see dockyard report.",
)
@click.option("--fresh", is_flag=True, help="Grade again, also what was graded before and is unchanged.")
@click.option(
    "--only", default="", metavar="ID[,ID...]", help="Only these students; the others' rows stay as they are."
)
@click.option("--retry-errors", is_flag=True, help="Only rows that are errored (any run tries these again).")
@click.option(
    "--scheduler",
    default="",
    metavar="ADDRESS",
    help="Grade on the workers of this Dask scheduler; without -j, as many at once as they take.",
)
@click.option("--timing-counts", is_flag=True, help="Let seconds cost points; needs -j 1 and a quiet machine.")
@formats_option("text", "json")
@output_option
@verbosity_options("each row as it ends, and why others can't be graded")
@click.pass_context
def grade_command(
    ctx: click.Context,
    *,
    submissions: Path,
    exercise: str,
    out: Path,
    jobs: int,
    roster: Path | None,
    due: datetime | None,
    fresh: bool,
    only: str,
    retry_errors: bool,
    scheduler: str,
    timing_counts: bool,
    output_format: str,
    output: Path | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Grade everybody's submissions, and go on where an earlier run was stopped.

    SUBMISSIONS is a folder with a folder or an archive for each student, or what Moodle or Canvas let you download.
    Results are written as they come, so nothing is lost when the run is stopped or killed: give the same command
    again. What is unchanged since is not graded twice, and identical submissions are graded once. Rows that are
    errored (the engine's fault or ours) are tried again; failed ones are not.

    Checks that measure seconds only advise here, because submissions share this machine; --timing-counts lets them
    cost points. ctrl+c stops within a second and leaves nothing on the engine.

    \b
    Examples:
      dockyard grade submissions/ --exercise cache-order --out graded/ --roster roster.csv -j 2
      dockyard grade moodle.zip --exercise cache-order --out graded/ --due 2026-11-20
      dockyard grade submissions/ --exercise cache-order --out graded/ --only ada,björn --fresh
      dockyard grade submissions/ --exercise cache-order --out graded/ --scheduler tls://10.0.0.1:8786

    \b
    Exit codes: 0 every row is graded (failed students are no error), 2 usage or
    content, 3 rows are errored or the engine stayed away, 130 interrupted.
    """
    from course.cohort import CohortRequest, find_exercise, local_grader, open_cohort
    from course.commands.cohort_progress import CohortNarrator, collected_lines, summary
    from graders.cohort.plan import Choice
    from graders.cohort.run_event import RunEnded
    from graders.cohort.run_settings import RunSettings

    if scheduler and ctx.get_parameter_source("jobs") is ParameterSource.DEFAULT:
        jobs = 0
    if timing_counts and jobs != 1:
        raise click.UsageError("--timing-counts needs -j 1: submissions that share the machine slow each other down")
    invocation = ctx.ensure_object(Invocation)
    level = verbosity(quiet=quiet, verbose=verbose)
    ensure_writable(output)
    with ExitStack() as stack:
        paths = invocation.paths()
        spec = find_exercise(exercise, invocation.catalog)
        names = tuple(name for part in only.split(",") if (name := part.strip()))
        choice = Choice(fresh=fresh, only=names, retry_errors=retry_errors)
        settings = RunSettings(jobs=jobs, choice=choice, timing_counts=timing_counts, dockyard=__version__)
        cancel = stack.enter_context(cancel_on_signal())
        cluster: ClusterGrader | None = None
        if scheduler:
            from course.cluster import cluster_grader, settings_for

            cluster = stack.enter_context(cluster_grader(scheduler, spec, _voice(level), cancel))
            settings = settings_for(cluster, settings)
        request = CohortRequest(submissions, out, spec, roster, settings)
        grader = cluster or local_grader(spec, invocation.engine, invocation.environ, paths.state)
        is_live = invocation.has_status_line and bool(invocation.terminal.colours)
        ended: RunEnded | None = None
        with CohortNarrator(spec.id, level, size=_window(invocation) if is_live else None) as narrator:
            if cluster is not None:
                cluster.say_through(narrator.note)

            def collecting(done: int, total: int) -> None:
                cancel.raise_if_set()
                narrator.collecting(done, total)

            cohort = stack.enter_context(open_cohort(request, grader, collecting))
            for line in collected_lines(cohort.rows, every=level is Verbosity.VERBOSE):
                narrator.note(line)
            for event in cohort.events(cancel):
                narrator.tell(event)
                if isinstance(event, RunEnded):
                    ended = event
        assert ended is not None
        if level is not Verbosity.QUIET:
            say(summary(ended))
            if len(cohort.rows) > SLOW_ROWS:
                say(f"Writing tables, feedback and the page for {len(cohort.rows)} rows")
        _hand_back(out, cohort.book, spec, due)
        code = _say_what_next(ended, out, level)
        emit(_json(ended, spec, out) if output_format == "json" else _text(ended, out), output)
    ctx.exit(code)


def _voice(level: Verbosity) -> Callable[[str], None]:
    """Where notes go before there is a table."""
    return say if level is not Verbosity.QUIET else lambda _: None


def _window(invocation: Invocation) -> Callable[[], tuple[int, int]]:
    """Columns and lines of the terminal, which may change while a cohort is graded."""
    from course.terminal import look

    def size() -> tuple[int, int]:
        terminal = look(invocation.environ, no_colour=invocation.no_colour)
        return terminal.columns, terminal.lines

    return size


def _hand_back(out: Path, book: Gradebook, spec: ExerciseSpec, due: datetime | None) -> None:
    """Write what people read: tables, a folder for each student, the page."""
    from graders.cohort.gradebook.worth import LatePolicy
    from graders.cohort.hand_back.outputs import HandBackOptions, exercise_of
    from graders.cohort.hand_back.run import write_all

    write_all(out, book.rows(), exercise_of(spec), HandBackOptions(now=datetime.now(UTC), late=LatePolicy(due=due)))


def _say_what_next(ended: RunEnded, out: Path, level: Verbosity) -> int:
    """The next command; the exit code."""
    from graders.cohort.row import GradeState
    from graders.cohort.run_event import Ending

    errored = ended.counts[GradeState.ERRORED]
    if ended.ending is Ending.ENGINE:
        say_error(
            f"No engine answers any more: {ended.error}",
            f"{ended.hint}\nThen give the same command again: what is graded is kept in {out}.".lstrip(),
        )
        return EngineError.exit_code
    if ended.ending is Ending.STOPPED:
        say(f"Stopped. What is graded is kept in {out}: give the same command again to go on (without --fresh).")
        return INTERRUPTED
    if errored:
        if level is not Verbosity.QUIET:
            say(f"{errored} rows are errored, which is nobody's zero. Give the same command again to try them again.")
        return EngineError.exit_code
    return 0


def _text(ended: RunEnded, out: Path) -> str:
    rows = [f"{count:>6}  {state}" for state, count in ended.counts.items() if count]
    return "\n".join([*rows, f"Results: {out}"])


def _json(ended: RunEnded, spec: ExerciseSpec, out: Path) -> str:
    document = {
        "schema": SCHEMA,
        "exercise": spec.id,
        "out": str(out),
        "ending": str(ended.ending),
        "rows": sum(ended.counts.values()),
        "counts": {str(state): count for state, count in ended.counts.items()},
        "graded": ended.graded,
        "elapsed_s": round(ended.elapsed_s, 3),
        "error": ended.error,
    }
    return json.dumps(document, indent=2)
