"""Work in a temporary folder that has no room ends with an error of ours, whoever does it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from course.author.verify import verify
from graders.base_images.stand_in import build_stand_in
from graders.base_images.trust import renew
from graders.cancel import Cancel
from graders.engine.fake.engine import FakeEngine
from graders.errors import EngineError
from graders.temporary_folder import explained, temporary_folder
from tests.graders.cohort.small_exercise import small_exercise

BASE = "python:3.11-slim"


@pytest.fixture
def no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be made in the temporary folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))


def test_folder_is_empty_and_gone_afterwards() -> None:
    """What is put into it goes with it."""
    with temporary_folder("dockyard-test-") as folder:
        assert [] == list(folder.iterdir())
        (folder / "file").write_text("x")

    assert not folder.exists()


def test_what_the_system_says_is_told_with_what_to_do() -> None:
    """An error without a number has words of its own."""
    with (
        pytest.raises(EngineError, match=r"^It can't be done: words of its own$") as raised,
        explained("It can't be done"),
    ):
        raise OSError("words of its own")

    assert 3 == raised.value.exit_code
    assert "TMPDIR" in raised.value.hint


@pytest.mark.usefixtures("no_room")
def test_folder_that_cannot_be_made_is_an_error_of_ours() -> None:
    """The system's words stand in it."""
    with pytest.raises(EngineError, match="No temporary folder can be made: No such file"), temporary_folder("x-"):
        pass


@pytest.mark.usefixtures("no_room")
def test_stand_in_without_room_is_an_error_of_ours() -> None:
    """Neither a new one nor one that is told of new settings ends with a traceback."""
    engine = FakeEngine(bases=())
    with pytest.raises(EngineError, match="A stand-in can't be put together"):
        list(build_stand_in(engine, BASE, Cancel(), {}))
    engine.add_base(BASE, stand_in=True)
    with pytest.raises(EngineError, match="A stand-in can't be kept in a temporary file"):
        renew(engine, BASE, Cancel(), {})


def test_proof_without_room_is_an_error_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`dockyard author verify` says it, and grades nothing."""
    spec = small_exercise(tmp_path / "small")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))

    with pytest.raises(EngineError, match="No temporary folder can be made"):
        list(verify(spec, lambda *_: iter(())))
