"""Owns what lies at the top of a place full of submissions, and looking into it; must never write or follow a link.

A time of handing in is that of the archive or the file, as a download keeps it. A folder's own says nothing, so only
where a platform named the folder the times of the files in it count.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from graders.cohort.collect.archive import (
    Archive,
    Caps,
    Deadline,
    Listing,
    Node,
    NodeKind,
    Source,
    can_be_shown,
    escaped,
    is_litter,
)
from graders.cohort.collect.git_commit import read_commit
from graders.cohort.collect.handed_in import Hand, Item
from graders.cohort.collect.naming import read_name
from graders.cohort.collect.open_archive import open_archive, split_ending
from graders.cohort.collect.seek import (
    Found,
    Search,
    find_in_entry,
    find_in_file,
    find_in_files,
    find_in_folder,
    find_in_part,
    kind_of,
    list_folder,
)
from graders.cohort.row import Row, RowState, Student
from graders.context_file import DOCKERFILE
from graders.errors import SubmissionError

ONE_HINT = "Give the folder that holds everybody's submissions, one folder or archive each."
WHOLE_ARCHIVE_S = 3600.0
"""How long looking through one archive of all submissions may take."""
_NOT_WORK = (".csv", ".json", ".md", ".html", ".sqlite", ".log")
"""Endings of files that lie beside submissions and are none, when no platform named them."""


class Place(Protocol):
    """Where everybody's submissions are."""

    items: tuple[Item, ...]
    """In the order of their names."""
    unshown: tuple[str, ...]
    """Escaped names of what can't be anybody's, because its name can't be shown."""

    def row(self, student: Student, hand: Hand, search: Search) -> Row:
        """Look into what a student handed in. Raises OSError."""
        ...

    def path_of(self, item: Item) -> tuple[Path, str]:
        """Where it is: a path on disk, and a path in the archive there."""
        ...


def open_place(path: Path, caps: Caps, clock: Callable[[], float], is_known: Callable[[str], bool]) -> Place:
    """The folder or the archive of all submissions; `is_known` tells names of folders that are somebody's.

    Raises SubmissionError for one that is no place of several submissions.
    """
    if path.is_dir():
        return FolderPlace(path)
    caps = caps.for_cohort()
    archive = open_archive(Source(path), caps, Deadline.within(WHOLE_ARCHIVE_S, clock))
    if archive is None:
        raise SubmissionError(f"{path} is neither a folder nor a .zip, .tar or .tar.gz archive", hint=ONE_HINT)
    return ArchivePlace(path, archive, is_known)


class FolderPlace:
    """A folder with a folder, an archive or files for each student."""

    def __init__(self, path: Path) -> None:
        self._path = path
        items: list[Item] = []
        unshown: list[str] = []
        try:
            with os.scandir(path) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            raise SubmissionError(f"{path} can't be read: {error.strerror}", hint="Make it readable.") from error
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            kind = kind_of(status.st_mode)
            time = datetime.fromtimestamp(status.st_mtime, UTC) if kind is NodeKind.FILE else None
            _sort_in(entry.name, Node(kind, status.st_size, time=time), "", items, unshown)
        self.items, self.unshown = tuple(items), tuple(unshown)
        _refuse_one(path, self.items)

    def path_of(self, item: Item) -> tuple[Path, str]:
        """Where it is."""
        return self._path / item.path, ""

    def row(self, student: Student, hand: Hand, search: Search) -> Row:
        """Look into a folder, an archive, or files one by one."""
        first = hand.items[0]
        path = self._path / first.path
        if first.is_whole and first.kind is NodeKind.FOLDER:
            with os.scandir(path):
                pass  # What can't be opened raises here, and is not taken for an empty folder.
            found = find_in_folder(path, search)
            time = _newest(list_folder(path)) if first.naming.number else None
            commit = _commit(path, "" if found.archive else found.inside)
            place = path / found.archive if found.archive else path
            return _row(student, hand, found, place, time=time, commit=commit)
        if first.is_whole:
            return _row(student, hand, find_in_file(Source(path), search), path, time=hand.time)
        files = Listing({item.naming.file: Node(item.kind, item.size_bytes) for item in hand.items})
        return _row(student, hand, find_in_files(files), self._path, time=hand.time, parts=_parts(hand))


