"""Owns what the name of a handed-in file or folder says: whose it is and which attempt; must never look inside.

Moodle names "Ann Lee_123_assignsubmission_file_work.zip" or a folder that ends before the file's own name; Canvas
"leeann_LATE_12345_67890_work-1.zip", with the ids of the user and of the attachment, and "-1" for a second attempt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from graders.cohort.collect.open_archive import split_ending
from graders.safe_text import clean

_MOODLE = re.compile(r"(?P<person>.+)_(?P<number>\d+)_assignsubmission_(?P<kind>[a-z]+)_?(?P<file>.*)", re.DOTALL)
_CANVAS = re.compile(r"(?P<person>[^_]+)_(?P<late>LATE_)?(?P<number>\d+)_(?P<attachment>\d+)_(?P<file>.+)", re.DOTALL)
_CANVAS_TEXT = re.compile(r"(?P<person>[^_]+)_(?P<late>LATE_)?(?P<number>\d+)_text\.html")
_LOOSE = re.compile(r"(?P<text>.+?)[ ._-]+(?P<file>Dockerfile|\.?dockerignore)")
_SUFFIX = re.compile(r"(?<=.)\.[A-Za-z]\w{0,4}$")
_AGAIN = re.compile(r"(?P<text>.+?)(?:-(?P<dash>\d{1,3})|[ _-]?\((?P<bracket>\d{1,3})\))")
ONLINE_TEXT = "onlinetext"


@dataclass(frozen=True, slots=True)
class Naming:
    """What a name says; what it does not say is empty or 0."""

    text: str
    """Who it is from, when no platform wrote the name: the name without an archive's ending."""
    person: str = ""
    """Who it is from, as a platform writes it."""
    number: str = ""
    """The platform's number of that person."""
    file: str = ""
    """The handed-in file's own name, where others of the same person may lie beside it."""
    attempt: int = 0
    attachment: int = 0
    is_late: bool = False
    is_text: bool = False
    """A page of what was typed in instead of handed in."""


def read_name(name: str, *, is_folder: bool) -> Naming:
    """Take a name apart."""
    match = _MOODLE.fullmatch(name)
    if match:
        file, _ = _again(match["file"])
        person = clean(match["person"], max_len=200)
        is_text = match["kind"] == ONLINE_TEXT
        return Naming("", person, match["number"], file=file or match["file"], is_text=is_text)
    match = None if is_folder else _CANVAS.fullmatch(name)
    if match:
        file, attempt = _again(match["file"])
        person = clean(match["person"], max_len=200)
        return Naming(
            "",
            person,
            match["number"],
            file=file,
            attempt=attempt,
            attachment=int(match["attachment"][:18]),
            is_late=bool(match["late"]),
        )
    match = None if is_folder else _CANVAS_TEXT.fullmatch(name)
    if match:
        person = clean(match["person"], max_len=200)
        return Naming("", person, match["number"], file=name, is_late=bool(match["late"]), is_text=True)
    loose = None if is_folder else _LOOSE.fullmatch(name)
    if loose:
        return Naming(clean(loose["text"], max_len=200), file=_own_name(loose["file"]))
    stem, ending = (name, "") if is_folder else split_ending(name)
    if not is_folder and not ending:
        stem = _SUFFIX.sub("", name)
    return Naming(clean(stem, max_len=200))


def without_again(text: str) -> tuple[str, int]:
    """A name without "-2" or " (2)" at its end, and that number."""
    match = _AGAIN.fullmatch(text)
    return (match["text"], int(match["dash"] or match["bracket"])) if match else (text, 0)


def _own_name(file: str) -> str:
    """The name that a file had before a platform took the dot in front of it away."""
    return ".dockerignore" if file == "dockerignore" else file


def _again(file: str) -> tuple[str, int]:
    """A platform counts attempts before the file's ending."""
    stem, ending = split_ending(file)
    if not ending:
        path = PurePosixPath(file)
        stem, ending = (path.stem, path.suffix) if path.suffix and path.stem else (file, "")
    bare, attempt = without_again(stem)
    return _own_name(bare + ending), attempt
