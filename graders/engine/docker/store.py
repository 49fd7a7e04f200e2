"""Owns moving whole images in and out of a Docker engine and naming them; must never look into one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graders.cancel import Cancel
from graders.engine.docker.wire import Wire, as_text, messages
from graders.errors import EngineError
from graders.safe_text import clean

_LOAD_S = 600.0
_LOADED = re.compile(r"Loaded image(?: ID)?: (\S+)")


def load(wire: Wire, chunks: Iterator[bytes], cancel: Cancel) -> str:
    """Hand over what `docker save` wrote of one image; its id. Raises EngineError."""
    image_id = ""
    with wire.open(
        "POST",
        "/images/load",
        {"quiet": "1"},
        chunks,
        headers={"Content-Type": "application/x-tar"},
        operation="load an image",
        timeout_s=_LOAD_S,
        cancel=cancel,
    ) as stream:
        for message in messages(stream.chunks(cancel)):
            error = as_text(message.get("error"))
            if error:
                raise EngineError(f"The engine could not load an image: {clean(error)}")
            found = _LOADED.search(as_text(message.get("stream")))
            if found:
                image_id = found[1]
    if not image_id:
        raise EngineError("The engine took an image and did not say its id")
    return image_id


def tag(wire: Wire, image_id: str, name: str, version: str) -> None:
    """Name an image, also where the name stood for another one."""
    wire.call("POST", f"/images/{image_id}/tag", {"repo": name, "tag": version}, operation="tag an image")


def remove_image(wire: Wire, reference: str) -> None:
    """Remove a name, or an image by its id; one that is gone or in use is left as it is."""
    wire.remove(f"/images/{reference}", {"noprune": "1"}, kind="an image", or_in_use=True)
