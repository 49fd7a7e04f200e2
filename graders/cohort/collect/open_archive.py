"""Owns telling archives by their first bytes, never by their names; must never read what is in them."""

from __future__ import annotations

from graders.cohort.collect.archive import Archive, ArchiveError, Caps, Deadline, Source
from graders.cohort.collect.packed_file import BZIP2, GZIP, XZ
from graders.cohort.collect.tar_archive import TarArchive
from graders.cohort.collect.zip_archive import MAGIC, ZipArchive
from graders.cohort.row import RowState

ENDINGS = (
    ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".zip", ".tar", ".tgz", ".tbz2", ".tbz", ".txz", ".gz", ".7z", ".rar",
)  # fmt: skip
"""How archives are called, the longest first."""
_UNKNOWN = {
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "RAR",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"MSCF": "CAB",
    b"LZIP": "lzip",
}
_TAR_MARK, _TAR_MARK_AT = b"ustar", 257


def open_archive(source: Source, caps: Caps, deadline: Deadline) -> Archive | None:
    """The archive; None when it is none. Raises ArchiveError for an empty file and for a kind that is not read."""
    with source.open() as file:
        start = file.read(512)
    if not start:
        raise ArchiveError("The file is empty", state=RowState.EMPTY, hint="Ask for it again.")
    for magic, name in _UNKNOWN.items():
        if start.startswith(magic):
            raise ArchiveError(f"It is a {name} archive, which is not read here")
    if start.startswith(MAGIC):
        return ZipArchive(source, caps, deadline)
    if start.startswith((GZIP, BZIP2, XZ)) or start.startswith(_TAR_MARK, _TAR_MARK_AT):
        return TarArchive(source, caps, deadline)
    return None


def split_ending(name: str) -> tuple[str, str]:
    """A file's name without its archive ending, and the ending; which is empty when it has none."""
    for ending in ENDINGS:
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)], name[-len(ending) :]
    return name, ""
