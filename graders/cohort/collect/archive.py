"""Owns what an archive is to us: names with what stands behind them, within caps; must never write or follow anything.

A name that leads out of the archive, or through a link or a file as if it were a folder, makes the whole of it
unreadable: no honest program writes one, and a person should look at it.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

from graders.cohort.row import RowState
from graders.errors import SubmissionError
from graders.limits import MIB, Limits

LITTER = frozenset({"__MACOSX", ".DS_Store", "Icon\r", "Thumbs.db", "desktop.ini", ".git"})
"""Names, at any depth, that no student means to hand in."""
APPLE_DOUBLE = "._"
NAME_CHARACTERS = 1024
DEPTH = 64
SHOWN_CHARACTERS = 120
_NO_RATIO = 1_000_000
ASK_AGAIN = "Ask for it again as a .zip or .tar.gz file."


class NodeKind(StrEnum):
    """What stands behind a name."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"
    """A device, a pipe, or a hard link to something that is not in the archive."""


@dataclass(frozen=True, slots=True)
class Node:
    """One name of a listing."""

    kind: NodeKind
    size_bytes: int = 0
    """As the archive tells; reading it tells whether that is true."""
    mode: int = 0o644
    at: int = 0
    """Which entry of the archive holds the bytes."""
    link: str = ""
    """Where a link leads; a zip tells only on reading."""
    time: datetime | None = None
    is_sealed: bool = False
    """Encrypted."""
    fault: str = ""
    """Why its bytes can't be read, as the end of a sentence that begins with its name; empty when they can."""
    has_mode: bool = True
    """Whether the program that packed it knew of file modes."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a person should know of one name."""

    path: str
    """Escaped where its characters can't be shown."""
    text: str
    is_left_out: bool = False
    """It is not among the names."""


@dataclass(slots=True)
class Listing:
    """The names in a folder or an archive, without litter."""

    nodes: dict[str, Node] = field(default_factory=dict)
    """By path, with forward slashes; folders only where they were named."""
    notices: list[Notice] = field(default_factory=list)

    def under(self, folder: str) -> Listing:
        """What is in a folder, by the path from there."""
        if not folder:
            return self
        start = folder + "/"
        nodes = {path[len(start) :]: node for path, node in self.nodes.items() if path.startswith(start)}
        notices = [replace(one, path=one.path[len(start) :]) for one in self.notices if one.path.startswith(start)]
        return Listing(nodes, notices)


class ArchiveError(SubmissionError):
    """An archive can't be read; `state` says what that makes of its row."""

    def __init__(self, message: str, *, state: RowState = RowState.UNREADABLE, hint: str = ASK_AGAIN) -> None:
        super().__init__(message, hint=hint)
        self.state = state


@dataclass(frozen=True, slots=True)
class Caps:
    """What looking into one archive may cost."""

    entries: int = 100_000
    unpacked_bytes: int = 1024 * MIB
    """Of all that is in it, whether it is kept or passed over."""
    ratio: int = 200
    """Unpacked to packed bytes, beyond the first `ratio_from_bytes`."""
    ratio_from_bytes: int = 16 * MIB
    inner_bytes: int = 128 * MIB
    """Of an archive within an archive, which is held in memory while it is read."""
    nesting: int = 3
    """Archives within archives."""
    time_s: float = 60.0

    @staticmethod
    def of(limits: Limits) -> Caps:
        """The caps that suit an exercise's limits."""
        return Caps(
            entries=max(20 * limits.context_files, 1000),
            unpacked_bytes=max(16 * limits.context_bytes, 64 * MIB),
            inner_bytes=max(2 * limits.context_bytes, 16 * MIB),
        )

    def for_cohort(self) -> Caps:
        """The caps of one archive of all submissions, of which only one is unpacked at a time.

        What one of them unpacks to must not close the archive for the others, so its ratio is looked at alone.
        """
        return replace(self, entries=5 * self.entries, unpacked_bytes=64 * self.unpacked_bytes, ratio=_NO_RATIO)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The time that one submission may take to be read."""

    clock: Callable[[], float]
    ends_s: float
    limit_s: float

    @staticmethod
    def within(limit_s: float, clock: Callable[[], float]) -> Deadline:
        """A deadline from now on."""
        return Deadline(clock, clock() + limit_s, limit_s)

    def check(self) -> None:
        """Raise ArchiveError once the time is over."""
        if self.clock() > self.ends_s:
            raise ArchiveError(f"Unpacking it takes longer than {self.limit_s:g} s")


@dataclass(frozen=True, slots=True)
class Source:
    """Where an archive's bytes are: a file on disk, or memory when it was found in another archive."""

    path: Path | None = None
    data: bytes = b""

    def open(self) -> BinaryIO:
        """The bytes, to be closed by the caller. Raises ArchiveError for what is no regular file."""
        if self.path is None:
            return io.BytesIO(self.data)
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        except OSError as error:
            raise ArchiveError(f"It can't be opened: {error.strerror}", hint="Make it readable.") from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise ArchiveError("It is neither a folder nor a file")
        return os.fdopen(descriptor, "rb")


