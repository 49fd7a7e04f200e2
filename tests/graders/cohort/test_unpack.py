"""Tests of archives that no honest program makes: each is refused for its reason, cheaply, and nothing is written."""

from __future__ import annotations

import io
import secrets
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from graders.cohort.collect.archive import Caps, Deadline, Source
from graders.cohort.collect.open_archive import open_archive
from graders.cohort.collect.seek import Found, Search, find_in_file
from graders.cohort.collect.unpack import read, unread
from graders.cohort.row import Row, RowState, Student
from graders.errors import SubmissionError
from graders.exercise import read_exercise
from graders.limits import MIB, Limits
from tests.graders.cohort.hostile_archives import (
    Entry,
    encrypted_zip,
    flat_bomb,
    nested_bomb,
    overlapping_bomb,
    raw_tar,
    raw_zip,
    tar_of,
    zip_of,
)
from tests.graders.cohort.make_cohort import EXERCISES
from tests.rows import rows

RIGHT = b"FROM python:3.11-slim\n"
ANSWER = {"Dockerfile": Entry(RIGHT)}
SPEC = read_exercise(EXERCISES / "first-image")
CAPS = Caps(entries=200, unpacked_bytes=20 * MIB, inner_bytes=16 * MIB)


def clock() -> float:
    """A clock that stands still."""
    return 0.0


def looked(data: bytes, caps: Caps = CAPS) -> Found:
    """What is found in an archive in memory."""
    return find_in_file(Source(data=data), Search(caps, Deadline.within(caps.time_s, clock)))


