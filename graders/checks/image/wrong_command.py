"""Owns the check of the command that an image is set to run; must never start it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from graders.check import Check
from graders.context import ImageContext
from graders.finding import Finding
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.recorded import IMAGE, image_context

SHELL = ("/bin/sh", "-c")


@dataclass(frozen=True, slots=True)
class Params:
    """What the command must be; empty switches one off."""

    names: tuple[str, ...] = ()
    """Words that must stand in the command, the default arguments included: `src/predict.py`."""
    entrypoint: tuple[str, ...] = ()
    """Exact ENTRYPOINT."""
    command: tuple[str, ...] = ()
    """Exact CMD."""
    exec_form: bool = True
    """Whether a shell may not stand before the program."""


def find(context: ImageContext, params: Params) -> Iterator[Finding]:
    """A finding a way in which the configured command is not the one that was asked for."""
    image = context.image
    entrypoint, command = image.entrypoint or (), image.command or ()
    words = (*entrypoint, *command)
    line = context.source.setting_line("ENTRYPOINT", "CMD")
    shown = " ".join(words) or "nothing"
    base = context.base
    inherited = base is not None and line is None and words == (*(base.entrypoint or ()), *(base.command or ()))
    if not words or inherited:
        yield Finding(
            "The Dockerfile sets no command" + (f", the base image's is left: {shown}" if words else ""),
            observed=shown,
            expected="a CMD or an ENTRYPOINT",
            line=line,
        )
        return
    for name, wanted, got in (("ENTRYPOINT", params.entrypoint, entrypoint), ("CMD", params.command, command)):
        if wanted and got != wanted:
            message = f"{name} of the image is {' '.join(got) or 'not set'}"
            yield Finding(message, observed=" ".join(got) or "not set", expected=" ".join(wanted), line=line)
    if params.exec_form and (entrypoint[:2] == SHELL or (not entrypoint and command[:2] == SHELL)):
        yield Finding(f"A shell stands before the program: {shown}", observed=shown, expected="a JSON list", line=line)
    missing = [name for name in params.names if not any(name in word for word in words)]
    for name in missing:
        yield Finding(f"The command does not start {name}: {shown}", observed=shown, expected=name, line=line)


PREDICT = replace(IMAGE, command=("python", "src/predict.py"))

CHECK = Check(
    id="wrong-command",
    claim="The image is set to start the program itself",
    why="CMD and ENTRYPOINT are the image's promise of what it does when somebody simply runs it.",
    hint="docker inspect shows Cmd and Entrypoint. What is the first word?",
    sources=("https://docs.docker.com/reference/dockerfile/#cmd",),
    level=Level.IMAGE,
    find=find,
    params=Params,
    needs=AN_IMAGE,
    bad=(
        image_context(),
        image_context(image=replace(IMAGE, command=("/bin/sh", "-c", "python src/predict.py"))),
        image_context(image=replace(IMAGE, entrypoint=("/bin/sh", "-c", "exec python"), command=("x",))),
    ),
    good=(
        image_context(image=PREDICT),
        image_context(image=replace(IMAGE, entrypoint=("python", "src/predict.py"))),
        image_context(image=replace(IMAGE, entrypoint=("python",), command=("/bin/sh", "-c"))),
    ),
)
