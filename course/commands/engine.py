"""Owns `dockyard engine`: start, inspect, stop and clean the container engine; must never talk to one by itself."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from course.commands.check_work import narration
from course.commands.interrupt import cancel_on_signal
from course.commands.invocation import Invocation
from course.commands.noted_bases import note_bases
from course.commands.options import format_option, output_option, pass_invocation, verbosity, verbosity_options
from course.commands.output import emit, say
from course.commands.verbosity import Verbosity
from graders.errors import EngineUnavailable
from graders.exercise import BuildSpec
from graders.safe_text import clean

if TYPE_CHECKING:
    from course.commands.narration import Narrator
    from graders.cancel import Cancel
    from graders.engine.base import Engine, Leftover
    from graders.engine.private.settings import EngineSettings

UNREACHABLE_EXIT_CODE = 3
_KEPT = "a build held to the package index reaches nothing else"
_NOT_KEPT = "a build that should reach the package index only reaches all that this machine does"
UP_YES = "dockyard engine up --yes"


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


def bring_up(
    invocation: Invocation, *, yes: bool, private: bool, images: bool, level: Verbosity = Verbosity.NORMAL
) -> None:
    """Do what `dockyard engine up` does. Raises EngineError when no engine answers in the end, and Cancelled."""
    with ExitStack() as stack:
        cancel = stack.enter_context(cancel_on_signal())
        engine = _reachable(invocation, private=private)
        if engine is None:
            _may_start(invocation, yes=yes)
        narrator = stack.enter_context(narration(invocation, level))
        if engine is None:
            engine = _start(invocation, cancel, narrator, private=private)
        elif engine.info().private:
            _renew(invocation, cancel, narrator)
        with closing(engine):
            info = engine.info()
            narrator.note(f"{info.name} {info.version} answers at {info.socket}")
            if images:
                _ensure_base(engine, BuildSpec().bases[0], invocation, cancel, narrator)
                note_bases(engine, BuildSpec().bases[:1], invocation)


def _reachable(invocation: Invocation, *, private: bool) -> Engine | None:
    """The engine that answers (ours, when `private`); None when there is none."""
    try:
        if private:
            from graders.engine.private.daemon import connect

            return connect()
        return invocation.engine()
    except EngineUnavailable:
        if invocation.environ.get("DOCKER_HOST") and not private:
            # The user named an engine: to start another one would not be what they asked for.
            raise
        return None


def _may_start(invocation: Invocation, *, yes: bool) -> None:
    """Ask before anything is installed or started; EngineUnavailable when nobody said yes."""
    if yes:
        return
    if not invocation.terminal.interactive:
        raise EngineUnavailable("No container engine answers", hint=f"Install and start one with: {UP_YES}")
    question = (
        "No container engine answers. Start one of our own? On Debian and Ubuntu its packages (docker.io,"
        " mmdebstrap) are installed when they are missing"
    )
    if not click.confirm(question, default=True, err=True):
        raise EngineUnavailable("Nothing was started", hint=f"When you want it: {UP_YES}")


def _start(invocation: Invocation, cancel: Cancel, narrator: Narrator, *, private: bool) -> Engine:
    """Install what is missing and start our own engine. Raises EngineError, Cancelled."""
    from graders.engine.private.daemon import connect, up
    from graders.engine.private.install import install_engine, is_installed

    if not is_installed(invocation.environ):
        narrator.headline("Installing an engine from the distribution's packages")
        for line in install_engine(invocation.environ, cancel):
            narrator.detail(line)
        # Where services are started on installation, the packages bring a running engine with them.
        engine = _reachable(invocation, private=private)
        if engine is not None:
            return engine
    for line in up(invocation.environ, cancel, settings=_engine_settings(invocation)):
        narrator.headline(line)
    return connect()


def _renew(invocation: Invocation, cancel: Cancel, narrator: Narrator) -> None:
    """Hand the private engine that runs the settings that hold now."""
    from graders.engine.private.daemon import up

    for line in up(invocation.environ, cancel, settings=_engine_settings(invocation)):
        narrator.detail(line)


def _engine_settings(invocation: Invocation) -> EngineSettings:
    """What the settings say of the private engine."""
    from urllib.parse import urlsplit

    from course.config import parts
    from graders.engine.private.settings import EngineSettings

    environ = invocation.environ
    index = urlsplit(environ.get("DOCKYARD_PIP_INDEX", "")).netloc
    hosts = parts(environ.get("DOCKYARD_INDEX_HOSTS", ""))
    return EngineSettings(
        registry_mirrors=parts(environ.get("DOCKYARD_REGISTRY_MIRROR", "")),
        index_hosts=(index, *hosts) if index else hosts,
    )


def _ensure_base(engine: Engine, base: str, invocation: Invocation, cancel: Cancel, narrator: Narrator) -> None:
    """Make the base image ready, and say what it is."""
    from graders.base_images.ensure import ensure

    for event in ensure(engine, base, cancel, invocation.environ):
        narrator.base(event)
    image = engine.image(base)
    if image is not None and image.stand_in:
        narrator.note(f"{base} is ready, an offline stand-in made from Debian packages (no registry gave the real one)")
    else:
        narrator.note(f"{base} is ready")


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
    engine = invocation.engine()
    with closing(engine):
        found = engine.leftovers(everybody=all_machines)
        for run_id in dict.fromkeys(leftover.run_id for leftover in found):
            engine.remove(run_id)
        kept = set(engine.leftovers(everybody=all_machines))
        spared = len(engine.leftovers(everybody=True)) - len(kept)
    removed = [leftover for leftover in found if leftover not in kept]
    emit("\n".join(f"removed {_described(leftover)}" for leftover in removed))
    say(f"{len(removed)} removed." if found else "Nothing of ours was left.")
    if spared:
        say(f"Of other machines, not touched: {spared}. Are they done? dockyard engine clean --all-machines")
    if kept:
        for leftover in kept:
            say(f"still there: {_described(leftover)}")
        raise EngineUnavailable("Not everything could be removed", hint="Try again: dockyard engine clean")


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
