"""Owns having a base image at hand: present, else pulled, else a stand-in; must never replace a tag."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping

from graders.base_images.stand_in import STAND_INS, build_stand_in
from graders.cancel import Cancel
from graders.engine.base import Engine, ImageInfo
from graders.errors import Cancelled, ImageUnavailable
from graders.event import BasePreparing
from graders.temporary_lock import temporary_lock


def ensure(
    engine: Engine, reference: str, cancel: Cancel, environ: Mapping[str, str]
) -> Generator[BasePreparing, None, ImageInfo | None]:
    """Make `reference` available on the engine, saying how far it is; yields nothing when it is there already.

    Returns what the engine then has under that name; None when somebody removed it again in the meantime.
    Raises `ImageUnavailable` when no registry gives it and no stand-in exists, `EngineCommandFailed` when the
    stand-in can't be built, `Cancelled`.
    """
    cancel.raise_if_set()
    present = engine.image(reference)
    if present is not None:
        return present
    try:
        yield from pulling(engine, reference, cancel)
    except ImageUnavailable as error:
        if reference not in STAND_INS:
            raise _with_what_is_here(error, engine) from error
    else:
        return engine.image(reference)
    yield BasePreparing(
        reference, f"No registry answers: building a stand-in for {reference} from Debian packages", 0.0
    )
    yield from _build_once(engine, reference, cancel, environ)
    return engine.image(reference)


def _with_what_is_here(error: ImageUnavailable, engine: Engine) -> ImageUnavailable:
    """The same error; its remedy names a base of the course that is on the engine, if one is."""
    here = next((base for base in STAND_INS if engine.image(base) is not None), "")
    also = f"Here already, without a network: FROM {here}" if here else ""
    return ImageUnavailable(error.reference, hint=" ".join(part for part in (error.hint, also) if part))


def pulling(engine: Engine, reference: str, cancel: Cancel) -> Iterator[BasePreparing]:
    """Take an image from a registry, saying how far it is. Raises `ImageUnavailable`, `Cancelled`."""
    yield BasePreparing(reference, f"Asking the registry for {reference}", None)
    for progress in engine.pull(reference, cancel):
        cancel.raise_if_set()
        known = progress.total_bytes > 0
        fraction = min(1.0, progress.current_bytes / progress.total_bytes) if known else None
        yield BasePreparing(reference, f"Pulling {reference}: {progress.text}", fraction)


def _build_once(engine: Engine, reference: str, cancel: Cancel, environ: Mapping[str, str]) -> Iterator[BasePreparing]:
    """Build under a lock, so that a second process waits for the first one's image instead of making its own."""
    with temporary_lock("stand-in") as lock:
        waiting = False
        while not lock.take():
            if not waiting:
                yield BasePreparing(reference, "Another Dockyard is building it; waiting for that", None)
            waiting = True
            if cancel.wait(0.2):
                raise Cancelled
        if engine.image(reference) is None:
            yield from build_stand_in(engine, reference, cancel, environ)
