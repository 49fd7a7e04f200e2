"""Planting canaries."""

from __future__ import annotations

import json

from graders.canary import make_canaries, plant
from graders.engine.base import ContextFile

PATHS = (".env", ".git/config", "notes.ipynb", "raw.csv", "a/b.pyc", "key.pem", "x.json", "other")


def test_canaries_are_stable_distinct_and_hold_their_token() -> None:
    """The same exercise plants the same files, so that the cache stays warm; no two share a token."""
    canaries = make_canaries("one", PATHS)

    assert canaries == make_canaries("one", PATHS)
    assert len(PATHS) == len({canary.token for canary in canaries})
    assert all(canary.token.encode() in canary.data for canary in canaries)
    assert canaries[0].token != make_canaries("two", PATHS)[0].token
    assert 4 == json.loads(canaries[2].data)["nbformat"]


def test_learners_file_gives_way_in_the_context() -> None:
    """A real secret never reaches an engine, and a file can't shield a folder of canaries."""
    mine = (ContextFile(".env", b"REAL"), ContextFile(".git", b"gitdir: x"), ContextFile("other/mine", b"1"))
    files, canaries = plant(mine, make_canaries("one", (".env", ".git/config", "other")))

    assert [".env", ".git/config", "other/mine", "other/planted"] == [file.path for file in files]
    assert [".env", ".git/config", "other/planted"] == [canary.path for canary in canaries]
    assert not any(b"REAL" in file.data for file in files)
