"""Tests of collecting: whose each thing is, what is looked into, and the reason in every other row."""

from __future__ import annotations

import os
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graders.cancel import Cancel
from graders.cohort.collect.roster import read_roster
from graders.cohort.collect.rows import collect
from graders.cohort.collect.unpack import read
from graders.cohort.row import Row, RowState, Student
from graders.errors import Cancelled, SubmissionError
from graders.exercise import read_exercise
from graders.limits import MIB, Limits
from tests.graders.cohort.hostile_archives import Entry, flat_bomb, tar_of, zip_of
from tests.graders.cohort.make_cohort import EXERCISES, Shape, make_cohort
from tests.rows import rows

RIGHT = b"FROM python:3.11-slim\n"
ANSWER = {"Dockerfile": Entry(RIGHT), "app.py": Entry(b"print()\n")}
SPEC = read_exercise(EXERCISES / "first-image")
ROSTER = (Student("s1001", "Ada Lee"), Student("s1002", "Björn O'Neil"), Student("s1003", "Chloé de Vries"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty folder for submissions."""
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def laid_out(folder: Path, files: Mapping[str, Entry]) -> Path:
    """Files on disk."""
    for path, entry in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(entry.data)
    return folder


def found(place: Path, roster: tuple[Student, ...] | None = None, exercise: str = "") -> tuple[Row, ...]:
    """The rows of a place."""
    return collect(place, roster, limits=Limits(), exercise=exercise)


def states(rows: tuple[Row, ...]) -> list[tuple[str, str]]:
    """Who, and what was found."""
    return [(row.student.id, str(row.state)) for row in rows]


def reason(rows: tuple[Row, ...], student_id: str) -> str:
    """Why this student's first row is what it is."""
    return next(row.reason for row in rows if row.student.id == student_id)


@pytest.mark.parametrize("shape", list(Shape))
def test_made_cohort_has_exactly_the_rows_it_was_made_for(tmp_path: Path, shape: Shape) -> None:
    """However the submissions lie there, every row is there in its order, and each ready one can be read."""
    cohort = make_cohort(tmp_path, SPEC, count=32, seed=5, shape=shape)
    before = sorted(tmp_path.rglob("*"))
    rows = collect(cohort.place, read_roster(cohort.roster), limits=SPEC.limits, exercise=SPEC.id)

    assert [(one.student, one.state) for one in cohort.members] == [(row.student, row.state) for row in rows]
    assert all(row.reason for row in rows if row.state is not RowState.READY)
    sums = {row.student.id: read(row, SPEC).content_sha256 for row in rows if row.state is RowState.READY}
    assert len(sums) > 15
    for one in cohort.members:
        if one.copy_of:
            assert sums[one.copy_of] == sums[one.student.id]
    assert before == sorted(tmp_path.rglob("*")), "Something was written"


def test_same_files_are_the_same_submission_however_they_lie(tmp_path: Path) -> None:
    """A folder, a zip and each kind of tar of the same files have one content."""
    files = {**ANSWER, "run.sh": Entry(b"#!/bin/sh\n", 0o755)}
    place = tmp_path / "in"
    laid_out(place / "folder", files)
    (place / "folder" / "run.sh").chmod(0o755)
    (place / "zip.zip").write_bytes(zip_of(files))
    for compression in ("", "gz", "bz2", "xz"):
        (place / f"tar{compression}.bin").write_bytes(tar_of(files, compression))
    rows = found(place)

    assert {"ready"} == {state for _, state in states(rows)}
    assert 6 == len(rows)
    assert 1 == len({read(row, SPEC).content_sha256 for row in rows})


def test_every_student_has_a_row_also_who_handed_in_nothing(place: Path) -> None:
    """Rows come in the roster's order; strangers come after it and say why."""
    laid_out(place / "s1002", ANSWER)
    laid_out(place / "zoe", ANSWER)
    rows = found(place, ROSTER)

    assert [("s1001", "missing"), ("s1002", "ready"), ("s1003", "missing"), ("zoe", "unmatched")] == states(rows)
    assert "Nobody on the roster is zoe" in reason(rows, "zoe")


@pytest.mark.parametrize(
    "name",
    ["s1002", "S1002", "first-image-s1002", "s1002_first-image", "Björn O'Neil", "oneil_bjorn", "homework s1002 final"],
)
def test_folder_finds_its_student(place: Path, name: str) -> None:
    """By id, by id within the name, by name in any order, without accents, beside the exercise's id."""
    laid_out(place / name, ANSWER)

    assert ("s1002", "ready") in states(found(place, ROSTER, "first-image"))


def test_name_of_two_students_is_nobodys(place: Path) -> None:
    """Where a name fits two on the roster none is chosen, and both ids are told."""
    laid_out(place / "Ada Lee", ANSWER)
    rows = found(place, (*ROSTER, Student("s1009", "Lee Ada")))

    assert ("Ada Lee", "unmatched") in states(rows)
    assert "fits several on the roster: s1001, s1009" in reason(rows, "Ada Lee")


def test_later_attempt_counts_and_the_earlier_one_has_a_row(place: Path) -> None:
    """Of "-2" and "(3)" the greatest number is graded."""
    for name in ("s1001", "s1001-2", "s1001 (3)"):
        laid_out(place / name, {"Dockerfile": Entry(RIGHT + name.encode())})
    rows = found(place, ROSTER[:1])

    assert [("s1001", "ready"), ("s1001", "duplicate"), ("s1001", "duplicate")] == states(rows)
    assert rows[0].place == place / "s1001 (3)"
    assert "s1001-2 is an earlier attempt: s1001 (3) is the one that counts" == rows[2].reason


def test_two_that_nothing_tells_apart_are_left_to_a_person(place: Path) -> None:
    """A folder and an archive of one student are not chosen between."""
    laid_out(place / "s1001", ANSWER)
    (place / "s1001.zip").write_bytes(zip_of(ANSWER))
    rows = found(place, ROSTER[:1])

    assert [("s1001", "unreadable")] == states(rows)
    assert "nothing tells which counts: s1001, s1001.zip" in rows[0].reason


def test_without_a_roster_everybody_who_handed_in_is_a_student(place: Path) -> None:
    """A number at the end is an attempt only beside the name without it."""
    for name in ("ada", "ada-2", "team-1", "team-2"):
        laid_out(place / name, ANSWER)
    (place / "notes.csv").write_text("a,b\n")

    assert [("ada", "ready"), ("ada", "duplicate"), ("team-1", "ready"), ("team-2", "ready")] == states(found(place))


def test_files_handed_in_one_by_one_are_one_submission(place: Path) -> None:
    """Canvas numbers each file; together they are what was handed in, under the names that they had."""
    for name, data in {
        "leeada_LATE_77_9001_Dockerfile": b"FROM python:3.11-slim\n",
        "leeada_LATE_77_9002_dockerignore": b".git\n",
        "leeada_LATE_77_9003_Dockerfile-1": RIGHT + b"CMD true\n",
    }.items():
        (place / name).write_bytes(data)
    rows = found(place, (Student("77", "Lee, Ada"),))
    submission = read(rows[0], SPEC)

    assert [("77", "ready"), ("77", "duplicate")] == states(rows)
    assert rows[0].marked_late
    assert RIGHT + b"CMD true\n" == submission.dockerfile
    assert ".dockerignore" in [file.path for file in submission.files]


def test_text_typed_into_a_platform_is_no_file(place: Path) -> None:
    """A page of typed text alone says so; beside a file it is passed over."""
    laid_out(place / "Ada Lee_11_assignsubmission_onlinetext_", {"onlinetext.html": Entry(b"<p>hi</p>")})
    laid_out(place / "Chloé de Vries_12_assignsubmission_onlinetext_", {"onlinetext.html": Entry(b"<p>hi</p>")})
    laid_out(place / "Chloé de Vries_12_assignsubmission_file_", ANSWER)
    rows = found(place, ROSTER)

    assert [("s1001", "unreadable"), ("s1002", "missing"), ("s1003", "ready")] == states(rows)
    assert "Only typed text was handed in, and no file" == rows[0].reason


def test_moodle_folder_has_the_time_of_its_newest_file(place: Path) -> None:
    """A platform keeps when a file was handed in; a folder that a person made says nothing."""
    moment = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    for name in ("Ada Lee_11_assignsubmission_file_", "s1002"):
        laid_out(place / name, ANSWER)
        for path in (place / name).iterdir():
            os.utime(path, (moment.timestamp(), moment.timestamp()))
    rows = found(place, ROSTER)

    assert [moment, None, None] == [row.handed_in_at for row in rows]


def test_checkout_tells_its_commit_also_one_folder_down(place: Path) -> None:
    """The commit is read from files, loose or packed, and no git hook or setting of the checkout runs."""
    commits = {}
    for name, inside in (("ada", ""), ("bo", "repo")):
        checkout = laid_out(place / name / inside, ANSWER)
        environ = {"PATH": os.environ["PATH"], "HOME": str(place.parent), "GIT_CONFIG_NOSYSTEM": "1"}
        names = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
        for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"], ["pack-refs", "--all"]):
            subprocess.run(["git", *names, *words], cwd=checkout, env=environ, check=True, capture_output=True)
        said = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=checkout, env=environ, check=True, capture_output=True, text=True
        )
        commits[name] = said.stdout.strip()
    (place / "ada" / ".git" / "config").write_text("[core]\n\tfsmonitor = touch /tmp/dockyard-was-here\n")
    laid_out(place / "plain", ANSWER)

    assert {**commits, "plain": ""} == {row.student.id: row.commit for row in found(place)}
    assert "repo" == found(place)[1].inside


def test_links_are_never_followed(tmp_path: Path) -> None:
    """A link for a submission, for its Dockerfile or for a folder in it leads nowhere."""
    outside = laid_out(tmp_path / "outside", ANSWER)
    place = tmp_path / "in"
    place.mkdir()
    (place / "link").symlink_to(outside)
    (place / "archive.zip").symlink_to(outside / "app.py")
    laid_out(place / "file", {"app.py": Entry()})
    (place / "file" / "Dockerfile").symlink_to(outside / "Dockerfile")
    laid_out(place / "folder", {"app.py": Entry()})
    (place / "folder" / "work").symlink_to(outside)
    os.mkfifo(place / "pipe")
    rows = found(place)

    assert {"unreadable"} == {state for _, state in states(rows)}
    assert "It is a link, and links are not followed" == reason(rows, "link") == reason(rows, "archive")
    assert "Dockerfile is a link, and links are not followed" in reason(rows, "file")
    assert "It holds no Dockerfile" in reason(rows, "folder")
    assert "neither a folder nor a file" in reason(rows, "pipe")


def test_hostile_names_have_rows_that_can_be_printed(tmp_path: Path) -> None:
    """Escape sequences, direction marks and bytes that are no text are written out, in a folder and in a zip."""
    names = ("\x1b[2Jada", "s1001\u202egnp.piz", "b\udcffd", "ok")
    for name in names:
        laid_out(tmp_path / "in" / name, ANSWER)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name in names:
            archive.writestr(f"{name.replace(chr(0xDCFF), chr(0x200F))}/Dockerfile", RIGHT)
    for place in (tmp_path / "in", tmp_path / "all.zip"):
        rows = found(place, (Student("ok"),))

        assert [("ok", "ready"), *[("unmatched", "")] * 3] == [
            (row.student.id, str(row.state)) if row.student.id == "ok" else (str(row.state), "") for row in rows
        ]
        assert all(row.student.id.isprintable() and row.reason.isprintable() for row in rows)
        assert any("\\u202e" in row.student.id for row in rows)


def test_notices_of_one_submission_are_nobody_elses(tmp_path: Path) -> None:
    """What is odd in one folder of an archive of all is told to its own student alone."""
    files = {f"{name}/{path}": entry for name in ("ada", "bo") for path, entry in ANSWER.items()}
    (tmp_path / "all.zip").write_bytes(zip_of({**files, "ada/b\x1b[2J.py": Entry(b"x")}))
    ada, bo = (read(row, SPEC) for row in found(tmp_path / "all.zip"))

    assert any("\\x1b[2J" in notice for notice in ada.notices)
    assert not any("left out: its name" in notice for notice in bo.notices)


def test_bomb_in_one_folder_does_not_close_the_archive_for_others(tmp_path: Path) -> None:
    """In an archive of all submissions a bomb is the row of who packed it."""
    spec = replace(SPEC, limits=Limits(context_mib=4))
    files = {"ada/Dockerfile": Entry(RIGHT), "bo/Dockerfile": Entry(RIGHT), "bo/zeros": Entry(bytes(5 * MIB))}
    (tmp_path / "all.zip").write_bytes(zip_of({**files, "carl/work.zip": Entry(flat_bomb(20 * MIB))}))
    ada, bo, carl = collect(tmp_path / "all.zip", None, limits=spec.limits)

    assert RIGHT == read(ada, spec).dockerfile
    assert RowState.UNREADABLE is carl.state
    assert "It unpacks to" in carl.reason
    with pytest.raises(SubmissionError, match="more than 4 MiB"):
        read(bo, spec)


def test_folder_around_all_submissions_is_looked_through(tmp_path: Path) -> None:
    """A zip of a folder of submissions is the same as a zip of what is in it."""
    files = {f"week 3/{name}/{path}": entry for name in ("s1001", "s1003") for path, entry in ANSWER.items()}
    (tmp_path / "all.zip").write_bytes(zip_of(files))
    rows = found(tmp_path / "all.zip", ROSTER)

    assert [("s1001", "ready"), ("s1002", "missing"), ("s1003", "ready")] == states(rows)
    assert RIGHT == read(rows[2], SPEC).dockerfile


@rows(
    ("make", "message"),
    [
        (lambda place: laid_out(place, ANSWER), "holds a Dockerfile itself: it is one submission"),
        (lambda place: place.mkdir(), "There is no submission in"),
        (lambda place: place.write_bytes(b"hello"), "neither a folder nor a .zip"),
        (lambda place: place.write_bytes(b""), "The file is empty"),
        (lambda place: place.write_bytes(zip_of(ANSWER)), "holds a Dockerfile itself: it is one submission"),
    ],
)
def test_place_that_is_no_cohort_is_refused(tmp_path: Path, make: object, message: str) -> None:
    """What can't hold several submissions is an error with what to give instead."""
    assert callable(make)
    make(tmp_path / "place")

    with pytest.raises(SubmissionError, match=message) as caught:
        found(tmp_path / "place")
    assert caught.value.hint


def test_collecting_tells_how_far_it_is_and_can_be_stopped(place: Path) -> None:
    """Each student's submission is told, and who listens may stop it."""
    for name in ("a", "b", "c"):
        laid_out(place / name, ANSWER)
    told: list[tuple[int, int]] = []
    collect(place, None, limits=Limits(), on_progress=lambda done, total: told.append((done, total)))
    cancel = Cancel()
    cancel.set()

    assert [(1, 3), (2, 3), (3, 3)] == told
    with pytest.raises(Cancelled):
        collect(place, None, limits=Limits(), on_progress=lambda *_: cancel.raise_if_set())


def test_crash_over_one_submission_costs_no_other(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug that one archive brings out is its row's reason."""

    def crash(*_: object) -> None:
        raise RecursionError

    for name in ("a.zip", "b.zip"):
        (place / name).write_bytes(zip_of(ANSWER))
    laid_out(place / "c", ANSWER)
    monkeypatch.setattr("graders.cohort.collect.place.find_in_file", crash)
    rows = found(place)

    assert [("a", "unreadable"), ("b", "unreadable"), ("c", "ready")] == states(rows)
    assert "RecursionError" in rows[0].reason
    assert "a fault of ours" in rows[0].reason
