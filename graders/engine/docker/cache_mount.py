"""Owns keeping apart the cache mounts of different learners; must never change what a build does otherwise.

BuildKit shares `--mount=type=cache` folders between all builds of an engine, by their id: what one learner's build
puts there, another's would install, and the layer that comes of it would be served to a third from the cache. So each
id gets its owner's mark in transit, and a mount that can't be marked is refused.
"""

from __future__ import annotations

import csv
import re
from hashlib import sha256

from graders.dockerfile.model import Instruction
from graders.dockerfile.parse import parse

_TOKEN = re.compile(rb"--mount=(\S+)")
_GOES_ON = re.compile(rb"\S[\\`][ \t\r]*\n")
"""A word that may go on in the next line, so that no part of it need be the one that is looked for."""
_ADDED = re.compile(r",id=dockyard-[0-9a-f]{16}-=[^,\s]*")
_MARK = re.compile(r"dockyard-[0-9a-f]{16}-")


def with_own_caches(dockerfile: bytes, owner: str) -> tuple[bytes, str]:
    """The Dockerfile with every cache mount marked, and what is wrong when one can't be (then don't build it).

    No owner: nothing is changed.
    """
    if not owner or not (b"mount" in dockerfile or _GOES_ON.search(dockerfile)):
        return dockerfile, ""
    wanted = [each for each in _runs(dockerfile) if _caches(each)]
    if not wanted:
        return dockerfile, ""
    mark = f"dockyard-{sha256(owner.encode()).hexdigest()[:16]}-"
    lines = dockerfile.split(b"\n")
    for run in wanted:
        for at in range(run.line - 1, min(run.end_line, len(lines))):
            lines[at] = _TOKEN.sub(lambda found: _marked(found, mark), lines[at])
    changed = b"\n".join(lines)
    for run in _runs(changed):
        if not all(_has_mark(mount, mark) for mount in _caches(run)):
            return dockerfile, (
                f"Line {run.line}: write --mount=type=cache in one piece, without quotes or a line break in it;"
                " its folder can't be kept apart from other people's otherwise"
            )
    return changed, ""


def without_marks(text: str) -> str:
    """An engine's text about a step as the learner wrote it."""
    return _MARK.sub("", _ADDED.sub("", text))


def _runs(dockerfile: bytes) -> list[Instruction]:
    return [each for each in parse(dockerfile).instructions if each.keyword == "RUN"]


def _caches(run: Instruction) -> list[str]:
    return [mount for mount in run.flags.get("mount", ()) if _is_cache(mount)]


def _is_cache(mount: str) -> bool:
    return any(
        key == "type" and value.lower() not in {"bind", "tmpfs", "secret", "ssh"} for key, value in _fields(mount)
    )


def _fields(mount: str) -> list[tuple[str, str]]:
    try:
        row = next(csv.reader([mount]), [])
    except csv.Error:
        row = mount.split(",")
    pairs = [field.partition("=") for field in row]
    return [(key.strip().lower(), value.strip()) for key, _, value in pairs]


def _has_mark(mount: str, mark: str) -> bool:
    ids = [value for key, value in _fields(mount) if key == "id"]
    return bool(ids) and all(value.startswith(mark) for value in ids)


def _marked(found: re.Match[bytes], mark: str) -> bytes:
    mount = found[1].decode("utf-8", "surrogateescape")
    if '"' in mount or not _is_cache(mount):
        return found[0]
    parts = mount.split(",")
    has_id = False
    for at, part in enumerate(parts):
        key, equals, value = part.partition("=")
        if key.strip().lower() == "id":
            parts[at], has_id = f"{key}{equals}{mark}{value}", True
    if not has_id:
        target = next((value for key, value in _fields(mount) if key in {"target", "dst", "destination"}), "")
        parts.append(f"id={mark}={target}")
    return b"--mount=" + ",".join(parts).encode("utf-8", "surrogateescape")
