"""Owns the tests of tables that were read before."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from graders.entry_folder import EntryFolder
from graders.kept_table import table_of

TEXT = 'title = "é"\ncount = 3\nshare = 0.5\non = true\n[[rows]]\nnames = ["a", "b"]\n[rows.inner]\nx = inf\n'


@pytest.fixture
def kept(tmp_path: Path) -> EntryFolder:
    """A folder for what was read."""
    return EntryFolder(tmp_path / "tables", ".table", cap_bytes=1 << 20)


def test_table_is_the_same_from_memory(kept: EntryFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept equals what TOML says, types included, and TOML isn't read again."""
    first = table_of(TEXT, kept)
    monkeypatch.setitem(sys.modules, "tomllib", None)

    assert tomllib.loads(TEXT) == first == table_of(TEXT, kept)
    assert repr(first) == repr(table_of(TEXT, kept))


def test_changed_text_is_read_anew(kept: EntryFolder) -> None:
    """One character more is another text."""
    table_of("a = 1", kept)

    assert {"a": 10} == table_of("a = 10", kept)


@pytest.mark.parametrize("harm", [lambda data: data[:-1], lambda data: data[:40] + b"[" + data[41:], lambda _: b""])
def test_damaged_entry_is_read_anew(harm: Callable[[bytes], bytes], kept: EntryFolder, tmp_path: Path) -> None:
    """An entry that is cut, changed or empty is as if it were not there."""
    table_of(TEXT, kept)
    (entry,) = (tmp_path / "tables").iterdir()
    entry.write_bytes(harm(entry.read_bytes()))

    assert tomllib.loads(TEXT) == table_of(TEXT, kept)


def test_date_is_read_each_time(kept: EntryFolder, tmp_path: Path) -> None:
    """What JSON can't hold is not kept, and not changed."""
    assert table_of("day = 2026-03-14", kept) == table_of("day = 2026-03-14", kept) == tomllib.loads("day = 2026-03-14")
    assert not (tmp_path / "tables").exists()


def test_text_that_is_no_toml_is_refused(kept: EntryFolder) -> None:
    """Each time, also with a memory."""
    for memory in (kept, None, kept):
        with pytest.raises(ValueError, match="Invalid value"):
            table_of("a = ", memory)
