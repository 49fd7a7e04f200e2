"""Owns how an engine comes up that was asked for: found, or installed and started; must never do so unasked."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import click

from course.commands.check_work import narration
from course.commands.interrupt import cancel_on_signal
from course.commands.invocation import Invocation
from course.commands.noted_bases import note_bases
from course.commands.verbosity import Verbosity
from graders.errors import EngineUnavailable
from graders.exercise import BuildSpec

if TYPE_CHECKING:
    from course.commands.narration import Narrator
    from graders.cancel import Cancel
    from graders.engine.base import Engine
    from graders.engine.private.settings import EngineSettings

UP_YES = "dockyard engine up --yes"


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
    for line in up(invocation.environ, cancel, settings=engine_settings(invocation)):
        narrator.headline(line)
    return connect()


def _renew(invocation: Invocation, cancel: Cancel, narrator: Narrator) -> None:
    """Hand the private engine that runs the settings that hold now."""
    from graders.engine.private.daemon import up

    for line in up(invocation.environ, cancel, settings=engine_settings(invocation)):
        narrator.detail(line)


def engine_settings(invocation: Invocation) -> EngineSettings:
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