class ArchivePlace:
    """One archive with a folder, an archive or files for each student."""

    def __init__(self, path: Path, archive: Archive, is_known: Callable[[str], bool]) -> None:
        self._path = path
        self._archive = archive
        self._listing = archive.listing()
        start, tops = "", _tops(self._listing)
        if len(tops) == 1 and not is_known(*tops) and _is_wrapping(self._listing.under(next(iter(tops)))):
            start = next(iter(tops)) + "/"
            tops = _tops(self._listing.under(start.rstrip("/")))
        items: list[Item] = []
        left_out = (one.path for one in self._listing.notices if one.is_left_out and one.path.startswith(start))
        unshown = sorted({path[len(start) :].split("/")[0] for path in left_out} - tops.keys())
        for name in sorted(tops):
            _sort_in(name, tops[name], start, items, unshown)
        self.items, self.unshown = tuple(items), tuple(unshown)
        _refuse_one(path, self.items)
        self._parts = {item.path: Listing() for item in self.items if item.kind is NodeKind.FOLDER}
        for name, node in self._listing.nodes.items():
            top, _, rest = name[len(start) :].partition("/")
            if rest and start + top in self._parts:
                self._parts[start + top].nodes[rest] = node

    def path_of(self, item: Item) -> tuple[Path, str]:
        """Where it is."""
        return self._path, item.path

    def row(self, student: Student, hand: Hand, search: Search) -> Row:
        """Look into a folder, an inner archive, or files one by one."""
        first = hand.items[0]
        if first.is_whole and first.kind is NodeKind.FOLDER:
            part = self._parts[first.path]
            found = find_in_part(self._archive, part, first.path, search, search.caps.nesting)
            time = _newest(part) if first.naming.number else None
            return _row(student, hand, found, self._path, time=time)
        if first.is_whole:
            node = self._listing.nodes[first.path]
            found = find_in_entry(self._archive, node, first.path, search, search.caps.nesting)
            return _row(student, hand, found, self._path, time=hand.time)
        files = Listing({item.naming.file: self._listing.nodes[item.path] for item in hand.items})
        return _row(student, hand, find_in_files(files), self._path, time=hand.time, parts=_parts(hand))


def _sort_in(name: str, node: Node, start: str, items: list[Item], unshown: list[str]) -> None:
    """Put a name at the top where it belongs; what is no submission is left."""
    if is_litter(name) or name.startswith("."):
        return
    naming = read_name(name, is_folder=node.kind is NodeKind.FOLDER)
    if not can_be_shown(name) or not (naming.text or naming.number):
        unshown.append(escaped(name))
        return
    is_beside = name.lower().endswith(_NOT_WORK) and not (naming.number or naming.file)
    if node.kind is not NodeKind.FILE or not is_beside:
        items.append(Item(start + name, node.kind, naming, node.time, node.size_bytes))


def _refuse_one(path: Path, items: tuple[Item, ...]) -> None:
    """Raise SubmissionError for what is one submission by itself."""
    if any(item.path.rpartition("/")[2] == DOCKERFILE and item.kind is NodeKind.FILE for item in items):
        raise SubmissionError(f"{path} holds a {DOCKERFILE} itself: it is one submission", hint=ONE_HINT)


def _tops(listing: Listing) -> dict[str, Node]:
    """What is at the top, folders also where only something in them was named."""
    tops: dict[str, Node] = {}
    for path, node in listing.nodes.items():
        top, _, rest = path.partition("/")
        if rest:
            tops.setdefault(top, Node(NodeKind.FOLDER))
        else:
            tops[top] = node
    return tops


def _is_wrapping(inner: Listing) -> bool:
    """Whether a folder holds submissions and is none: several folders or archives, and nothing else."""
    tops = _tops(inner)
    whole = [name for name, node in tops.items() if node.kind is NodeKind.FOLDER or split_ending(name)[1]]
    return len(whole) > 1 and all(name in whole or name.lower().endswith(_NOT_WORK) for name in tops)


def _newest(listing: Listing) -> datetime | None:
    times = (node.time for node in listing.nodes.values() if node.kind is NodeKind.FILE)
    return max((time for time in times if time is not None), default=None)


def _commit(checkout: Path, inside: str) -> str:
    """The commit of the nearest checkout around the Dockerfile that is still within what was handed in."""
    parts = inside.split("/") if inside else []
    folders = [checkout.joinpath(*parts[:depth]) for depth in range(len(parts), -1, -1)]
    return next((commit for folder in folders if (commit := read_commit(folder))), "")


def _parts(hand: Hand) -> tuple[tuple[str, str], ...]:
    return tuple((item.naming.file, item.path) for item in hand.items)


def _row(
    student: Student,
    hand: Hand,
    found: Found,
    place: Path,
    *,
    time: datetime | None,
    commit: str = "",
    parts: tuple[tuple[str, str], ...] = (),
) -> Row:
    ready = found.state is RowState.READY
    return Row(
        student,
        found.state,
        found.reason,
        place=place,
        inside=found.inside,
        parts=parts if ready else (),
        handed_in_at=time,
        marked_late=hand.is_late,
        commit=commit,
        note="; ".join(note for note in (found.note, hand.note) if note) if ready else "",
    )
