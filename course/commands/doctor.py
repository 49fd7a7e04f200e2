"""Owns `dockyard doctor`; must never find anything out itself."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from course.commands.interrupt import cancel_on_signal
from course.commands.invocation import Invocation
from course.commands.options import format_option, output_option
from course.commands.output import emit, say
from graders.safe_text import clean

if TYPE_CHECKING:
    from course.doctor.line import DoctorLine
    from graders.cancel import Cancel

COLOURS = {"ok": "green", "warning": "yellow", "missing": "red"}
MISSING_EXIT_CODE = 3


@click.command("doctor")
@click.option("--quick", is_flag=True, help="Don't measure which limits the engine keeps: that takes some seconds.")
@click.option(
    "--fix",
    is_flag=True,
    help="Do what is safe: start an engine, make the base image ready, remove what killed checks left.",
)
@format_option
@output_option
@click.pass_context
def doctor_command(ctx: click.Context, *, quick: bool, fix: bool, output_format: str, output: Path | None) -> None:
    """What this machine lacks for the course, each line with the command that mends it.

    Which limits hold is measured with small builds and runs of our own: "holds" was seen, not read somewhere.

    Exit code 0 when checks can run, 3 when something that they need is missing.
    """
    from course.doctor.line import State

    invocation = ctx.ensure_object(Invocation)
    with cancel_on_signal() as cancel:
        if fix:
            _mend(invocation, tuple(_examined(invocation, cancel, quick=True)))
        if not quick:
            say("Looking at this machine; which limits hold is measured, that takes some seconds (not with --quick)")
        lines = []
        told = output is None and output_format != "json"
        for line in _examined(invocation, cancel, quick=quick):
            lines.append(line)
            if told:
                emit(_text(line))
    if not told:
        text = _json(lines) if output_format == "json" else "\n".join(map(_text, lines))
        emit(text, output)
    ctx.exit(MISSING_EXIT_CODE if any(line.state is State.MISSING for line in lines) else 0)


def _examined(invocation: Invocation, cancel: Cancel, *, quick: bool) -> Iterator[DoctorLine]:
    from course.doctor.examine import examine

    return examine(
        invocation.paths(),
        invocation.terminal,
        invocation.engine,
        environ=invocation.environ,
        mark="" if quick else f"probe-{uuid.uuid4().hex}",
        cancel=cancel,
    )


def _mend(invocation: Invocation, lines: tuple[DoctorLine, ...]) -> None:
    """Do what is safe, saying so; the rest is for a person to decide."""
    from course.doctor.line import ENGINE_CLEAN, ENGINE_UP, State

    bad = [line for line in lines if line.state is not State.OK]
    remedies = {line.remedy for line in bad}
    if ENGINE_UP in remedies:
        from course.commands.engine_start import bring_up

        bring_up(invocation, yes=True, private=False, images=True)
        say(f"fixed: did what {ENGINE_UP} does")
    if any(line.name == "leftovers" for line in bad):
        _clean(invocation)
    for line in bad:
        if line.remedy not in (ENGINE_UP, "") and line.name != "leftovers":
            say(f"{line.name}: not done, this is for you to decide: {clean(line.remedy)}")
    if not remedies & {ENGINE_UP, ENGINE_CLEAN}:
        say("Nothing had to be done that is safe to do.")


def _clean(invocation: Invocation) -> None:
    from course.commands.engine import remove_leftovers

    with closing(invocation.engine()) as engine:
        removed, kept = remove_leftovers(engine)
    say(f"fixed: removed {len(removed)} things that killed checks had left")
    if kept:
        say(f"leftovers: {len(kept)} could not be removed")


def _text(line: DoctorLine) -> str:
    """A line, the remedy under it."""
    state = click.style(f"{line.state:<7}", fg=COLOURS[line.state.value])
    text = f"{state}  {line.name:<15}  {clean(line.text)}"
    return f"{text}\n{'':26}mend it: {clean(line.remedy)}" if line.remedy else text


def _json(lines: list[DoctorLine]) -> str:
    """dockyard/doctor/v1."""
    rows = [{"name": line.name, "state": line.state.value, "text": line.text, "remedy": line.remedy} for line in lines]
    return json.dumps({"schema": "dockyard/doctor/v1", "lines": rows}, indent=2)
