"""One archive of everybody's work is listed once, and read as if it were listed each time."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from graders.cohort.collect.archive import ArchiveError, Caps, Deadline, Listing, Node, NodeKind
from graders.cohort.collect.kept_listing import KeptListing, SortedListing
from graders.cohort.collect.rows import collect
from graders.cohort.collect.tar_archive import TarArchive
from graders.cohort.collect.unpack import read
from graders.cohort.collect.zip_archive import ZipArchive
from graders.cohort.row import Row
from graders.exercise import ExerciseSpec, read_exercise
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
