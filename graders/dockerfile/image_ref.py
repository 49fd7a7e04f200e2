"""Owns the reading of image references; must never know which images exist."""

from __future__ import annotations

from graders.dockerfile.model import ImageRef

_HUBS = ("docker.io/", "index.docker.io/", "registry-1.docker.io/")


def read_image_ref(reference: str) -> ImageRef:
    """Split `name:tag@digest`; "docker.io/library/python" is the same as "python"."""
    name, _, digest = reference.strip().partition("@")
    folder, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    name = f"{folder}{slash}{last}"
    for hub in _HUBS:
        if name.startswith(hub):
            name = name.removeprefix(hub)
            break
    return ImageRef(name.removeprefix("library/"), tag, digest)
