"""Owns reading one row's submission into memory; must never write a file, follow a link or run what it reads.

The same files give the same submission whether they were handed in as a folder or in an archive.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from graders.cohort.collect.archive import (
    Archive,
    ArchiveError,
    Caps,
    Deadline,
    Listing,
    Node,
    NodeKind,
    Source,
    is_litter,
    shown,
)
from graders.cohort.collect.kept_listing import KeptListing
from graders.cohort.collect.open_archive import open_archive
from graders.cohort.row import Row, RowState
from graders.dockerfile.ignore import IgnoreFile
from graders.engine.base import ContextFile
from graders.errors import SubmissionError
from graders.submission import (
    DOCKERFILE_BYTES,
    IGNORE_BYTES,
    NEVER_IGNORED,
    Submission,
    assemble,
    read_submission,
    stays_out,
)

if TYPE_CHECKING:
    from graders.exercise import ExerciseSpec
    from graders.limits import Limits
    from graders.terms import Terms

DOCKERFILE, IGNORE = NEVER_IGNORED
_EXECUTABLE, _LINK_BYTES = 0o755, 4096


def read(
    row: Row,
    spec: ExerciseSpec | Terms,
    *,
    clock: Callable[[], float] = time.monotonic,
    kept: KeptListing | None = None,
) -> Submission:
    """The submission of a READY row. Raises SubmissionError when it can't be read; `unread` makes that a row.

    `kept`: one for all rows of a cohort, whose submissions may be in one archive.
    """
    if row.state is not RowState.READY or row.place is None:
        raise SubmissionError(row.reason or "There is nothing to read", hint="Only a READY row can be graded.")
    caps = Caps.of(spec.limits)
    deadline = Deadline.within(caps.time_s, clock)
    if row.place.is_symlink():
        raise SubmissionError(f"{row.place} is a link, and links are not followed", hint="Put the real thing there.")
    if row.place.is_dir() and not row.parts:
        submission = read_submission(
            _real_folder(row.place, row.inside),
            spec.limits,
            starter=spec.starter,
            editable=spec.files,
            is_litter=is_litter,
        )
    else:
        notices: list[str] = []
        if row.place.is_dir():
            found = {name: ContextFile(name, _part(row.place / path, name)) for name, path in row.parts}
            ignore = IgnoreFile.parse(found[IGNORE].data) if IGNORE in found else None
        else:
            archive, listing = (kept or KeptListing()).open(row.place, caps.for_cohort(), deadline)
            if row.parts:
                nodes = {name: listing.nodes[path] for name, path in row.parts if path in listing.nodes}
                listing = Listing(nodes)
            else:
                archive, listing = _entered(archive, listing, row.inside, caps, deadline)
            notices += [notice.text for notice in listing.notices]
            found, ignore = _from_archive(archive, listing.nodes, spec.limits, notices)
        submission = assemble(row.place, found, ignore, notices, spec.limits, starter=spec.starter, editable=spec.files)
    return submission._replace(notices=(row.note, *submission.notices)) if row.note else submission


def unread(row: Row, error: SubmissionError) -> Row:
    """The row of a submission that `read` could not read after all."""
    state = error.state if isinstance(error, ArchiveError) else RowState.UNREADABLE
    return replace(row, state=state, reason=error.message)


def _real_folder(place: Path, inside: str) -> Path:
    folder = place
    for part in inside.split("/") if inside else ():
        folder = folder / part
        if folder.is_symlink():
            raise SubmissionError(f"{shown(str(folder))} is a link, and links are not followed")
    return folder


def _part(path: Path, name: str) -> bytes:
    with Source(path).open() as file:
        data = file.read(DOCKERFILE_BYTES + 1)
    if len(data) > DOCKERFILE_BYTES:
        raise ArchiveError(f"{name} is too large: at most {DOCKERFILE_BYTES} bytes are read")
    return data


def _from_archive(
    archive: Archive, nodes: dict[str, Node], limits: Limits, notices: list[str]
) -> tuple[dict[str, ContextFile], IgnoreFile | None]:
    if nodes.get(DOCKERFILE) is None or nodes[DOCKERFILE].kind is not NodeKind.FILE:
        raise ArchiveError("It holds no Dockerfile any more", hint="Run the same command again.")
    first = [nodes[name] for name in NEVER_IGNORED if name in nodes and nodes[name].kind is NodeKind.FILE]
    for name, cap in ((DOCKERFILE, DOCKERFILE_BYTES), (IGNORE, IGNORE_BYTES)):
        if name in nodes and nodes[name].size_bytes > cap:
            raise ArchiveError(f"{name} is too large: {nodes[name].size_bytes} bytes; at most {cap} are read")
    _refuse_faults({name: nodes[name] for name in NEVER_IGNORED if name in nodes})
    data = archive.read(first, DOCKERFILE_BYTES + IGNORE_BYTES)
    if IGNORE in nodes and nodes[IGNORE].kind is not NodeKind.FILE:
        raise ArchiveError(f"{IGNORE} is a {nodes[IGNORE].kind}, and must be a file")
    ignore = IgnoreFile.parse(data[nodes[IGNORE].at]) if IGNORE in nodes else None
    chosen = _chosen(nodes, ignore, limits, notices)
    _refuse_faults(chosen)
    later = [node for name, node in chosen.items() if name not in NEVER_IGNORED]
    data |= archive.read(later, limits.context_bytes)
    return {path: _file(path, node, data[node.at]) for path, node in chosen.items()}, ignore


def _entered(
    archive: Archive, listing: Listing, inside: str, caps: Caps, deadline: Deadline
) -> tuple[Archive, Listing]:
    """The innermost archive of a path and what is in its folder; a part of the path that is a file is an archive."""
    folder = ""
    for part in inside.split("/") if inside else ():
        folder = f"{folder}/{part}" if folder else part
        node = listing.nodes.get(folder)
        if node is not None and node.kind is NodeKind.FILE:
            _refuse_faults({folder: node})
            inner = open_archive(Source(data=archive.read([node], caps.inner_bytes)[node.at]), caps, deadline)
            if inner is None:
                raise ArchiveError(f"{shown(folder)} is no .zip, .tar or .tar.gz archive any more")
            archive, listing, folder = inner, inner.listing(), ""
    return archive, listing.under(folder)


def _chosen(nodes: dict[str, Node], ignore: IgnoreFile | None, limits: Limits, notices: list[str]) -> dict[str, Node]:
    """Files and links that the .dockerignore lets in, as reading a folder would choose them. Raises ArchiveError."""
    chosen: dict[str, Node] = {}
    closed: dict[str, bool] = {"": False}
    left = limits.context_bytes
    for path in sorted(nodes):
        node = nodes[path]
        if _is_closed(path.rpartition("/")[0], ignore, closed) or node.kind is NodeKind.FOLDER:
            continue
        if ignore is not None and path not in NEVER_IGNORED and ignore.excludes(path):
            continue
        if node.kind is NodeKind.OTHER:
            notices.append(f"{path} was left out: it is neither a file, a folder nor a link")
            continue
        chosen[path] = node
        left -= node.size_bytes if path not in NEVER_IGNORED else 0
        if left < 0:
            raise ArchiveError(f"It holds more than {limits.context_mib} MiB, counted up to {shown(path)}")
        if len(chosen) > limits.context_files:
            raise ArchiveError(f"It holds more than {limits.context_files} files")
    return chosen


def _is_closed(folder: str, ignore: IgnoreFile | None, closed: dict[str, bool]) -> bool:
    """Whether a folder, or one above it, is ignored for good."""
    if folder not in closed:
        above = _is_closed(folder.rpartition("/")[0], ignore, closed)
        closed[folder] = above or (ignore is not None and ignore.excludes(folder) and stays_out(ignore, folder))
    return closed[folder]


def _refuse_faults(nodes: dict[str, Node]) -> None:
    for path, node in nodes.items():
        if node.is_sealed:
            raise ArchiveError(f"{shown(path)} is encrypted", state=RowState.ENCRYPTED)
        if node.fault:
            raise ArchiveError(f"{shown(path)} {node.fault}")


def _file(path: str, node: Node, data: bytes) -> ContextFile:
    """What was packed without file modes runs when it begins like a script, as on the system it comes from."""
    if node.kind is NodeKind.LINK:
        target = data.decode("utf-8", "replace")
        if len(data) > _LINK_BYTES or "\0" in target or not target:
            raise ArchiveError(f"{shown(path)} is a link that leads nowhere")
        return ContextFile(path, mode=0o777, link=target)
    mode = node.mode if node.has_mode else _EXECUTABLE if data.startswith(b"#!") else node.mode
    return ContextFile(path, data, mode)
