"""One archive of everybody's work is listed once, and read as if it were listed each time."""

from __future__ import annotations

import gzip
import io
import os
import random
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from graders.cohort.collect import packed_file
from graders.cohort.collect.archive import ArchiveError, Caps, Deadline, Listing, Node, NodeKind, Source
from graders.cohort.collect.kept_listing import KeptListing, SortedListing
from graders.cohort.collect.rows import collect
from graders.cohort.collect.tar_archive import TarArchive
from graders.cohort.collect.unpack import read
from graders.cohort.collect.zip_archive import ZipArchive
from graders.cohort.row import Row
from graders.exercise import ExerciseSpec, read_exercise
from graders.limits import MIB
from tests.graders.cohort.make_cohort import EXERCISES

STUDENTS = ("ada", "ada-lovelace", "bo", "cy")


@pytest.fixture(scope="module")
def spec() -> ExerciseSpec:
    return read_exercise(EXERCISES / "first-image")


def write(path: Path, mark: str) -> None:
    """Everybody's Dockerfile, no two alike."""
    texts = {f"{name}/Dockerfile": f"FROM python:3.11-slim\n# {name} {mark}\n" for name in STUDENTS}
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as file:
            for name, text in texts.items():
                file.writestr(name, text)
        return
    with tarfile.open(path, "w:gz") as tar:
        for name, text in texts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))


def write_large(path: Path, mode: str, names: tuple[str, ...], filler: bytes) -> None:
    """A tar in which everybody has a Dockerfile and a large file."""
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name in names:
            for file, data in (("Dockerfile", f"FROM python:3.11-slim\n# {name}\n".encode()), ("data.bin", filler)):
                entry = tarfile.TarInfo(f"{name}/{file}")
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))


def rows_in(path: Path, spec: ExerciseSpec) -> tuple[Row, ...]:
    return collect(path, None, limits=spec.limits, exercise=spec.id)


@pytest.mark.parametrize(("name", "kind"), [("all.zip", ZipArchive), ("all.tgz", TarArchive)])
def test_archive_of_everybody_is_listed_once(
    tmp_path: Path, spec: ExerciseSpec, monkeypatch: pytest.MonkeyPatch, name: str, kind: type[ZipArchive | TarArchive]
) -> None:
    """Row after row reads what it would read by itself, and looks at the archive's index no more."""
    write(tmp_path / name, "one")
    rows = rows_in(tmp_path / name, spec)
    alone = [read(row, spec).content_sha256 for row in rows]
    listed: list[object] = []
    listing = kind.listing

    def counted(archive: ZipArchive | TarArchive) -> Listing:
        listed.append(archive)
        return listing(archive)  # type: ignore[arg-type]

    monkeypatch.setattr(kind, "listing", counted)
    kept = KeptListing()

    assert alone == [read(row, spec, kept=kept).content_sha256 for row in rows]
    assert len(STUDENTS) == len(set(alone))
    assert 1 == len(listed)


@pytest.mark.parametrize(("name", "mode", "most"), [("all.tar", "w", 4.0), ("all.tgz", "w:gz", 8.0)])
def test_tar_of_everybody_is_not_walked_for_each(
    tmp_path: Path, spec: ExerciseSpec, monkeypatch: pytest.MonkeyPatch, name: str, mode: str, most: float
) -> None:
    """The last of 32 rows costs what the first one does: all of them read a few times the archive, not 32 times."""
    names = tuple(f"student{number:02}" for number in range(32))
    write_large(tmp_path / name, mode, names, bytes(MIB))
    rows = rows_in(tmp_path / name, spec)
    read_bytes = 0
    plain, feed = packed_file._plain, packed_file._Gzip.feed

    def counted_plain(file: BinaryIO, start: int) -> Iterator[packed_file.Piece]:
        nonlocal read_bytes
        for piece in plain(file, start):
            read_bytes += len(piece.data)
            yield piece

    def counted_feed(unpacker: packed_file._Gzip, data: bytes) -> tuple[bytes, bytes]:
        nonlocal read_bytes
        piece, rest = feed(unpacker, data)
        read_bytes += len(piece)
        return piece, rest

    monkeypatch.setattr(packed_file, "_plain", counted_plain)
    monkeypatch.setattr(packed_file._Gzip, "feed", counted_feed)
    kept = KeptListing()
    dockerfiles = [read(row, spec, kept=kept).dockerfile for row in rows]

    assert [f"# {student}".encode() in dockerfile for student, dockerfile in zip(names, dockerfiles, strict=True)]
    assert len(names) == len(set(dockerfiles))
    assert read_bytes < most * len(names) * MIB


