"""Owns where in what was handed in the Dockerfile is; must never guess between two that are equally near."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

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
from graders.cohort.collect.open_archive import open_archive, split_ending
from graders.cohort.row import RowState
from graders.context_file import DOCKERFILE

FOLDERS_DOWN = 3
"""How many folders deep a Dockerfile is looked for."""
_FOLDER_ENTRIES = 20_000
"""Names that are looked at in a folder, the nearest first, before the rest is left to the reader's own limits."""
_SHOWN = 4
_NESTED = "It holds archives in archives"


@dataclass(frozen=True, slots=True)
class Search:
    """How one submission is looked through."""

    caps: Caps
    deadline: Deadline
    exercise: str = ""
    """Of equally near folders, one that is called so is meant."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found. `inside` and `archive` are empty unless it is READY."""

    state: RowState
    reason: str = ""
    inside: str = ""
    """The folder that holds the Dockerfile; parts of it may be archives."""
    archive: str = ""
    """In a folder: path of the archive that holds it all, of which `inside` is told."""
    note: str = ""


def find_in_folder(folder: Path, search: Search) -> Found:
    """Look into a folder, and into the one archive that it may hold instead. Follows no link."""
    found = _seek(list_folder(folder), search.exercise)
    if isinstance(found, Found):
        return found
    return _from_archive(found, _at_source(Source(folder / found), search, search.caps.nesting))


def find_in_file(source: Source, search: Search) -> Found:
    """Look into a file that should be an archive."""
    return _at_source(source, search, search.caps.nesting)


def find_in_part(archive: Archive, part: Listing, folder: str, search: Search, nesting: int) -> Found:
    """Look into `part`, which is what is in a folder of an archive; `inside` is told from the archive's top."""
    start = f"{folder}/" if folder else ""
    found = _seek(part, search.exercise)
    if isinstance(found, Found):
        return _moved(found, start)
    inner = find_in_entry(archive, part.nodes[found], start + found, search, nesting)
    return inner if inner.state is RowState.READY else _of_inner(found, inner)


def find_in_entry(archive: Archive, node: Node, path: str, search: Search, nesting: int) -> Found:
    """Look into an archive that is a file of another one; `inside` is told from the outer one's top."""
    if nesting == 0:
        return Found(RowState.UNREADABLE, f"{_NESTED}, more than {search.caps.nesting} deep")
    if node.is_sealed:
        return Found(RowState.ENCRYPTED, "It is encrypted, and its password is not known")
    try:
        data = archive.read([node], search.caps.inner_bytes)[node.at]
    except ArchiveError as error:
        return Found(error.state, error.message)
    return _moved(_at_source(Source(data=data), search, nesting - 1), f"{path}/")


def find_in_files(files: Listing) -> Found:
    """Look among files that were handed in one by one, none of them an archive."""
    found = _seek(files, "")
    return found if isinstance(found, Found) else Found(RowState.UNREADABLE, f"It holds no Dockerfile, only {found}")


def list_folder(folder: Path) -> Listing:
    """The names in a folder as deep as a Dockerfile is looked for. Folders that can't be opened are left out."""
    listing = Listing()
    waiting = deque([("", 0)])
    while waiting and len(listing.nodes) < _FOLDER_ENTRIES:
        place, depth = waiting.popleft()
        try:
            with os.scandir(folder / place) as entries:
                children = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in children:
            path = f"{place}/{entry.name}" if place else entry.name
            if is_litter(path) or not path.isprintable():
                continue
            status = entry.stat(follow_symlinks=False)
            kind = kind_of(status.st_mode)
            listing.nodes[path] = Node(kind, status.st_size, time=datetime.fromtimestamp(status.st_mtime, UTC))
            if kind is NodeKind.FOLDER and depth < FOLDERS_DOWN:
                waiting.append((path, depth + 1))
    return listing


