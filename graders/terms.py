"""Owns what of exercise.toml says how a submission is read; must never look at its checks.

Answering from the store needs no more, and reading the rest imports every check.
"""

from __future__ import annotations

from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from graders.kept_table import table_of
from graders.limits import Limits

if TYPE_CHECKING:
    from graders.entry_folder import EntryFolder

FILE_NAME = "exercise.toml"
SIZE_CAP_BYTES = 1024 * 1024


class Terms(NamedTuple):
    """The part of an exercise that decides what of a folder is its submission."""

    exercise: str
    files: tuple[str, ...]
    """As in `ExerciseSpec`."""
    limits: Limits
    starter: Path
    content_sha256: str
    """As in `ExerciseSpec`."""


def read_terms(root: Path, tables: EntryFolder | None = None) -> Terms | None:
    """The terms of the exercise in this folder; None when they are not as they should be.

    `read_exercise` says what is wrong, and is the one to ask before anything is graded. `tables`: where TOML that was
    read once is kept.
    """
    try:
        with (root / FILE_NAME).open("rb") as file:
            raw = file.read(SIZE_CAP_BYTES + 1)
        table = table_of(raw.decode("utf-8"), tables)
    except (OSError, ValueError):
        return None
    exercise, files, limits = table.get("id"), table.get("files", ["*"]), _limits(table.get("limits", {}))
    if not isinstance(exercise, str) or not _is_texts(files) or limits is None or len(raw) > SIZE_CAP_BYTES:
        return None
    return Terms(exercise, tuple(files), limits, root / "starter", sha256(raw).hexdigest())


def _is_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _limits(table: object) -> Limits | None:
    known = {item.name for item in fields(Limits)}
    if not isinstance(table, dict) or not known.issuperset(table):
        return None
    if any(type(value) not in (int, float) or not value > 0 for value in table.values()):
        return None
    return Limits(**table)
