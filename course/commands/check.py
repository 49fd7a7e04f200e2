"""Owns `dockyard check`; must never grade by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from course.commands.choice import choose_exercise, complete_exercises, next_after
from course.commands.interrupt import cancel_on_signal
from course.commands.invocation import Invocation
from course.commands.options import (
    Verbosity,
    formats_option,
    output_option,
    spoken_options,
    verbosity,
    verbosity_options,
)
from course.commands.output import emit, ensure_writable, say, say_raw
from course.event import CheckRecorded
from course.terminal import StatusLine
from graders.event import GradeFinished
from graders.report import Report, Verdict

if TYPE_CHECKING:
    from course.commands.narration import Narrator
    from course.session import Session


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
@verbosity_options
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
    invocation = ctx.ensure_object(Invocation)
    level = verbosity(quiet=quiet, verbose=verbose)
    ensure_writable(output)
    with ExitStack() as stack:
        session = stack.enter_context(invocation.session())
        chosen = choose_exercise(session, exercise)
        cancel = stack.enter_context(cancel_on_signal())
        narrator = stack.enter_context(narration(invocation, level))
        report: Report | None = None
        revealed: list[str] = []
        for event in session.check(chosen, path=path, static_only=static_only, fresh=fresh, cancel=cancel):
            narrator.tell(event)
            if isinstance(event, GradeFinished | CheckRecorded):
                report = event.report
            if isinstance(event, CheckRecorded) and event.first_pass:
                revealed = _after_first_pass(session, event)
        folder = path or session.paths.workspace / chosen
        after_pass = next_after(session, chosen) if path is None else ""
    assert report is not None
    colour = output is None and invocation.terminal.stdout and invocation.terminal.colours > 0
    if invocation.plain and output_format == "text":
        output_format = "spoken"
    emit(render(report, output_format, folder=_seen_from_here(folder), colour=colour), output)
    if level is not Verbosity.QUIET and path is None:
        for line in revealed:
            say(line)
        _say_what_next(report, after_pass, revealed=bool(revealed))
    ctx.exit(report.exit_code)


@contextmanager
def narration(invocation: Invocation, level: Verbosity) -> Iterator[Narrator]:
    """A narrator for this terminal; its status line is gone at the end."""
    from course.commands.narration import Narrator

    if invocation.has_status_line and level is not Verbosity.QUIET:
        with StatusLine(say_raw, invocation.terminal.columns) as status:
            yield Narrator(status, level)
    else:
        yield Narrator(None, level)


def render(report: Report, output_format: str, *, folder: str = "", colour: bool = False) -> str:
    """The report as data. `folder` is where the submission lies, for formats that point into files."""
    match output_format:
        case "json":
            from graders.formats import json

            return json.dumps(report)
        case "junit":
            from graders.formats import junit

            return junit.dumps(report)
        case "gradescope":
            from graders.formats import gradescope

            return gradescope.dumps(report)
        case "github":
            from graders.formats import github

            return github.dumps(report, folder)
        case "sarif":
            from course.version import __version__
            from graders.formats import sarif

            return sarif.dumps(report, folder, version=__version__)
        case "spoken":
            from graders.formats.spoken import render as render_spoken

            return render_spoken(report)
        case _:
            from graders.formats.text import render as render_text

            return render_text(report, colour=colour)


def _seen_from_here(folder: Path) -> str:
    """The folder relative to where we stand when it lies below, with forward slashes; empty for here itself."""
    absolute = folder.absolute()
    if not absolute.is_relative_to(Path.cwd()):
        return absolute.as_posix()
    relative = absolute.relative_to(Path.cwd()).as_posix()
    return "" if relative == "." else relative


def _after_first_pass(session: Session, recorded: CheckRecorded) -> list[str]:
    """What each fault had cost; lines for the person at the terminal."""
    from course.reveal_text import reveal_markdown
    from graders.safe_text import clean_lines

    reveal = session.reveal(recorded.report.exercise)
    return ["", *clean_lines(reveal_markdown(reveal))] if reveal.faults else []


def _say_what_next(report: Report, after_pass: str, *, revealed: bool) -> None:
    """The next command after a report; `revealed`: what the faults cost was just told."""
    if report.verdict is Verdict.PASSED and not report.static_only:
        if not revealed:
            say(f"What each fault costs, in your numbers: dockyard reveal {report.exercise}")
        if after_pass:
            say(f"Next: {after_pass}")
    elif report.verdict is Verdict.FAILED:
        say(f"Stuck? dockyard hint {report.exercise}")
    elif report.verdict is Verdict.ERRORED:
        remedies = dict.fromkeys(outcome.remedy for outcome in report.outcomes if outcome.remedy)
        for remedy in remedies:
            say(f"This was not your fault. To mend it: {remedy}")
