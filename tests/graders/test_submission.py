"""Owns the proof that a hostile folder is read safely."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graders.errors import SubmissionError
from graders.limits import Limits
from graders.submission import read_dockerfile, read_submission
from tests.rows import rows


def folder(path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


def test_dockerfile_that_is_no_plain_file_is_refused(tmp_path: Path) -> None:
    """A missing file, a link, a pipe, a folder and a huge file are errors, at once."""
    (tmp_path / "link").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(50 * 1024 * 1024)

    for name in ("nothing", "link", "pipe", "folder", "huge"):
        with pytest.raises(SubmissionError) as caught:
            read_dockerfile(tmp_path / name)
        assert caught.value.hint


def test_protected_files_come_from_the_starter(tmp_path: Path) -> None:
    """A changed, a missing and an added file are put right, and said."""
    starter = folder(tmp_path / "starter", {"Dockerfile": "FROM a\n", "src/a.py": "1", "src/b.py": "2"})
    root = folder(tmp_path / "root", {"Dockerfile": "FROM b\n", "src/a.py": "cheat", "src/json.py": "cheat"})
    submission = read_submission(
        root, Limits(), starter=starter, editable=("Dockerfile", ".dockerignore"), copied_out=True
    )

    assert b"FROM b\n" == submission.dockerfile
    assert {"Dockerfile": b"FROM b\n", "src/a.py": b"1", "src/b.py": b"2"} == {
        file.path: file.data for file in submission.files
    }
    assert 3 == len(submission.notices)


def test_links_stay_links_and_pipes_are_left_out(tmp_path: Path) -> None:
    """No link is followed and no pipe is opened; ignored folders are not read."""
    root = folder(tmp_path, {"Dockerfile": "FROM a\n", ".dockerignore": "junk\n", "junk/a": "1"})
    (root / "out").symlink_to("/etc")
    os.mkfifo(root / "pipe")
    submission = read_submission(root, Limits())

    assert [".dockerignore", "Dockerfile", "out"] == [file.path for file in submission.files if "home" not in file.path]
    assert "/etc" == submission.files[-1].link
    assert 1 == len(submission.notices)


def test_limits_are_errors(tmp_path: Path) -> None:
    """Too many files and too many bytes are refused with a hint."""
    root = folder(tmp_path, {"Dockerfile": "FROM a\n", "a": "x" * 2_000_000, "b": "y"})

    for limits in (Limits(context_mib=1), Limits(context_files=2)):
        with pytest.raises(SubmissionError):
            read_submission(root, limits)


def test_sum_follows_content(tmp_path: Path) -> None:
    """Equal content has equal sums, a changed byte another one."""
    root = folder(tmp_path, {"Dockerfile": "FROM a\n", "a": "1"})
    before = read_submission(root, Limits()).content_sha256

    assert before == read_submission(root, Limits()).content_sha256
    (root / "a").write_text("2")
    assert before != read_submission(root, Limits()).content_sha256


def put_back(root: Path, starter: Path) -> tuple[str, ...]:
    editable = ("Dockerfile", ".dockerignore")
    return read_submission(root, Limits(), starter=starter, editable=editable, copied_out=True).notices


def test_files_that_the_learner_ignores_are_not_called_missing(tmp_path: Path) -> None:
    """What .dockerignore keeps out is not read, and that is no loss to speak of."""
    files = {"src/a.py": "1", "data/raw.csv": "2", "notebooks/x.ipynb": "3"}
    starter = folder(tmp_path / "starter", files)
    root = folder(tmp_path / "root", {**files, "Dockerfile": "FROM a\n", ".dockerignore": "data\nnotebooks/\n"})

    assert () == put_back(root, starter)


def test_files_taken_out_of_a_copy_are_named(tmp_path: Path) -> None:
    """In a copy of the starter a gap is worth a line; in a folder of another's making there is none to speak of."""
    starter = folder(tmp_path / "starter", {"src/a.py": "1", "src/b.py": "2", "c.txt": "3"})
    gap = folder(tmp_path / "gap", {"Dockerfile": "FROM a\n", "src/a.py": "1"})
    handed_in = read_submission(gap, Limits(), starter=starter, editable=("Dockerfile",))

    assert ("Not in your folder, so the exercise's own was used: c.txt, src/b.py",) == put_back(gap, starter)
    assert () == handed_in.notices
    assert ["Dockerfile", "c.txt", "src/a.py", "src/b.py"] == [file.path for file in handed_in.files]


def test_files_of_an_open_editor_are_left_out_without_a_word(tmp_path: Path) -> None:
    """A swap file and a backup are not part of what is built; another stranger is named."""
    starter = folder(tmp_path / "starter", {"src/a.py": "1"})
    files = {"src/a.py": "1", "Dockerfile": "FROM a\n", ".Dockerfile.swp": "x", "src/a.py~": "x", "src/.#a.py": "x"}
    root = folder(tmp_path / "root", {**files, "notes": "x"})
    submission = read_submission(root, Limits(), starter=starter, editable=("Dockerfile",))

    assert ("Left out, because this exercise takes no such file: notes",) == submission.notices
    assert ["Dockerfile", "src/a.py"] == [file.path for file in submission.files]


def test_folder_or_link_in_place_of_a_protected_file_gives_way(tmp_path: Path) -> None:
    """Neither can hide the exercise's own file."""
    starter = folder(tmp_path / "starter", {"src/a.py": "1", "b": "2"})
    root = folder(tmp_path / "root", {"Dockerfile": "FROM a\n", "b/x": "cheat"})
    (root / "src").symlink_to("/etc")
    files = read_submission(root, Limits(), starter=starter, editable=("Dockerfile",)).files

    assert {"Dockerfile": b"FROM a\n", "src/a.py": b"1", "b": b"2"} == {file.path: file.data for file in files}


@rows("trouble", ["no folder", "no Dockerfile", "Dockerfile is a folder", "too deep", "bad ignore"])
def test_trouble_is_an_error_with_a_hint(tmp_path: Path, trouble: str) -> None:
    """Whatever is wrong with the folder, the message says it and the hint mends it."""
    root = tmp_path / "root"
    if trouble != "no folder":
        folder(root, {"a.txt": ""})
    if trouble == "Dockerfile is a folder":
        (root / "Dockerfile").mkdir()
    if trouble in ("too deep", "bad ignore"):
        (root / "Dockerfile").write_text("FROM a\n")
    if trouble == "too deep":
        (root / "/".join(["d"] * 70)).mkdir(parents=True)
    if trouble == "bad ignore":
        (root / ".dockerignore").symlink_to("/etc/passwd")

    with pytest.raises(SubmissionError) as caught:
        read_submission(root, Limits())
    assert caught.value.hint


def test_name_that_no_terminal_can_show_is_left_out(tmp_path: Path) -> None:
    """A file name with control characters reaches neither the engine nor the screen raw."""
    root = folder(tmp_path / "root", {"Dockerfile": "FROM a\n", "a\x1b[31m": "x"})
    submission = read_submission(root, Limits())

    assert ["Dockerfile"] == [file.path for file in submission.files]
    assert "\x1b" not in "".join(submission.notices)


def test_path_with_a_nul_is_an_error(tmp_path: Path) -> None:
    """A name that can't be a path is said to be none."""
    with pytest.raises(SubmissionError):
        read_dockerfile(Path(f"{tmp_path}/Docker\0file"))
