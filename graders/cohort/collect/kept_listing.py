"""Owns knowing what is in the archive that was opened last; must never answer for a file that has changed since.

A platform hands over everybody's work as one archive: listed anew for each row, a cohort of n would cost n times n.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from pathlib import Path

from graders.cohort.collect.archive import Archive, ArchiveError, Caps, Deadline, Listing, Source
from graders.cohort.collect.open_archive import open_archive

Stamp = tuple[int, ...]
_AFTER_SLASH = chr(ord("/") + 1)


class KeptListing:
    """Opens archives on disk. Several threads may use it at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: tuple[Path, Caps, Stamp, Archive, SortedListing] | None = None

    def open(self, path: Path, caps: Caps, deadline: Deadline) -> tuple[Archive, Listing]:
        """The archive there, and what is in it. Raises ArchiveError, also for a file that is no archive."""
        stamp = _stamp(path)
        with self._lock:
            last = self._last
        if last is not None and last[:3] == (path, caps, stamp):
            return last[3].within(deadline), last[4]
        archive = open_archive(Source(path), caps, deadline)
        if archive is None:
            raise ArchiveError("It is neither a folder nor a .zip, .tar or .tar.gz archive")
        listing = SortedListing(archive.listing())
        with self._lock:
            self._last = (path, caps, stamp, archive, listing)
        return archive, listing


class SortedListing(Listing):
    """A listing that finds what is in a folder without looking at all the others."""

    __slots__ = ("_paths",)

    def __init__(self, listing: Listing) -> None:
        """`listing` must not change any more."""
        super().__init__(listing.nodes, listing.notices)
        self._paths = sorted(listing.nodes)

    def under(self, folder: str) -> Listing:
        """As `Listing.under`, sorted by path."""
        if not folder:
            return self
        first, last = (bisect_left(self._paths, folder + sign) for sign in ("/", _AFTER_SLASH))
        names = self._paths[first:last]
        return Listing({path: self.nodes[path] for path in names}, self.notices).under(folder)


def _stamp(path: Path) -> Stamp:
    """What is another number once the file was written or replaced. Raises ArchiveError."""
    try:
        status = path.stat(follow_symlinks=False)
    except OSError as error:
        raise ArchiveError(f"It can't be opened: {error.strerror}", hint="Make it readable.") from error
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