def kind_of(mode: int) -> NodeKind:
    """What a file's mode says that it is."""
    if stat.S_ISREG(mode):
        return NodeKind.FILE
    if stat.S_ISDIR(mode):
        return NodeKind.FOLDER
    return NodeKind.LINK if stat.S_ISLNK(mode) else NodeKind.OTHER


def _at_source(source: Source, search: Search, nesting: int) -> Found:
    try:
        archive = open_archive(source, search.caps, search.deadline)
        if archive is None:
            return Found(RowState.UNREADABLE, "It is neither a folder nor a .zip, .tar or .tar.gz archive")
        listing = archive.listing()
    except ArchiveError as error:
        return Found(error.state, error.message)
    return find_in_part(archive, listing, "", search, nesting)


def _seek(listing: Listing, exercise: str) -> Found | str:
    """What is found, or the path of the one archive to look into instead."""
    files = {path: node for path, node in listing.nodes.items() if node.kind is not NodeKind.FOLDER}
    if not files:
        return Found(RowState.EMPTY, "It holds no file")
    if any(node.is_sealed for node in files.values()):
        return Found(RowState.ENCRYPTED, "It is encrypted, and its password is not known")
    near = sorted((path for path in files if path.count("/") <= FOLDERS_DOWN), key=lambda path: (path.count("/"), path))
    here = [path for path in near if _name(path) == DOCKERFILE and files[path].kind is NodeKind.FILE]
    if here:
        return _chosen([path.rpartition("/")[0] for path in here], exercise)
    archives = [path for path in near if files[path].kind is NodeKind.FILE and split_ending(_name(path))[1]]
    if len(archives) == 1:
        return archives[0]
    if archives:
        return Found(RowState.UNREADABLE, f"It holds no Dockerfile but {len(archives)} archives: {_few(archives)}")
    return Found(RowState.UNREADABLE, f"It holds no Dockerfile{_nearest(near, files)}")


def _chosen(folders: list[str], exercise: str) -> Found:
    """The nearest one; of equally near ones the one in a folder that is called like the exercise."""
    depth = _depth(folders[0])
    nearest = [folder for folder in folders if _depth(folder) == depth]
    named = [folder for folder in folders if _name(folder) == exercise] if exercise and depth else []
    taken = named if len(named) == 1 else nearest
    if len(taken) > 1:
        return Found(
            RowState.UNREADABLE, f"It holds {len(folders)} Dockerfiles, and none is nearer than others: {_few(folders)}"
        )
    others = [folder or "the top" for folder in folders if folder != taken[0]]
    where = f"in {shown(taken[0])}" if taken[0] else "at the top"
    note = f"The Dockerfile {where} is the one graded; there are others in {_few(others)}" if others else ""
    return Found(RowState.READY, inside=taken[0], note=note)


def _nearest(paths: list[str], files: dict[str, Node]) -> str:
    for path in paths:
        name = _name(path)
        if name == DOCKERFILE:
            return f": {shown(path)} is a {files[path].kind}, and links are not followed"
        if "dockerfile" in name.lower():
            return f": {shown(path)} has another name"
    return f", only {_few(paths)}" if paths else " where one is looked for"


def _few(paths: Iterable[str]) -> str:
    names = [shown(path) for path in paths]
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _depth(folder: str) -> int:
    return folder.count("/") + 1 if folder else 0


def _moved(found: Found, start: str) -> Found:
    if found.state is not RowState.READY:
        return found
    return Found(found.state, found.reason, (start + found.inside).strip("/"), found.archive, found.note)


def _of_inner(name: str, inner: Found) -> Found:
    if inner.reason.startswith(_NESTED):
        return inner
    return Found(inner.state, f"{shown(name)}, which it holds: {inner.reason}")


def _from_archive(name: str, inner: Found) -> Found:
    if inner.state is not RowState.READY:
        return _of_inner(name, inner)
    return Found(inner.state, inside=inner.inside, archive=name, note=inner.note)
