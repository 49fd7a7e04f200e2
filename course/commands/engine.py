"""Owns `dockyard engine`: start, inspect, stop and clean the container engine; must never talk to one by itself."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from course.commands.engine_start import bring_up
from course.commands.invocation import Invocation
from course.commands.options import format_option, output_option, pass_invocation, verbosity, verbosity_options
from course.commands.output import emit, say
from graders.errors import EngineUnavailable
from graders.safe_text import clean

if TYPE_CHECKING:
    from graders.engine.base import Engine, Leftover

UNREACHABLE_EXIT_CODE = 3
_KEPT = "a build held to the package index reaches nothing else"
_NOT_KEPT = "a build that should reach the package index only reaches all that this machine does"


@click.group("engine")
def engine_group() -> None:
    """Start, inspect, stop and clean the container engine.

    Whoever may use a container engine owns the machine: Dockyard starts one only when you say so.
    """


@engine_group.command("up")
@click.option("--yes", is_flag=True, help="Install and start what is missing without asking.")
@click.option("--private", is_flag=True, help="Start our own engine even when another one answers.")
@click.option("--no-images", is_flag=True, help="Don't make the base image ready.")
@click.option(
    "--registry-mirror", metavar="URL", multiple=True, help="Ask this registry before Docker Hub; may be repeated."
)
@click.option("--pip-index", metavar="URL", help="Package index that offline stand-ins are told to use.")
@click.option(
    "--index-host", metavar="HOST", multiple=True, help="One more host that builds held to the index may reach."
)
@click.option("--ca-file", metavar="FILE", help="Certificates that offline stand-ins trust beside the machine's own.")
@verbosity_options("what the packages print as they are installed")
@pass_invocation
def up_command(
    invocation: Invocation,
    *,
    yes: bool,
    private: bool,
    no_images: bool,
    registry_mirror: tuple[str, ...],
    pip_index: str | None,
    index_host: tuple[str, ...],
    ca_file: str | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Find an engine, or install and start one of our own; then make the base image ready.

    An engine that answers is used as it is. Where none does, on Debian and Ubuntu, the distribution's docker.io is
    installed and an engine of our own is started, beside anything else on the machine. The base image is taken from
    a registry; where none answers, an offline stand-in is made from Debian packages, and you are told so.

    An engine of ours that runs takes new mirrors and hosts over without a restart. Flags hold for this call; what
    is to stay belongs into the settings file: dockyard config.

    \b
    Exit codes: 0 it answers, 3 it doesn't (the last lines say what to do).
    """
    level = verbosity(quiet=quiet, verbose=verbose)
    flags = {
        "registry_mirror": ",".join(registry_mirror),
        "pip_index": pip_index or "",
        "index_hosts": ",".join(index_host),
        "ca_file": str(Path(ca_file).absolute()) if ca_file else "",
    }
    invocation.outrank(flags)
    bring_up(invocation, yes=yes, private=private, images=not no_images, level=level)


@engine_group.command("status")
@format_option
@output_option
@click.pass_context
def status_command(ctx: click.Context, *, output_format: str, output: Path | None) -> None:
    """Which engine answers, and what of ours is on it. Exit code 0 when one does, 3 when none."""
    invocation = ctx.ensure_object(Invocation)
    try:
        engine = invocation.engine()
        with closing(engine):
            info, leftovers = engine.info(), engine.leftovers()
    except EngineUnavailable:
        if output_format == "json":
            emit(_status_json(reachable=False), output)
            ctx.exit(UNREACHABLE_EXIT_CODE)
        raise
    if output_format == "json":
        emit(
            _status_json(
                reachable=True,
                name=info.name,
                version=info.version,
                socket=info.socket,
                private=info.private,
                keeps_index=info.keeps_index,
                leftovers=leftovers,
            ),
            output,
        )
        return
    lines = [
        f"Engine     {clean(info.name)} {clean(info.version)} (API {clean(info.api_version)}), builder {info.builder}",
        f"Socket     {clean(info.socket)}" + (f", found by {clean(info.source)}" if info.source else ""),
        f"Ours       {'yes: dockyard engine down stops it' if info.private else 'no'}",
        f"Network    {_KEPT if info.keeps_index else _NOT_KEPT}",
        f"Leftovers  {len(leftovers) or 'none'}",
        *(f"           {_described(leftover)}" for leftover in leftovers),
    ]
    if leftovers:
        lines.append("           remove them: dockyard engine clean")
    emit("\n".join(lines), output)


@engine_group.command("down")
@pass_invocation
def down_command(invocation: Invocation) -> None:
    """Stop the engine that we started; one that others started is left alone. Images and cache stay."""
    from graders.engine.private.daemon import down

    for line in down(invocation.environ):
        say(clean(line))


@engine_group.command("clean")
@click.option(
    "--all-machines",
    is_flag=True,
    help="Also what other machines made on this engine in the last day: their checks may be at work.",
)
@pass_invocation
def clean_command(invocation: Invocation, *, all_machines: bool) -> None:
    """Remove everything of ours from the engine: containers, images, networks and volumes of checks.

    Only what carries Dockyard's label is touched, and nothing that a check of this machine is using. What another
    machine made on the same engine is left alone for a day. Base images and the build cache stay.
    """
    with closing(invocation.engine()) as engine:
        removed, kept = remove_leftovers(engine, everybody=all_machines)
        spared = len(engine.leftovers(everybody=True)) - len(kept)
    emit("\n".join(f"removed {_described(leftover)}" for leftover in removed))
    say(f"{len(removed)} removed." if removed or kept else "Nothing of ours was left.")
    if spared:
        say(f"Of other machines, not touched: {spared}. Are they done? dockyard engine clean --all-machines")
    if kept:
        for leftover in kept:
            say(f"still there: {_described(leftover)}")
        raise EngineUnavailable("Not everything could be removed", hint="Try again: dockyard engine clean")


def remove_leftovers(engine: Engine, *, everybody: bool = False) -> tuple[list[Leftover], list[Leftover]]:
    """Remove what of ours is left; what is gone, and what is there all the same."""
    found = engine.leftovers(everybody=everybody)
    for run_id in dict.fromkeys(leftover.run_id for leftover in found):
        engine.remove(run_id)
    kept = engine.leftovers(everybody=everybody)
    return [leftover for leftover in found if leftover not in kept], list(kept)


def _described(leftover: Leftover) -> str:
    return f"{leftover.kind} {clean(leftover.id)[:19]} (run {clean(leftover.run_id)})"


def _status_json(
    *,
    reachable: bool,
    name: str = "",
    version: str = "",
    socket: str = "",
    private: bool = False,
    keeps_index: bool = False,
    leftovers: tuple[Leftover, ...] = (),
) -> str:
    """What a program may want to know about the engine."""
    return json.dumps(
        {
            "reachable": reachable,
            "name": name,
            "version": version,
            "socket": socket,
            "private": private,
            "keeps_index": keeps_index,
            "leftovers": [{"kind": item.kind, "id": item.id, "run_id": item.run_id} for item in leftovers],
        },
        indent=2,
    )
