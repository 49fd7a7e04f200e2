"""Owns asking again for a base image that is here as a stand-in; must never replace a real image."""

from __future__ import annotations

from collections.abc import Generator, Mapping

from graders.base_images.ensure import pulling
from graders.base_images.stand_in import STAND_INS
from graders.base_images.trust import is_current, renew
from graders.cancel import Cancel
from graders.engine.base import Engine, ImageInfo
from graders.errors import ImageUnavailable
from graders.event import BasePreparing


def pull_again(
    engine: Engine, reference: str, cancel: Cancel, environ: Mapping[str, str]
) -> Generator[BasePreparing, None, ImageInfo | None]:
    """Pull the real image in place of a stand-in; where no registry gives it, renew the stand-in.

    Returns what the engine then has under that name. Raises EngineError, Cancelled.
    """
    old = engine.image(reference)
    try:
        yield from pulling(engine, reference, cancel)
    except ImageUnavailable:
        pass
    else:
        if old is not None and old.stand_in:
            engine.remove_image(old.id)
        return engine.image(reference)
    if old is not None and old.stand_in and _has_python(reference) and not is_current(old, environ):
        yield BasePreparing(reference, "No registry answers: telling the stand-in this machine's settings", None)
        renew(engine, reference, cancel, environ)
    return engine.image(reference)


def _has_python(reference: str) -> bool:
    made = STAND_INS.get(reference)
    return made is not None and made.recipe == "python"
