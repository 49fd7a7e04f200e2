"""Owns `dockyard images`: the base images that the course needs; must never talk to an engine by itself."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from course.amount import human_bytes
from course.commands.check_work import narration
from course.commands.interrupt import cancel_on_signal
from course.commands.invocation import Invocation
from course.commands.noted_bases import note_bases
from course.commands.options import format_option, output_option, pass_invocation, quiet_option, verbosity
from course.commands.output import emit
from course.errors import ConfigError
from graders.safe_text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from course.commands.narration import Narrator
    from graders.cancel import Cancel
    from graders.engine.base import Engine, ImageInfo
    from graders.event import BasePreparing

T = TypeVar("T")
MISSING_EXIT_CODE = 1


@click.group("images")
def images_group() -> None:
    """Base images that the course needs: list, pull, save to one file, load from one.

    A base image comes from a registry. Where none answers, an offline stand-in is made from Debian packages; it is
    marked as one, and reports say so.
    """


@images_group.command("list")
@format_option
@output_option
@click.pass_context
def list_command(ctx: click.Context, *, output_format: str, output: Path | None) -> None:
    """Which base images the course needs, which are here, and whether they are real. Exit code 1: one is missing."""
    invocation = ctx.ensure_object(Invocation)
    needed = _needed_images(invocation)
    with closing(invocation.engine()) as engine:
        found = {reference: engine.image(reference) for reference in needed}
    if output_format == "json":
        emit(_json(needed, found), output)
    else:
        width = max(map(len, needed))
        lines = [
            f"{clean(reference):<{width}}  {_state(image):<17}  {_size(image):>8}  {_users(needed[reference])}"
            for reference, image in found.items()
        ]
        emit("\n".join(lines), output)
    ctx.exit(MISSING_EXIT_CODE if None in found.values() else 0)


@images_group.command("pull")
@click.argument("references", nargs=-1, metavar="[IMAGE]...")
@click.option("--again", is_flag=True, help="Also ask for those that are here as stand-ins, and renew stand-ins.")
@quiet_option
@pass_invocation
def pull_command(invocation: Invocation, *, references: tuple[str, ...], again: bool, quiet: bool) -> None:
    """Make the base images ready: from a registry, else as offline stand-ins. ctrl+c stops it.

    Without IMAGE: all that the course needs.

    With --again, a stand-in gives way to the real image where a registry has it now; else it is told this machine's
    certificates and package index anew, if they changed.
    """
    chosen = _chosen(invocation, references)
    with _at_work(invocation, quiet=quiet) as (engine, cancel, narrator):
        try:
            for reference in chosen:
                _pull(engine, reference, invocation, cancel, narrator, again=again)
        finally:
            _note_all(engine, invocation)


@images_group.command("save")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("references", nargs=-1, metavar="[IMAGE]...")
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@quiet_option
@pass_invocation
def save_command(invocation: Invocation, *, file: Path, references: tuple[str, ...], force: bool, quiet: bool) -> None:
    """Write base images into FILE, to be loaded on machines without a registry.

    Without IMAGE: all that the course needs.

    \b
    Example:
      dockyard images save bases.tar      on a machine that has them
      dockyard images load bases.tar      on the others
    """
    from graders.base_images.bundle import save_bundle

    chosen = _chosen(invocation, references)
    if file.exists() and not force:
        raise ConfigError(f"{file} is there already", hint="Replace it with: dockyard images save --force FILE")
    with _at_work(invocation, quiet=quiet) as (engine, cancel, narrator):
        try:
            manifest = _told(save_bundle(engine, chosen, file, cancel), narrator)
            size_bytes = file.stat().st_size
        except OSError as error:
            raise ConfigError(
                f"{file} can't be written: {error.strerror or error}", hint="Name a file in a folder with enough room."
            ) from error
        for image in manifest.images:
            kind = "offline stand-in" if image.stand_in else "real"
            narrator.note(f"{', '.join(image.references)}: {kind}, {human_bytes(image.bytes)}")
        narrator.note(f"Saved into {file}, {human_bytes(size_bytes)}")


@images_group.command("load")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Let the file's images take names that other images have here.")
@quiet_option
@pass_invocation
def load_command(invocation: Invocation, *, file: Path, replace: bool, quiet: bool) -> None:
    """Load the base images from FILE, which `dockyard images save` wrote.

    The whole file is checked first; a damaged one changes nothing. An image that is here already stays, but a
    stand-in gives way to a real one. Load only what you trust: whoever made the file decides what the images hold.
    """
    from graders.base_images.bundle import load_bundle

    known = frozenset(_needed_images(invocation))
    with _at_work(invocation, quiet=quiet) as (engine, cancel, narrator):
        try:
            found = _told(load_bundle(engine, file, known, cancel, replace=replace), narrator)
        finally:
            _note_all(engine, invocation)
        for loaded in found:
            kind = "the file's is an offline stand-in" if loaded.stand_in else "the file's is the real one"
            text = {
                "loaded": f"loaded ({'an offline stand-in' if loaded.stand_in else 'real'})",
                "here already": "here already",
                "kept": f"kept as it was: another image has that name, and {kind} (--replace takes it)",
            }[loaded.outcome]
            narrator.note(f"{loaded.reference}: {text}")


def _needed_images(invocation: Invocation) -> dict[str, tuple[str, ...]]:
    """Base images of all exercises, in the order of the course -> the exercises that use each."""
    catalog = invocation.catalog()
    found: dict[str, list[str]] = {}
    for slug in catalog.exercises():
        for base in catalog.exercise(slug).build.bases:
            found.setdefault(base, []).append(slug)
    return {base: tuple(slugs) for base, slugs in found.items()}


def _chosen(invocation: Invocation, references: tuple[str, ...]) -> tuple[str, ...]:
    """Those that are named, else all. ConfigError for one that no exercise uses."""
    needed = _needed_images(invocation)
    for reference in references:
        if reference not in needed:
            raise ConfigError(f"No exercise uses the image {clean(reference)}", hint=f"They use: {', '.join(needed)}.")
    return references or tuple(needed)


@contextmanager
def _at_work(invocation: Invocation, *, quiet: bool) -> Iterator[tuple[Engine, Cancel, Narrator]]:
    with ExitStack() as stack:
        cancel = stack.enter_context(cancel_on_signal())
        engine = stack.enter_context(closing(invocation.engine()))
        narrator = stack.enter_context(narration(invocation, verbosity(quiet=quiet)))
        yield engine, cancel, narrator


def _pull(
    engine: Engine, reference: str, invocation: Invocation, cancel: Cancel, narrator: Narrator, *, again: bool
) -> None:
    from graders.base_images.ensure import ensure
    from graders.base_images.renewal import pull_again

    before = engine.image(reference)
    if again and before is not None and before.stand_in:
        _told(pull_again(engine, reference, cancel, invocation.environ), narrator)
    else:
        _told(ensure(engine, reference, cancel, invocation.environ), narrator)
    after = engine.image(reference)
    new = "" if before is not None and after is not None and before.id == after.id else "now "
    narrator.note(f"{reference}: {new}here, {_state(after)}, {_size(after)}")


def _note_all(engine: Engine, invocation: Invocation) -> None:
    """Note every base, for a renewed one takes its other names along. An engine that just went is told elsewhere."""
    from graders.errors import EngineError

    with suppress(EngineError):
        note_bases(engine, _needed_images(invocation), invocation)


def _told(work: Generator[BasePreparing, None, T], narrator: Narrator) -> T:
    """Run a generator of events to its end, telling each; its result."""
    while True:
        try:
            narrator.base(next(work))
        except StopIteration as end:
            result: T = end.value
            return result


def _state(image: ImageInfo | None) -> str:
    if image is None:
        return "missing"
    return "offline stand-in" if image.stand_in else "real"


def _users(exercises: tuple[str, ...]) -> str:
    """Which exercises use an image, as a few words."""
    return ", ".join(exercises) if len(exercises) < 4 else f"{len(exercises)} exercises"


def _size(image: ImageInfo | None) -> str:
    return human_bytes(image.size_bytes) if image is not None else ""


def _json(needed: dict[str, tuple[str, ...]], found: dict[str, ImageInfo | None]) -> str:
    """dockyard/images/v1."""
    rows = [
        {
            "reference": reference,
            "state": _state(image),
            "id": image.id if image is not None else "",
            "size_bytes": image.size_bytes if image is not None else 0,
            "exercises": list(needed[reference]),
        }
        for reference, image in found.items()
    ]
    return json.dumps({"schema": "dockyard/images/v1", "images": rows}, indent=2)
