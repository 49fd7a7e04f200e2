"""Owns what `dockyard check` does once its line was read; must never grade by itself, nor read a command line.

It imports no click: a check of unchanged work is answered before that would be there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from course.commands.choice import choose_exercise, next_after
from course.commands.interrupt import cancel_on_signal
from course.commands.output import emit, ensure_writable, say, say_raw
from course.commands.verbosity import Verbosity
from course.event import CheckRecorded
from course.terminal import StatusLine
from graders.event import GradeFinished
from graders.report import Report, Verdict

if TYPE_CHECKING:
    from course.commands.invocation import Invocation
    from course.commands.narration import Narrator
    from course.session import Session

READ = ("text", "spoken")
"""Formats for a person, who is told in them what mends an errored check; the others are for programs."""


def check_work(
    invocation: Invocation,
    exercise: str | None,
    *,
    path: Path | None = None,
    static_only: bool = False,
    fresh: bool = False,
    output_format: str = "text",
    output: Path | None = None,
    level: Verbosity = Verbosity.NORMAL,
) -> int:
    """Check, write the report and say what is next; the exit code. Raises GraderError and CourseError.

    Defaults are those of the options.
    """
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
        is_read = output is None and output_format in READ
        _say_what_next(report, after_pass, revealed=bool(revealed), remedy_told=is_read)
    return report.exit_code


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


def _say_what_next(report: Report, after_pass: str, *, revealed: bool, remedy_told: bool) -> None:
    """The next command after a report; `revealed`: what the faults cost was just told, `remedy_told`: what mends it."""
    if report.verdict is Verdict.PASSED and not report.static_only:
        if not revealed:
            say(f"What each fault costs, in your numbers: dockyard reveal {report.exercise}")
        if after_pass:
            say(f"Next: {after_pass}")
    elif report.verdict is Verdict.FAILED:
        say(f"Stuck? dockyard hint {report.exercise}")
    elif report.verdict is Verdict.ERRORED and not remedy_told:
        for remedy in report.remedies:
            say(f"This was not your fault. To mend it: {remedy}")
