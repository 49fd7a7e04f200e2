"""Owns the options that several commands share; must never act on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from course.commands.invocation import Invocation
from course.commands.output import allow_colours
from course.commands.verbosity import Verbosity

F = TypeVar("F", bound=Callable[..., None])

pass_invocation = click.make_pass_decorator(Invocation)


def formats_option(*names: str) -> Callable[[F], F]:
    """`--format`, one of `names`, the first by default, passed on as `output_format`; and `--no-color`."""

    def decorate(command: F) -> F:
        option = click.option(
            "--format",
            "output_format",
            type=click.Choice(names),
            default=names[0],
            show_default=True,
            help="How the data on standard output is written.",
        )
        return option(colour_option(command))

    return decorate


def format_option(command: F) -> F:
    """`--format text|json`, passed on as `output_format`; and `--no-color`."""
    return formats_option("text", "json")(command)


NO_COLOUR_HELP = "No colours; the same as a set NO_COLOR."
PLAIN_HELP = "Sentences instead of marks, columns and panes: for screen readers."
NO_MOTION_HELP = "Nothing moves by itself: no spinner, no running clock, no blinking."


def colour_option(command: F) -> F:
    """`--no-color` behind the command's name, as before it; passed on to nobody."""
    return _look("--no-color", NO_COLOUR_HELP, Invocation.take_colours_away)(command)


def spoken_options(command: F) -> F:
    """`--plain` and `--no-motion` behind the command's name, as before it; passed on to nobody."""
    still = _look("--no-motion", NO_MOTION_HELP, lambda invocation: invocation.turn_on("no_motion"))
    return _look("--plain", PLAIN_HELP, lambda invocation: invocation.turn_on("plain"))(still(command))


def _look(flag: str, text: str, act: Callable[[Invocation], None]) -> Callable[[F], F]:
    return click.option(flag, is_flag=True, expose_value=False, is_eager=True, callback=_act(act), help=text)


def _act(act: Callable[[Invocation], None]) -> Callable[[click.Context, click.Parameter, bool], None]:
    def callback(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001  click's signature
        if value:
            invocation = ctx.ensure_object(Invocation)
            act(invocation)
            if not invocation.terminal.colours:
                ctx.color = False
                allow_colours(allowed=False)

    return callback


def output_option(command: F) -> F:
    """`--output FILE`."""
    return click.option(
        "--output",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write the data to FILE instead, as a whole or not at all.",
        metavar="FILE",
    )(command)


def quiet_option(command: F) -> F:
    """`-q`, passed on as `quiet`."""
    return click.option("-q", "--quiet", is_flag=True, help="Say nothing beside the data and errors.")(command)


def verbosity_options(more: str) -> Callable[[F], F]:
    """`-q` and `-v`, passed on as `quiet` and `verbose`; `more`: what the second adds in this command."""
    verbose = click.option("-v", "--verbose", is_flag=True, help=f"Say more: {more}.")

    def decorate(command: F) -> F:
        return quiet_option(verbose(command))

    return decorate


def verbosity(*, quiet: bool, verbose: bool = False) -> Verbosity:
    """What the two flags ask for; quiet wins."""
    if quiet:
        return Verbosity.QUIET
    return Verbosity.VERBOSE if verbose else Verbosity.NORMAL
