"""Tests of finding a gradebook: what a person names, and what is said when it is not there."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from graders.cohort.gradebook.book import FILE_NAME, open_gradebook
from graders.cohort.gradebook.find import find_gradebook, find_gradebooks
from graders.errors import GradebookError
from tests.rows import rows


def made(folder: Path) -> Path:
    """A folder with an empty gradebook."""
    open_gradebook(folder / FILE_NAME).close()
    return folder


def test_gradebook_is_found_by_its_folder_and_by_its_file(tmp_path: Path) -> None:
    """Both name the same place."""
    out = made(tmp_path / "out")

    assert out == find_gradebook(out) == find_gradebook(out / FILE_NAME)


def test_several_gradebooks_are_found_in_one_folder(tmp_path: Path) -> None:
    """A folder of `--out` folders stands for all of them, one of them for itself."""
    first, second = made(tmp_path / "all" / "a"), made(tmp_path / "all" / "b")

    assert (first, second) == find_gradebooks(tmp_path / "all")
    assert (first,) == find_gradebooks(first)


@rows(
    ("place", "seen", "hint"),
    [
        ("nowhere", "nowhere is not there", "dockyard grade SUBMISSIONS"),
        ("a-file", "a-file is no folder", "dockyard grade SUBMISSIONS"),
        ("empty", "There is no gradebook in", "Make one: dockyard grade"),
        ("all", "There is no gradebook in", "one of those that lie in it: "),
        ("all/one/students/ann", "There is no gradebook in", "It lies above: name "),
    ],
)
def test_wrong_place_is_told_with_the_right_one(tmp_path: Path, place: str, seen: str, hint: str) -> None:
    """The error says what is there, and its hint what was probably meant."""
    (tmp_path / "a-file").write_text("x")
    (tmp_path / "empty").mkdir()
    (made(tmp_path / "all" / "one") / "students" / "ann").mkdir(parents=True)
    with pytest.raises(GradebookError) as caught:
        find_gradebook(tmp_path / place)

    assert seen in caught.value.message
    assert hint in caught.value.hint


def test_folder_without_any_gradebook_is_an_error_too(tmp_path: Path) -> None:
    """Nothing found is never an empty answer."""
    with pytest.raises(GradebookError, match="There is no gradebook in"):
        find_gradebooks(tmp_path)


def test_gradebook_of_another_version_is_left_where_it_is(tmp_path: Path) -> None:
    """A newer format is named with both numbers, and the file stays byte for byte."""
    out = made(tmp_path / "out")
    with sqlite3.connect(out / FILE_NAME) as connection:
        connection.execute("PRAGMA user_version = 7")
    connection.close()
    before = (out / FILE_NAME).read_bytes()
    with pytest.raises(GradebookError, match="format 7, and this one knows 1"):
        find_gradebook(out)

    assert before == (out / FILE_NAME).read_bytes()


@rows("data", [b"", b"SQLite", b"PK\3\4 a zip archive" * 20])
def test_file_that_is_no_gradebook_is_left_where_it_is(tmp_path: Path, data: bytes) -> None:
    """Another program's file, or a damaged one, is named and not touched."""
    (tmp_path / FILE_NAME).write_bytes(data)
    with pytest.raises(GradebookError, match="is no gradebook"):
        find_gradebook(tmp_path)

    assert data == (tmp_path / FILE_NAME).read_bytes()
