"""Owns the `[service]` table of exercise.toml: what a service is asked, and what it must answer; must never ask.

[service]
port = 8000
live = "/live"                # empty: the exercise has none
ready = "/ready"
startup_s = 30.0
env = { MODEL_DELAY_S = "1" }
mounts = { "/models/sentiment.json" = "model/sentiment.json" }
swaps = { "/models/sentiment.json" = "model/reversed.json" }

[service.predict]             # asked with the texts of [run.texts], as {"text": "..."}
path = "/predict"

[[service.requests]]
method = "POST"
path = "/predict"
body = '{"text": 5}'
status = [422]
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_METHOD = re.compile(r"[A-Z]{3,10}")
_PATH = re.compile(r"/[!-~]*")
_MOUNT = re.compile(r"(?:/[!-.0-9;-~]+)+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADER = re.compile(r"[ -~]+")


@dataclass(frozen=True, slots=True)
class PredictSpec:
    """`[service.predict]`: how the service is asked for the label of a text, in JSON both ways."""

    path: str = ""
    """Empty: it is never asked for one."""
    method: str = "POST"
    text: str = "text"
    """Key of the text in the request."""
    label: str = "label"
    """Key of the label in the answer."""
    status: int = 200


@dataclass(frozen=True, slots=True)
class FixedRequest:
    """`[[service.requests]]`: one request and the statuses of which one must come back."""

    path: str
    status: tuple[int, ...]
    method: str = "GET"
    body: str = ""
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """`[service]`: where and how the service answers."""

    port: int = 0
    """0: the exercise has no service."""
    live: str = ""
    """Path that answers with success as long as the process lives; empty: there is none."""
    ready: str = ""
    """Path that answers with success when requests are welcome; empty: there is none."""
    startup_s: float = 30.0
    """How long it is waited for at all."""
    request_s: float = 5.0
    """How long one answer is waited for."""
    env: dict[str, str] = field(default_factory=dict)
    """Environment of every start."""
    mounts: dict[str, str] = field(default_factory=dict)
    """Path in the container -> path in the exercise's folder of a file that is mounted there at every start."""
    swaps: dict[str, str] = field(default_factory=dict)
    """Of the paths in `mounts`: the file of another model, for a check that swaps the two."""
    predict: PredictSpec = field(default_factory=PredictSpec)
    requests: tuple[FixedRequest, ...] = ()


def faults(spec: ServiceSpec, *, has_texts: bool) -> Iterator[tuple[str, str]]:
    """(key, what is wrong) of each value that can't be."""
    if spec == ServiceSpec():
        return
    if not 1 <= spec.port <= 65535:
        yield "service.port", f"must be from 1 to 65535, not {spec.port}"
    for name in ("startup_s", "request_s"):
        value: float = getattr(spec, name)
        if not (math.isfinite(value) and 0 < value <= 120):
            yield f"service.{name}", f"must be above 0 and at most 120, not {value}"
    for name, path in (("live", spec.live), ("ready", spec.ready), ("predict.path", spec.predict.path)):
        if path and not _PATH.fullmatch(path):
            yield f"service.{name}", f"{path!r} must start with / and hold no space"
    for key in spec.env:
        if not _NAME.fullmatch(key):
            yield "service.env", f"{key!r} is no name of a variable"
    yield from _mount_faults(spec)
    yield from _predict_faults(spec.predict, has_texts=has_texts)
    for index, request in enumerate(spec.requests):
        yield from _request_faults(f"service.requests[{index}]", request)


def _mount_faults(spec: ServiceSpec) -> Iterator[tuple[str, str]]:
    for key, target, path in (
        *(("service.mounts", *pair) for pair in spec.mounts.items()),
        *(("service.swaps", *pair) for pair in spec.swaps.items()),
    ):
        if not _MOUNT.fullmatch(target) or ".." in target.split("/"):
            yield key, f"{target!r} must be a whole path without a colon"
        if not path or path.startswith("/") or ".." in path.split("/"):
            yield key, f"{path!r} must be a plain path inside the exercise's folder"
    for target in spec.swaps:
        if target not in spec.mounts:
            yield "service.swaps", f"{target!r} is not among the mounts"


def _predict_faults(predict: PredictSpec, *, has_texts: bool) -> Iterator[tuple[str, str]]:
    if predict.path and not has_texts:
        yield "service.predict", "needs the texts of [run.texts]"
    if predict.path and not (predict.text and predict.label):
        yield "service.predict", "text and label name keys, they can't be empty"
    if not _METHOD.fullmatch(predict.method):
        yield "service.predict.method", f"{predict.method!r} is no method"
    if not 200 <= predict.status <= 299:
        yield "service.predict.status", f"must be from 200 to 299, not {predict.status}"


def _request_faults(key: str, request: FixedRequest) -> Iterator[tuple[str, str]]:
    if not _METHOD.fullmatch(request.method):
        yield f"{key}.method", f"{request.method!r} is no method"
    if not _PATH.fullmatch(request.path):
        yield f"{key}.path", f"{request.path!r} must start with / and hold no space"
    if not _HEADER.fullmatch(request.content_type):
        yield f"{key}.content_type", "must be plain text on one line"
    if not request.status or not all(200 <= status <= 599 for status in request.status):
        yield f"{key}.status", "lists one or more statuses from 200 to 599"
