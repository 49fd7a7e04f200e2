"""Owns the options that several commands share; must never act on them."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import TypeVar

import click

F = TypeVar("F", bound=Callable[..., None])


class Verbosity(IntEnum):
    """How much is said beside the data."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


def format_option(command: F) -> F:
    """`--format text|json`, passed on as `output_format`."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How the data on standard output is written.",
    )(command)


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
