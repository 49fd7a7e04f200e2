"""Owns `dockyard watch`; must never check by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import click

from course.commands.choice import choose_exercise, complete_exercises, next_after
from course.commands.interrupt import cancel_on_signal
from course.commands.invocation import Invocation
from course.commands.options import colour_option, spoken_options
from course.commands.output import emit, say, say_raw
from course.commands.verbosity import Verbosity
from course.event import CheckRecorded
from course.terminal import StatusLine
from graders.report import Verdict
from graders.safe_text import clean

if TYPE_CHECKING:
    from course.commands.narration import Narrator
    from course.event import SessionEvent

CLEAR = "\x1b[2J\x1b[3J\x1b[H"
"""The screen and what was scrolled off it, then to the top. Source: ECMA-48 ED and CUP, xterm's ED 3."""


@click.command("watch")
@click.argument("exercise", required=False, metavar="[EX]", shell_complete=complete_exercises)
@click.option("--static", "static_only", is_flag=True, help="Only read the files: no build, no run, no engine.")
@click.option("--clear", is_flag=True, help="Clear the terminal before each round.")
@colour_option
@spoken_options
@click.pass_context
def watch_command(ctx: click.Context, *, exercise: str | None, static_only: bool, clear: bool) -> None:
    """Check now and again at each save, while you work in your own editor.

    What the text alone shows comes at once, then the image is built and run. A save during a check stops it and
    begins anew. Each check counts as one of "dockyard check". Without an engine you are told of the text alone.

    Any change in the exercise's folder counts, but for backups, swap files and caches.

    Without EX: the exercise in whose folder you stand, else the next one of the current lesson.

    \b
    Examples:
      dockyard watch
      dockyard watch first-image --clear
      dockyard watch first-image --static

    \b
    Exit codes: 0 ended by ctrl+c (a check under way is stopped and leaves
    nothing behind), 2 usage or content.
    """
    from course.commands.watch_text import RoundText
    from course.watch import RoundFailed, RoundStarted, RoundStopped, TextRead, Waiting, watch

    invocation = ctx.ensure_object(Invocation)
    wipe = clear and invocation.terminal.stdout and invocation.terminal.moves and not invocation.plain
    with ExitStack() as stack:
        session = stack.enter_context(invocation.session())
        chosen = choose_exercise(session, exercise)
        claims = {use.check.id: use.check.claim for use in session.catalog.exercise(chosen).checks}
        folder = session.workspace.started_folder(chosen)
        stop = stack.enter_context(cancel_on_signal())
        say(f"Watching {clean(str(folder))}. ctrl+c ends.")
        text = RoundText(chosen, claims)
        progress = stack.enter_context(ExitStack())
        narrator: Narrator | None = None
        for event in watch(session, chosen, stop, static_only=static_only):
            lines = list(text.lines(event, datetime.now().astimezone()))
            if lines or isinstance(event, Waiting):
                progress.close()
                narrator = None
            if isinstance(event, RoundStarted) and event.changed:
                click.echo(CLEAR if wipe else "\n", nl=False)
            if lines:
                emit("\n".join(lines))
            if isinstance(event, CheckRecorded) and event.report.verdict is Verdict.PASSED:
                emit(f"  Next: {clean(next_after(session, chosen))}".rstrip())
            match event:
                case TextRead() if not static_only:
                    narrator = progress.enter_context(_progress(invocation))
                case Waiting():
                    say("Waiting for a save. ctrl+c ends.")
                case TextRead() | RoundStarted() | RoundFailed() | RoundStopped():
                    pass
                case _ if narrator is not None:
                    _tell(narrator, event)
                case _:
                    pass
        progress.close()
    say("Watching has ended.")


def _tell(narrator: Narrator, event: SessionEvent) -> None:
    """Into the status line: what is being done."""
    from graders.event import StageStarted

    if isinstance(event, StageStarted):
        narrator.detail(event.text)
    else:
        narrator.tell(event)


@contextmanager
def _progress(invocation: Invocation) -> Iterator[Narrator | None]:
    """A status line while a check runs, where there may be one; no line of it stays."""
    from course.commands.narration import Narrator

    if not invocation.has_status_line:
        yield None
        return
    with StatusLine(say_raw, invocation.terminal.columns) as status:
        yield Narrator(status, Verbosity.QUIET)
