"""Owns the proof that a changed lock names other content and is a lock still; must never build."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from graders.build_context import prepare
from graders.check import Change
from graders.engine.base import ContextFile
from graders.exercise import ExerciseSpec, read_exercise
from graders.rebuild.change import change
from graders.rebuild.lock_change import with_swapped_lock

EXERCISE = """
format = 1
id = "locked"
title = "Locked"
minutes = 1

[build]
lock = "dvc.lock"

[[checks]]
use = "stale-after-lock-change"
"""
MD5, SHA256 = "51e81fc1d7c996c6aee1d7a016da6217", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
OTHER = "9cd02bfc9583d89d0a9328561703e317"
LOCK = f"deps:\n- md5: {MD5}\n  size: 3257\nouts:\n- md5: {MD5}\n  path: models/{MD5[:8]}.json\n- sha256: {SHA256}\n"


def spec_in(folder: Path) -> ExerciseSpec:
    (folder / "exercise.toml").write_text(EXERCISE, encoding="utf-8")
    return read_exercise(folder)


def test_every_fingerprint_gives_way_to_one_of_its_length(tmp_path: Path) -> None:
    """Equal ones stay equal, all else stays as it is, and no other file changes."""
    spec = spec_in(tmp_path)
    files = (ContextFile("dvc.lock", LOCK.encode()), ContextFile("other.lock", LOCK.encode()))
    changed = change(prepare(files, spec), spec, Change.LOCK, "nonce")
    text, other = (file.data.decode() for file in changed.context.files)
    md5s, sha256s = re.findall(r"md5: (\w+)", text), re.findall(r"sha256: (\w+)", text)

    assert "dvc.lock" == changed.changed
    assert LOCK == other
    assert LOCK == text.replace(md5s[0], MD5).replace(sha256s[0], SHA256)
    assert [32, 32, 64] == [len(found) for found in (*md5s, *sha256s)]
    assert 1 == len(set(md5s))
    assert MD5 not in text


def test_two_checks_never_ask_for_the_same_content(tmp_path: Path) -> None:
    """Otherwise the second answer could come from the cache."""
    spec = spec_in(tmp_path)
    prepared = prepare((ContextFile("dvc.lock", LOCK.encode()),), spec)
    first, second = (change(prepared, spec, Change.LOCK, nonce).context.files[0].data for nonce in ("a", "b"))

    assert first != second


def test_lock_without_fingerprints_says_that_nothing_changed(tmp_path: Path) -> None:
    """An empty or a missing lock proves nothing."""
    spec = spec_in(tmp_path)

    for files in ((), (ContextFile("dvc.lock", b"schema: '2.0'\n"),)):
        assert not change(prepare(files, spec), spec, Change.LOCK, "nonce").changed


def test_swapped_lock_names_the_same_contents_in_other_places(tmp_path: Path) -> None:
    """So the store holds what it names, as far as it held it before; equal fingerprints stay equal."""
    spec = spec_in(tmp_path)
    files = (ContextFile("dvc.lock", f"{LOCK}- md5: {OTHER}\n".encode()), ContextFile("other.lock", LOCK.encode()))
    swapped = with_swapped_lock(prepare(files, spec), "dvc.lock")

    assert swapped is not None
    text, other = (file.data.decode() for file in swapped.files)
    assert [SHA256, SHA256, OTHER, MD5] == re.findall(r"(?:md5|sha256): (\w+)", text)
    assert LOCK == other


@pytest.mark.parametrize("data", [b"schema: '2.0'\n", f"- md5: {MD5}\n- md5: {MD5}\n".encode()])
def test_lock_with_fewer_than_two_contents_is_not_swapped(data: bytes, tmp_path: Path) -> None:
    """There is nothing to change places with."""
    prepared = prepare((ContextFile("dvc.lock", data),), spec_in(tmp_path))

    assert with_swapped_lock(prepared, "dvc.lock") is None
    assert with_swapped_lock(prepared, "no.lock") is None
