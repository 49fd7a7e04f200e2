"""Owns the proof that a hostile folder is read safely."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graders.errors import SubmissionError
from graders.limits import Limits
from graders.submission import read_dockerfile, read_submission


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
    submission = read_submission(root, Limits(), starter=starter, editable=("Dockerfile", ".dockerignore"))

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
