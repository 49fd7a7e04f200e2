"""Owns finding gradebooks by the folder that a person names; must never open, change or move one."""

from __future__ import annotations

from pathlib import Path

from graders.cohort.gradebook.book import FILE_NAME
from graders.cohort.gradebook.file import SCHEMA_VERSION
from graders.errors import GradebookError

_MAGIC = b"SQLite format 3\0"
_VERSION_AT = 60
"""Where SQLite keeps `user_version`. Source: sqlite.org/fileformat2.html, 1.3, read 2026-11."""
GRADE = "dockyard grade SUBMISSIONS --exercise EX --out DIR"


def find_gradebook(place: Path) -> Path:
    """The `--out` folder that `place` is or holds alone. Raises GradebookError that says what is there instead."""
    if place.is_file() and place.name == FILE_NAME:
        place = place.parent
    if not place.is_dir():
        what = "is no folder" if place.exists() else "is not there"
        raise GradebookError(f"{place} {what}", hint=f"Name the DIR of: {GRADE}")
    if not (place / FILE_NAME).is_file():
        raise GradebookError(f"There is no gradebook in {place}", hint=_instead(place))
    _look(place / FILE_NAME)
    return place


def find_gradebooks(place: Path) -> tuple[Path, ...]:
    """The `--out` folder that `place` is, or all that lie in it, by name. Raises GradebookError when there is none."""
    below = _below(place) if place.is_dir() and not (place / FILE_NAME).is_file() else ()
    return tuple(find_gradebook(folder) for folder in below) or (find_gradebook(place),)


def _below(place: Path) -> tuple[Path, ...]:
    return tuple(sorted(found.parent for found in place.glob(f"*/{FILE_NAME}") if found.is_file()))


def _instead(place: Path) -> str:
    """What the person may have meant."""
    above = next((folder for folder in place.resolve().parents if (folder / FILE_NAME).is_file()), None)
    if above is not None:
        return f"It lies above: name {above}."
    below = _below(place)
    if below:
        return "Name one of those that lie in it: " + ", ".join(str(folder) for folder in below[:5])
    return f"Make one: {GRADE}"


def _look(path: Path) -> None:
    """Refuse a file that this program can't read, and leave it where it is."""
    try:
        with path.open("rb") as file:
            head = file.read(_VERSION_AT + 4)
    except OSError as error:
        raise GradebookError(
            f"The gradebook {path} can't be read: {error.strerror}", hint="Mend its permissions."
        ) from error
    if not head.startswith(_MAGIC):
        raise GradebookError(
            f"{path} is no gradebook", hint=f"Another program wrote it, or it is damaged. Move it away, then: {GRADE}"
        )
    version = int.from_bytes(head[_VERSION_AT:], "big")
    if version != SCHEMA_VERSION:
        raise GradebookError(
            f"The gradebook {path} is of another version of Dockyard: format {version}, and this one knows"
            f" {SCHEMA_VERSION}",
            hint="Nothing was changed. Use the version that graded, or grade into another DIR.",
        )
