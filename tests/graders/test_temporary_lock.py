"""A lock's file is where only its user may go, and one that can't be had is told with what to do."""

from __future__ import annotations

import os
import resource
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from graders.cancel import Cancel
from graders.engine.turn import building
from graders.errors import EngineError
from graders.temporary_lock import temporary_lock
from tests.rows import rows


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty temporary folder."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def own(temporary: Path) -> Path:
    return temporary / f"dockyard-{os.getuid()}"


@contextmanager
def no_space_left() -> Iterator[None]:
    """Every file of this process is full: the kernel refuses each byte."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_locks_lie_in_one_folder_that_only_their_user_may_enter(temporary: Path) -> None:
    """Two locks leave one entry in the temporary folder, and nobody else may look or write there."""
    with temporary_lock("one"), temporary_lock("other"):
        pass

    assert [own(temporary)] == list(temporary.iterdir())
    assert 0o700 == stat.S_IMODE(own(temporary).stat().st_mode)
    assert {"one.lock": 0o600, "other.lock": 0o600} == {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in own(temporary).iterdir()
    }


def test_lock_is_held_by_one_or_shared(temporary: Path) -> None:
    """What one holds alone nobody else takes, until it is let go or its file is closed."""
    with temporary_lock("it") as first, temporary_lock("it") as second:
        assert first.take()
        assert not second.take(shared=True)
        first.let_go()
        assert second.take(shared=True)
        assert first.take(shared=True)
        assert not first.take()
    with temporary_lock("it") as third:
        assert third.take()


def no_folder(temporary: Path) -> None:
    temporary.rmdir()


def link_of_another(temporary: Path) -> None:
    (temporary / "theirs").mkdir(mode=0o700)
    own(temporary).symlink_to(temporary / "theirs")


def file_in_its_place(temporary: Path) -> None:
    own(temporary).write_text("")


def open_to_all(temporary: Path) -> None:
    own(temporary).mkdir()
    own(temporary).chmod(0o777)


def link_in_the_folder(temporary: Path) -> None:
    own(temporary).mkdir(mode=0o700)
    (own(temporary) / "it.lock").symlink_to(temporary / "theirs")


@rows(
    ("spoil", "said"),
    [
        (no_folder, "No such file or directory"),
        (link_of_another, ""),
        (file_in_its_place, "Not a directory"),
        (open_to_all, "others may write into"),
        (link_in_the_folder, "symbolic links"),
    ],
    ids=["gone", "link", "file", "open to all", "link inside"],
)
def test_file_that_cannot_be_had_is_an_error_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Path], None], said: str
) -> None:
    """It names the file, what the system said and what to do; and nothing is made through a link."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    spoil(temporary)

    with pytest.raises(EngineError) as raised, temporary_lock("it"):
        pass

    assert f"The lock file {own(temporary)}/it.lock can't be opened: " in raised.value.message
    assert said in raised.value.message
    assert "TMPDIR" in raised.value.hint
    assert 3 == raised.value.exit_code
    assert [] == list(temporary.glob("theirs/*"))
    assert not (temporary / "theirs").is_file()


def test_folder_that_another_user_made_is_refused(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody may make a folder of our name in the temporary folder."""
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)

    own(temporary).mkdir(mode=0o700)

    with pytest.raises(EngineError, match="others may write into"), temporary_lock("it"):
        pass


def test_no_temporary_folder_at_all_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk Python finds no folder to write to."""

    def none() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none)

    with pytest.raises(EngineError, match=r"no place for the lock file it\.lock: No usable"), temporary_lock("it"):
        pass


def test_full_disk_ends_a_turn_with_an_error_of_ours(temporary: Path) -> None:
    """A turn that can't be written down is none, and keeps nobody else waiting."""
    refused = pytest.raises(EngineError, match=r"gate-it\.lock can't be written: File too large")
    with no_space_left(), refused as raised, building("it", Cancel(), alone=False, at_most_s=1.0):
        pass

    assert "TMPDIR" in raised.value.hint
    with building("it", Cancel(), alone=True, at_most_s=1.0) as was_alone:
        assert was_alone()
