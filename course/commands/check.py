"""Owns the command line of `dockyard check`; must never grade by itself."""

from __future__ import annotations

from pathlib import Path

import click

from course.commands.check_work import check_work
from course.commands.choice import complete_exercises
from course.commands.invocation import Invocation
from course.commands.options import formats_option, output_option, spoken_options, verbosity, verbosity_options


@click.command("check")
@click.argument("exercise", required=False, metavar="[EX]", shell_complete=complete_exercises)
@click.option(
    "--path",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Grade this folder instead of your workspace; nothing is recorded.",
)
@click.option("--static", "static_only", is_flag=True, help="Only read the files: no build, no run, no engine.")
@click.option("--fresh", is_flag=True, help="Grade again, also what was graded before and is unchanged.")
@formats_option("text", "json", "junit", "gradescope", "github", "sarif")
@output_option
@verbosity_options("the build log and each check")
@spoken_options
@click.pass_context
def check_command(
    ctx: click.Context,
    *,
    exercise: str | None,
    path: Path | None,
    static_only: bool,
    fresh: bool,
    output_format: str,
    output: Path | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Build, run and check your work. The report goes to standard output, the progress to standard error.

    Without EX: the exercise in whose folder you stand, else the next one of the current lesson.
    What was graded before and is unchanged since is answered at once; --fresh grades it again.
    ctrl+c stops it and leaves nothing behind.

    \b
    Examples:
      dockyard check
      dockyard check ship-the-classifier --static
      dockyard check ship-the-classifier --path submission --format json --output report.json
      dockyard check ship-the-classifier --path submission --format junit --output junit.xml

    \b
    Exit codes: 0 passed, 1 checks failed, 2 usage or content, 3 the engine or
    the network did not do its part, 4 a time limit of ours, 130 interrupted.
    """
    code = check_work(
        ctx.ensure_object(Invocation),
        exercise,
        path=path,
        static_only=static_only,
        fresh=fresh,
        output_format=output_format,
        output=output,
        level=verbosity(quiet=quiet, verbose=verbose),
    )
    ctx.exit(code)
