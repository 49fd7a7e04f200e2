"""Owns reading what a Docker engine says about an image; must never ask it anything."""

from __future__ import annotations

import json
import re

from graders.engine.base import LABEL, ImageInfo, LayerInfo
from graders.engine.docker.owner import OWNER
from graders.engine.docker.wire import Json, as_list, as_number, as_object, as_text

STAND_IN = "dev.dockyard.stand-in"
"""Label of the offline stand-ins that we build; its value is the reference that they stand in for."""

_MAKES_LAYER = re.compile(r"^(?:RUN|COPY|ADD)\b|^/bin/sh -c (?!#\(nop\))|#\(nop\) (?:COPY|ADD)\b|^$", re.IGNORECASE)
_MAY_MAKE_LAYER = re.compile(r"^WORKDIR\b|#\(nop\) WORKDIR\b", re.IGNORECASE)


def read_image(about: Json, history: list[object]) -> ImageInfo:
    """An `ImageInfo` from the engine's inspect answer and its history, which is newest first."""
    config = as_object(about.get("Config"))
    labels = {name: as_text(value) for name, value in as_object(config.get("Labels")).items()}
    for ours in (LABEL, OWNER):
        labels.pop(ours, None)
    env = [as_text(pair).partition("=") for pair in as_list(config.get("Env"))]
    health = as_object(config.get("Healthcheck"))
    layers_bytes = sum(as_number(as_object(entry).get("Size")) for entry in history)
    diff_ids = [as_text(id_) for id_ in as_list(as_object(about.get("RootFS")).get("Layers"))]
    return ImageInfo(
        id=as_text(about.get("Id")),
        # containerd's store says how large an image is when packed, where fifty megabytes of zeros are none.
        size_bytes=max(as_number(about.get("Size")), layers_bytes),
        user=as_text(config.get("User")),
        command=_words(config.get("Cmd")),
        entrypoint=_words(config.get("Entrypoint")),
        env={name: value for name, _, value in env},
        labels=labels,
        working_dir=as_text(config.get("WorkingDir")),
        exposed_ports=tuple(sorted(as_object(config.get("ExposedPorts")))),
        healthcheck=_words(health.get("Test")),
        layers=_layers([as_object(entry) for entry in reversed(history)], diff_ids),
        stand_in=STAND_IN in labels and len(history) == 1,  # what is built on one inherits its label
        about=json.dumps([about, history]),
    )


def _words(value: object) -> tuple[str, ...] | None:
    return tuple(as_text(word) for word in value) if isinstance(value, list) else None


def _layers(history: list[Json], diff_ids: list[str]) -> tuple[LayerInfo, ...]:
    """History entries with the digests of their layers.

    The engine does not say which entries made no layer: those with bytes did, then RUN, COPY and ADD, then as many
    WORKDIRs as digests are left.
    """
    texts = [as_text(entry.get("CreatedBy")) for entry in history]
    sizes = [as_number(entry.get("Size")) for entry in history]
    places: set[int] = {at for at, size in enumerate(sizes) if size > 0}
    for pattern in (_MAKES_LAYER, _MAY_MAKE_LAYER):
        for at, text in enumerate(texts):
            if len(places) < len(diff_ids) and at not in places and pattern.search(text):
                places.add(at)
    left = iter(diff_ids)
    found = [LayerInfo(next(left, "") if at in places else "", sizes[at], text) for at, text in enumerate(texts)]
    return tuple(found + [LayerInfo(digest, 0, "") for digest in left])
