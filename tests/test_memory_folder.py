"""Tests of where the quick loop keeps its files."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests import memory_folder
from tests.memory_folder import forget_memory, use_memory


@pytest.fixture(autouse=True)
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk with a byte left is roomy enough."""
    monkeypatch.setattr(memory_folder, "ROOM_BYTES", 1)


def config(expression: str = "not engine", basetemp: str | None = None, **more: object) -> pytest.Config:
    """What pytest was called with."""
    option = SimpleNamespace(markexpr=expression, basetemp=basetemp)
    return cast(pytest.Config, SimpleNamespace(option=option, stash=pytest.Stash(), **more))


@pytest.mark.parametrize("status", [0, 1])
def test_folder_goes_with_a_good_end_only(status: int, tmp_path: Path) -> None:
    """What a failed test wrote can be looked at."""
    called = config()
    use_memory(called, tmp_path)
    folder = Path(called.option.basetemp)
    folder.mkdir()
    forget_memory(called, status)

    assert tmp_path == folder.parents[1]
    assert bool(status) is folder.exists() is any(tmp_path.iterdir())


def test_what_nobody_looked_at_for_a_day_goes(tmp_path: Path) -> None:
    """What failed yesterday fills no memory; another run's folder is left alone."""
    old, new = tmp_path / "dockyard-tests-old", tmp_path / "dockyard-tests-new"
    for folder in (old, new):
        folder.mkdir()
    os.utime(old, (0, 0))
    use_memory(config(), tmp_path)

    assert [False, True] == [old.exists(), new.exists()]


@pytest.mark.parametrize(
    "called",
    [config(""), config("engine"), config(basetemp="/mine"), config(workerinput={})],
    ids=["all tests", "engine tests", "told where", "worker"],
)
def test_other_runs_stay_where_they_were(called: pytest.Config, tmp_path: Path) -> None:
    """A build's context may be large, and a worker is told its folder."""
    before = called.option.basetemp
    use_memory(called, tmp_path)
    forget_memory(called, 0)

    assert before == called.option.basetemp
    assert [] == list(tmp_path.iterdir())


def test_little_memory_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a system without such a folder nor a container's small one is used."""
    called = config()
    use_memory(called, tmp_path / "missing")
    monkeypatch.setattr(memory_folder, "ROOM_BYTES", 1 << 62)
    use_memory(called, tmp_path)

    assert called.option.basetemp is None
    assert [] == list(tmp_path.iterdir())