@pytest.mark.parametrize(
    ("mode", "large", "reads"), [("w", 400_000, 40), ("w:gz", 400_000, 40), ("w:bz2", 4000, 5), ("w:xz", 4000, 5)]
)
def test_each_entry_is_read_by_itself_as_it_was_packed(tmp_path: Path, mode: str, large: int, reads: int) -> None:
    """From whatever place on it is read, alone or with others, with long names, links and headers of every kind."""
    rng = random.Random(7)
    path = tmp_path / "all"
    contents: dict[str, bytes] = {}
    with tarfile.open(path, mode, format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
        for number in range(120):
            name = f"{'long/' * (number % 30)}{number:03}{'é' * (number % 4)}"
            contents[name] = rng.randbytes(rng.choice((0, 1, 511, 512, 513, large // 10, large)))
            entry = tarfile.TarInfo(name)
            entry.size = len(contents[name])
            tar.addfile(entry, io.BytesIO(contents[name]))
    archive = TarArchive(Source(path), Caps(), Deadline.within(60.0, lambda: 0.0))
    nodes = archive.listing().nodes

    assert contents.keys() == nodes.keys()
    for name in rng.sample(sorted(contents), reads):
        assert {nodes[name].at: contents[name]} == archive.read([nodes[name]], MIB), name
    several = rng.sample(sorted(contents), 20)
    found = archive.read([nodes[name] for name in several], 64 * MIB)
    assert {nodes[name].at: contents[name] for name in several} == found


def test_tar_that_changed_since_it_was_listed_is_refused(tmp_path: Path) -> None:
    """An entry of another size, and one that is gone, are no longer what the listing tells of."""
    write_large(tmp_path / "one.tar", "w", ("ada", "bo"), bytes(100))
    write_large(tmp_path / "other.tar", "w", ("ada", "bo"), bytes(101))
    one, other = (
        TarArchive(Source(tmp_path / name), Caps(), Deadline.within(60.0, lambda: 0.0)).listing().nodes
        for name in ("one.tar", "other.tar")
    )
    archive = TarArchive(Source(tmp_path / "one.tar"), Caps(), Deadline.within(60.0, lambda: 0.0))

    assert {one["bo/data.bin"].at: bytes(100)} == archive.read([one["bo/data.bin"]], MIB)
    for node in (other["bo/data.bin"], replace(one["bo/data.bin"], at=99)):
        with pytest.raises(ArchiveError, match="changed while it was read"):
            archive.read([node], MIB)


def test_places_of_a_huge_file_are_kept_farther_apart(tmp_path: Path) -> None:
    """However large a file is, no more of them are held than fit in some megabytes."""
    path = tmp_path / "zeros.gz"
    data = bytes(range(256)) * 4096 * 8
    path.write_bytes(gzip.compress(data[: 3 * MIB], 1) + gzip.compress(data[3 * MIB :], 1))
    marks = packed_file.Marks(span_bytes=4096)
    whole = b"".join(piece.data for piece in packed_file.pieces(Source(path), 0, marks, noting=True))

    assert data == whole
    assert 1 < len(marks._marks) <= packed_file.MARKS
    for start in (0, 1, 3 * MIB - 1, 3 * MIB, 5 * MIB + 12345, len(data) - 1, len(data)):
        assert data[start:] == b"".join(piece.data for piece in packed_file.pieces(Source(path), start, marks))


def test_places_are_thinned_out_when_there_are_too_many() -> None:
    """Half of them go, and the next ones come half as often."""
    marks = packed_file.Marks(span_bytes=10)
    unpacker = packed_file._Gzip()
    for at in range(0, 100_000, 10):
        marks.note(at, at, unpacker)

    assert len(marks._marks) <= packed_file.MARKS
    assert 640 == marks.span_bytes
    last = marks.before(99_990)
    assert last is not None
    assert last.at > 99_000


def test_archive_that_changed_is_listed_again(tmp_path: Path, spec: ExerciseSpec) -> None:
    """What lies there now is read, also where it is as large and as old as what lay there before."""
    path, kept = tmp_path / "all.zip", KeptListing()
    write(path, "one")
    row = rows_in(path, spec)[0]
    status = path.stat()
    before = read(row, spec, kept=kept)
    write(tmp_path / "new.zip", "two")
    os.utime(tmp_path / "new.zip", ns=(status.st_atime_ns, status.st_mtime_ns))
    (tmp_path / "new.zip").replace(path)

    assert status.st_size == path.stat().st_size
    assert b"ada one" in before.dockerfile
    assert b"ada two" in read(row, spec, kept=kept).dockerfile


def test_each_row_has_its_own_time(tmp_path: Path, spec: ExerciseSpec) -> None:
    """The time that listing was given does not end what is read an hour later."""
    write(tmp_path / "all.zip", "one")
    now_s = [0.0]
    kept, row = KeptListing(), rows_in(tmp_path / "all.zip", spec)[0]
    first = read(row, spec, clock=lambda: now_s[0], kept=kept)
    now_s[0] = 3600.0

    assert first == read(row, spec, clock=lambda: now_s[0], kept=kept)


def test_folder_is_found_among_names_that_begin_like_it() -> None:
    """Only what is in the folder, whatever sorts beside it."""
    paths = ("a", "a-b/f", "a/f", "a/g/h", "a0", "b/f", "é/f")
    listing = SortedListing(Listing({path: Node(NodeKind.FILE) for path in paths}))

    for folder in ("", "a", "a/g", "b", "é", "c", "a-b"):
        plain = Listing(listing.nodes).under(folder)
        assert sorted(plain.nodes) == sorted(listing.under(folder).nodes), folder


def test_what_is_gone_or_no_archive_is_refused(tmp_path: Path) -> None:
    """The reason is told, and nothing is kept."""
    kept, caps = KeptListing(), Caps()
    (tmp_path / "text").write_text("hello")
    for name, told in (("gone.zip", "can't be opened"), ("text", "neither a folder nor a .zip")):
        with pytest.raises(ArchiveError, match=told):
            kept.open(tmp_path / name, caps, Deadline.within(9.0, lambda: 0.0))
