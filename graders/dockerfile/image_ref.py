"""Owns the reading of image references; must never know which images exist."""

from __future__ import annotations

import re

from graders.dockerfile.model import ImageRef

_DOMAIN = re.compile(r"(?:\[[0-9A-Fa-f:]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]+)?", re.ASCII)
_PATH = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*", re.ASCII)
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}", re.ASCII)
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


def fault_of(reference: str) -> str:
    """Why Docker can't take the text for an image, to go after it in a sentence; empty when it can.

    Source: the grammar of distribution/reference, proved by tests/graders/dockerfile/test_refusals.py.
    """
    rest, at, digest = reference.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        return "has a digest that is none: it looks like sha256: and 64 digits"
    host, slash, path = rest.partition("/")
    if slash and (host != host.lower() or host == "localhost" or "." in host or ":" in host):
        if not _DOMAIN.fullmatch(host):
            return "doesn't name a registry before the first slash"
    else:
        path = rest
    path, colon, tag = path.partition(":")
    if colon and not _TAG.fullmatch(tag):
        return f'has the tag "{tag[:40]}", which is no tag'
    if _PATH.fullmatch(path):
        return ""
    if _PATH.fullmatch(path.lower()):
        return "holds capital letters, which the name of an image (and of a stage after FROM) can't have"
    return "is no name of an image"