def header(name: str, **fields: object) -> tarfile.TarInfo:
    """A header of a tar."""
    info = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def packed(name: str, data: bytes) -> bytes:
    """A tar.gz with a Dockerfile and one file more, whose name is as it comes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, content in (("Dockerfile", RIGHT), (name, data)):
            archive.addfile(header(path, size=len(content)), io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("make", "state", "reason"),
    [
        (lambda: zip_of({**ANSWER, "../out": Entry(b"x")}), "unreadable", "a path outside of its own folder: ../out"),
        (lambda: zip_of({**ANSWER, "/etc/cron": Entry(b"x")}), "unreadable", "outside of its own folder: /etc/cron"),
        (lambda: raw_zip([(b"..\\out", b"x")]), "unreadable", "outside of its own folder: ../out"),
        (lambda: raw_zip([(b"C:\\out", b"x")]), "unreadable", "outside of its own folder: C:/out"),
        (lambda: packed("a/../../out", b"x"), "unreadable", "outside of its own folder"),
        (lambda: zip_of({**ANSWER, "l": Entry(link="/etc"), "l/x": Entry(b"x")}), "unreadable", "uses l, which is a"),
        (lambda: tar_of({**ANSWER, "f": Entry(b"x"), "f/x": Entry(b"x")}), "unreadable", "uses f, which is a file"),
        (lambda: zip_of({"/".join("d" * 70): Entry()}), "unreadable", "deeper than 64 levels"),
        (lambda: encrypted_zip(ANSWER), "encrypted", "It is encrypted"),
        (lambda: overlapping_bomb(copies=150), "unreadable", "entries overlap"),
        (nested_bomb, "unreadable", "archives in archives, more than 3 deep"),
        (lambda: flat_bomb(21 * MIB), "unreadable", "It unpacks to"),
        (lambda: tar_of({**ANSWER, "zeros": Entry(bytes(21 * MIB))}), "unreadable", "It unpacks to more than"),
        (lambda: zip_of({f"f{n}": Entry() for n in range(201)}), "unreadable", "200"),
        (lambda: tar_of({f"f{n}": Entry() for n in range(201)}), "unreadable", "more than 200 entries"),
        (lambda: zip_of(ANSWER)[:-30], "unreadable", "cut off: its index is missing"),
        (lambda: tar_of(ANSWER, "")[:600], "unreadable", "damaged or cut off"),
        (lambda: tar_of({**ANSWER, "a": Entry(secrets.token_bytes(5000))})[:3000], "unreadable", "damaged"),
        (lambda: raw_tar((header("a", type=tarfile.LNKTYPE, linkname="/etc/passwd"), b"")), "unreadable", "outside"),
        (lambda: raw_tar((header("Dockerfile", size=1 << 40), RIGHT)), "unreadable", "damaged or cut off"),
        (lambda: b"", "empty", "The file is empty"),
        (lambda: zip_of({}), "empty", "It holds no file"),
        (lambda: zip_of({"work/": Entry(mode=0o755)}), "empty", "It holds no file"),
        (lambda: b"7z\xbc\xaf\x27\x1c rest", "unreadable", "It is a 7z archive, which is not read here"),
        (lambda: b"Rar!\x1a\x07 rest", "unreadable", "It is a RAR archive"),
        (lambda: RIGHT, "unreadable", "neither a folder nor a .zip"),
        (lambda: zip_of({"dockerfile.txt": Entry(RIGHT)}), "unreadable", "dockerfile.txt has another name"),
        (lambda: zip_of({"a/Dockerfile": Entry(), "b/Dockerfile": Entry()}), "unreadable", "none is nearer"),
        (lambda: tar_of({"Dockerfile": Entry(link="/etc/passwd")}), "unreadable", "links are not followed"),
    ],
)
def test_hostile_archive_is_refused_for_its_reason(make: Callable[[], bytes], state: str, reason: str) -> None:
    """Path tricks, links as folders, bombs, lies about sizes and what is cut off each have a plain sentence."""
    found = looked(make())

    assert state == found.state
    assert reason in found.reason
    assert found.reason.isprintable()


@rows(
    "data",
    [
        raw_zip([(b"Dockerfile", RIGHT)], claimed_size=len(RIGHT) + 5),
        raw_zip([(b"Dockerfile", RIGHT)], claimed_size=len(RIGHT) - 5),
        raw_zip([(b"Dockerfile", RIGHT)], crc=1),
        raw_zip([(b"Dockerfile", RIGHT)], method=0, claimed_size=len(RIGHT) - 1),
        raw_zip([(b"Dockerfile", RIGHT)], method=12),
    ],
)
def test_zip_that_lies_about_a_file_is_found_out_when_it_is_read(tmp_path: Path, data: bytes) -> None:
    """A size, a sum or a packing that is not what the index tells makes the row unreadable."""
    (tmp_path / "work.zip").write_bytes(data)
    row = Row(Student("ada"), RowState.READY, place=tmp_path / "work.zip")

    with pytest.raises(SubmissionError) as caught:
        read(row, SPEC)
    assert RowState.UNREADABLE is unread(row, caught.value).state


def test_cap_on_time_ends_the_reading() -> None:
    """Once its time is over, an archive is given up."""
    ticks = iter(range(10_000))
    source = Source(data=tar_of({**ANSWER, "a": Entry(bytes(2 * MIB))}, ""))
    archive = open_archive(source, CAPS, Deadline.within(3.0, lambda: float(next(ticks))))
    assert archive is not None

    with pytest.raises(SubmissionError, match="takes longer than 3 s"):
        archive.listing()


def test_links_and_devices_in_an_archive_are_entries_and_nothing_more(tmp_path: Path) -> None:
    """A link stays a link for the build; a device is left out and told; a hard link is its file's second name."""
    data = raw_tar(
        (header("Dockerfile", size=len(RIGHT)), RIGHT),
        (header("up", type=tarfile.SYMTYPE, linkname="../../../etc/passwd"), b""),
        (header("same", type=tarfile.LNKTYPE, linkname="Dockerfile"), b""),
        (header("none", type=tarfile.LNKTYPE, linkname="nowhere"), b""),
        (header("disk", type=tarfile.BLKTYPE), b""),
    )
    (tmp_path / "work.tar").write_bytes(data)
    spec = replace(SPEC, files=("*",))
    row = Row(Student("ada"), RowState.READY, place=tmp_path / "work.tar")
    submission = read(row, spec)
    files = {file.path: file for file in submission.files}

    assert "../../../etc/passwd" == files["up"].link
    assert RIGHT == files["same"].data
    assert not {"disk", "none"} & files.keys()
    assert any("disk was left out" in notice for notice in submission.notices)


def test_limits_of_the_exercise_hold_for_an_archive(tmp_path: Path) -> None:
    """More files or bytes than a folder may have are refused in an archive too; ignored ones do not count."""
    limits = replace(Limits(), context_files=50, context_mib=1)
    spec = replace(SPEC, limits=limits, files=("*",))
    many = {f"f{n}": Entry(b"x") for n in range(60)}
    large = {"model.bin": Entry(bytes(2 * MIB))}

    def reading(files: dict[str, Entry]) -> object:
        (tmp_path / "work.zip").write_bytes(zip_of(files))
        return read(Row(Student("ada"), RowState.READY, place=tmp_path / "work.zip"), spec)

    with pytest.raises(SubmissionError, match="more than 50 files"):
        reading({**ANSWER, **many})
    with pytest.raises(SubmissionError, match="more than 1 MiB"):
        reading({**ANSWER, **large})
    assert reading({**ANSWER, **many, **large, ".dockerignore": Entry(b"f*\nmodel.bin\n")})
