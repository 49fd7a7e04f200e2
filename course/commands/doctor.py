"""Owns `dockyard doctor`; must never find anything out itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from course.commands.invocation import Invocation
from course.commands.options import format_option, output_option
from course.commands.output import emit, say
from graders.safe_text import clean

if TYPE_CHECKING:
    from course.doctor import DoctorLine

COLOURS = {"ok": "green", "warning": "yellow", "missing": "red"}
MISSING_EXIT_CODE = 3


@click.command("doctor")
@click.option("--fix", is_flag=True, help="Mend what can be mended: start an engine, make the base image ready.")
@format_option
@output_option
@click.pass_context
def doctor_command(ctx: click.Context, *, fix: bool, output_format: str, output: Path | None) -> None:
    """What this machine lacks for the course, each line with the command that mends it.

    Exit code 0 when checks can run, 3 when something that they need is missing.
    """
    from course.doctor import State, examine

    invocation = ctx.ensure_object(Invocation)
    lines = tuple(examine(invocation.paths(), invocation.terminal, invocation.engine))
    if fix and any(line.state is State.MISSING for line in lines):
        _mend(invocation, lines)
        lines = tuple(examine(invocation.paths(), invocation.terminal, invocation.engine))
    emit(_json(lines) if output_format == "json" else _text(lines), output)
    ctx.exit(MISSING_EXIT_CODE if any(line.state is State.MISSING for line in lines) else 0)


def _mend(invocation: Invocation, lines: tuple[DoctorLine, ...]) -> None:
    """Do what `dockyard engine up --yes` does, when a line asks for it; the rest is for a person to decide."""
    from course.doctor import ENGINE_UP, State

    for line in lines:
        if line.state is State.MISSING and line.remedy != ENGINE_UP:
            say(f"{line.name}: {clean(line.text)}; do this yourself: {clean(line.remedy)}")
    if any(line.remedy == ENGINE_UP for line in lines):
        from course.commands.engine import bring_up

        bring_up(invocation, yes=True, private=False, images=True)


def _text(lines: tuple[DoctorLine, ...]) -> str:
    """A line each, the remedy under it."""
    texts = []
    for line in lines:
        texts.append(
            f"{click.style(f'{line.state:<7}', fg=COLOURS[line.state.value])}  {line.name:<10}  {clean(line.text)}"
        )
        if line.remedy:
            texts.append(f"{'':21}mend it: {clean(line.remedy)}")
    return "\n".join(texts)


def _json(lines: tuple[DoctorLine, ...]) -> str:
    """dockyard/doctor/v1."""
    rows = [{"name": line.name, "state": line.state.value, "text": line.text, "remedy": line.remedy} for line in lines]
    return json.dumps({"schema": "dockyard/doctor/v1", "lines": rows}, indent=2)