class Archive(Protocol):
    """A zip or a tar."""

    def within(self, deadline: Deadline) -> Archive:
        """The same archive, with as much time as `deadline` gives; what was listed need not be listed again."""
        ...

    def listing(self) -> Listing:
        """All names. Raises ArchiveError."""
        ...

    def read(self, nodes: Collection[Node], limit_bytes: int) -> dict[int, bytes]:
        """The bytes of files and links, by `at`, together at most `limit_bytes`. Raises ArchiveError."""
        ...


def is_litter(path: str) -> bool:
    """Whether a path is something that a desktop or a version control leaves behind."""
    return any(part in LITTER or part.startswith(APPLE_DOUBLE) for part in path.split("/"))


def can_be_shown(name: str) -> bool:
    """Whether a name reads the same on a terminal as it is spelt."""
    return name.isprintable() and "\ufffd" not in name


def escaped(name: str) -> str:
    """The name with what can't be shown written out."""
    return "".join(letter if can_be_shown(letter) else ascii(letter)[1:-1] for letter in name)


def shown(name: str) -> str:
    """A name as it may stand in a sentence, whatever characters it holds."""
    text = escaped(name)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"


class ListingMaker:
    """Puts entries into a listing, one after the other, and refuses what makes no folder."""

    def __init__(self, caps: Caps) -> None:
        self._caps = caps
        self._seen = 0
        self._repeated: set[str] = set()
        self.listing = Listing()

    def path_of(self, name: str) -> str:
        """The path that a name stands for; empty for the top folder and for what is left out.

        Raises ArchiveError for a name that leads out.
        """
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if name.startswith("/") or ".." in parts or (parts and parts[0].endswith(":") and len(parts[0]) == 2):
            raise ArchiveError(f"It names a path outside of its own folder: {shown(name)}")
        if len(parts) > DEPTH or len(name) > NAME_CHARACTERS:
            raise ArchiveError(f"It nests folders deeper than {DEPTH} levels or has a name of {len(name)} characters")
        path = "/".join(parts)
        if is_litter(path):
            return ""
        if not can_be_shown(path):
            text = f"{shown(path)} was left out: its name holds characters that can't be shown"
            self.listing.notices.append(Notice(escaped(path), text, is_left_out=True))
            return ""
        return path

    def count(self) -> None:
        """Count one entry. Raises ArchiveError beyond the cap."""
        self._seen += 1
        if self._seen > self._caps.entries:
            raise ArchiveError(f"It holds more than {self._caps.entries} entries")

    def add(self, path: str, node: Node) -> None:
        """Put in an entry; of equal names the last one counts, as unpacking would leave it."""
        if not path:
            return
        old = self.listing.nodes.get(path)
        if old is not None and not (old.kind is node.kind is NodeKind.FOLDER) and path not in self._repeated:
            self._repeated.add(path)
            text = f"{shown(path)} is in the archive more than once: the last one counts"
            self.listing.notices.append(Notice(path, text))
        self.listing.nodes[path] = node

    def finish(self) -> Listing:
        """The listing. Raises ArchiveError when something is used as a folder that is none."""
        nodes = self.listing.nodes
        known: set[str] = set()
        for path in nodes:
            parent = path.rpartition("/")[0]
            while parent and parent not in known:
                known.add(parent)
                if parent in nodes and nodes[parent].kind is not NodeKind.FOLDER:
                    raise ArchiveError(f"It uses {shown(parent)}, which is a {nodes[parent].kind}, as a folder")
                parent = parent.rpartition("/")[0]
        return self.listing
