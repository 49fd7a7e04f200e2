"""Owns the options that several commands share; must never act on them."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import TypeVar

import click

from course.commands.invocation import Invocation

F = TypeVar("F", bound=Callable[..., None])


class Verbosity(IntEnum):
    """How much is said beside the data."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


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


def colour_option(command: F) -> F:
    """`--no-color` behind the command's name, the same as before it; passed on to nobody."""
    return click.option(
        "--no-color",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_take_colours_away,
        help="No colours; the same as a set NO_COLOR.",
    )(command)


def _take_colours_away(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001  the signature of a callback
    if value:
        ctx.ensure_object(Invocation).take_colours_away()
        ctx.color = False


def output_option(command: F) -> F:
    """`--output FILE`."""
    return click.option(
        "--output",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write the data to FILE instead, as a whole or not at all.",
        metavar="FILE",
    )(command)


def verbosity_options(command: F) -> F:
    """`-q` and `-v`, passed on as `quiet` and `verbose`."""
    quiet = click.option("-q", "--quiet", is_flag=True, help="Say nothing beside the data and errors.")
    verbose = click.option("-v", "--verbose", is_flag=True, help="Say more: the build log and each check.")
    return quiet(verbose(command))


def verbosity(*, quiet: bool, verbose: bool) -> Verbosity:
    """What the two flags ask for; quiet wins."""
    if quiet:
        return Verbosity.QUIET
    return Verbosity.VERBOSE if verbose else Verbosity.NORMAL
