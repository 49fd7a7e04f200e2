"""Owns reading a tar that may be hostile, packed or not; must never hold more of it than was asked for."""

from __future__ import annotations

import lzma
import zlib
from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from graders.cohort.collect.archive import ArchiveError, Caps, Deadline, Listing, ListingMaker, Node, NodeKind, Source
from graders.cohort.collect.packed_file import Marks, pieces
from graders.limits import MIB
from graders.tar_stream import BLOCK_BYTES, ByteStream, TarEntry, TruncatedTarError, entries

_ENTRY_BYTES = 4096
"""What the headers of one entry may take beside its content."""
KINDS = {"file": NodeKind.FILE, "dir": NodeKind.FOLDER, "link": NodeKind.LINK, "other": NodeKind.OTHER}


@dataclass(slots=True)
class _Index:
    """Where entries begin, so that one is read without all that come before it. Complete once it was listed."""

    starts: array[int] = field(default_factory=lambda: array("Q"))
    """Place of an entry's first header in the unpacked bytes, by `Node.at`."""
    marks: Marks = field(default_factory=Marks)


class TarArchive:
    """A tar, plain or packed by gzip, bzip2 or xz: walked once for its listing, then read near the wanted bytes."""

    def __init__(self, source: Source, caps: Caps, deadline: Deadline, index: _Index | None = None) -> None:
        self._source = source
        self._caps = caps
        self._deadline = deadline
        self._index = index

    def within(self, deadline: Deadline) -> TarArchive:
        """As `Archive.within`."""
        return TarArchive(self._source, self._caps, deadline, self._index)

    def listing(self) -> Listing:
        """All names. Raises ArchiveError."""
        maker = ListingMaker(self._caps)
        index = _Index()
        for at, (start, entry, _) in enumerate(self._walk(index, 0, noting=True)):
            maker.count()
            index.starts.append(start)
            path = maker.path_of(entry.name)
            kind = NodeKind.FOLDER if entry.name.endswith("/") and entry.kind == "file" else KINDS[entry.kind]
            fault = "is a sparse file" if entry.is_sparse else ""
            node = Node(kind, entry.size_bytes, entry.mode & 0o777, at, entry.link, fault=fault)
            if entry.is_hard_link:
                node = self._hard_link(maker, entry)
            maker.add(path, node)
        self._index = index
        return maker.finish()

    def read(self, nodes: Collection[Node], limit_bytes: int) -> dict[int, bytes]:
        """The bytes of these nodes by `at`. Raises ArchiveError."""
        if self._index is None:
            self.listing()
        assert self._index is not None
        index, starts = self._index, self._index.starts
        links = {node.at: node.link.encode() for node in nodes if node.kind is NodeKind.LINK}
        sizes = {node.at: node.size_bytes for node in nodes if node.at not in links}
        found: dict[int, bytes] = {}
        left = limit_bytes
        for stretch in _stretches(sorted(at for at in sizes if at < len(starts)), index):
            walk = self._walk(index, starts[stretch[0]])
            for at, (_, entry, content) in zip(count(stretch[0]), walk, strict=False):
                if at in sizes:
                    if entry.size_bytes > left:
                        raise ArchiveError(f"It holds more than {limit_bytes // MIB} MiB")
                    if entry.size_bytes != sizes[at]:
                        raise _changed()
                    found[at] = b"".join(content)
                    left -= len(found[at])
                if at == stretch[-1]:
                    break
        if len(found) < len(sizes):
            raise _changed()
        return {**found, **links}

    def _hard_link(self, maker: ListingMaker, entry: TarEntry) -> Node:
        """A second name for an entry that came before; anything else is nothing that can be read."""
        target = maker.listing.nodes.get(maker.path_of(entry.link))
        if target is None or target.kind is NodeKind.FOLDER:
            return Node(NodeKind.OTHER)
        return replace(target)

    def _walk(
        self, index: _Index, start: int, *, noting: bool = False
    ) -> Iterator[tuple[int, TarEntry, Iterator[bytes]]]:
        """Each entry from the one that begins at `start` on: where it begins, and its content.

        What the stream does wrong is an ArchiveError.
        """
        here = begin = start

        def count_bytes(piece: bytes) -> None:
            nonlocal here
            here += len(piece)

        try:
            for entry, content in entries(ByteStream(self._chunks(index, start, noting=noting), count_bytes)):
                begin, this = here + entry.size_bytes + -entry.size_bytes % BLOCK_BYTES, begin
                yield this, entry, content
        except TruncatedTarError as error:
            raise ArchiveError("The tar is damaged or cut off") from error
        except (zlib.error, lzma.LZMAError, EOFError, OSError) as error:
            raise ArchiveError("It is damaged: it can't be unpacked") from error

    def _chunks(self, index: _Index, start: int, *, noting: bool) -> Iterator[bytes]:
        """The tar's bytes from `start` on, within the caps."""
        cap = self._caps.unpacked_bytes + self._caps.entries * _ENTRY_BYTES
        for piece in pieces(self._source, start, index.marks, noting=noting):
            self._deadline.check()
            if piece.unpacked_bytes > cap:
                raise ArchiveError(f"It unpacks to more than {cap // MIB} MiB")
            if piece.unpacked_bytes > max(self._caps.ratio_from_bytes, self._caps.ratio * piece.packed_bytes):
                raise ArchiveError(f"It unpacks to more than {self._caps.ratio} times its size, as no real work does")
            yield piece.data


def _stretches(wanted: Sequence[int], index: _Index) -> Iterator[Sequence[int]]:
    """These entries, in their order, cut where what lies between two of them can be left out."""
    first = 0
    places = [index.starts[at] for at in wanted]
    for end in range(1, len(wanted) + 1):
        if end == len(wanted) or index.marks.lead_past(places[end - 1], places[end]):
            yield wanted[first:end]
            first = end


def _changed() -> ArchiveError:
    return ArchiveError("It changed while it was read", hint="Run the same command again.")
