"""Owns the names of students' folders; must never let an id lead out of the place, hide, or share a folder."""

from __future__ import annotations

import hashlib
import re

MAX_LENGTH = 60
_UNSAFE = re.compile(r"[^A-Za-z0-9._@+-]+")
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class FolderNames:
    """Gives each id one name: readable, of plain characters, its own also where capitals don't count."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()

    def name(self, student_id: str) -> str:
        """The folder's name for an id, the same each time; a changed or taken one ends in a part of the id's hash."""
        known = self._names.get(student_id)
        if known is not None:
            return known
        plain = _UNSAFE.sub("_", student_id).lstrip(".-").rstrip(".")[:MAX_LENGTH]
        name = plain
        if plain != student_id or not plain or _DEVICE.fullmatch(plain) or plain.lower() in self._taken:
            digest = hashlib.sha256(student_id.encode("utf-8", "surrogatepass")).hexdigest()
            lengths = (length for length in range(8, len(digest) + 1))
            name = next(made for made in (f"{plain or 'student'}-{digest[:n]}" for n in lengths) if self._free(made))
            if _DEVICE.fullmatch(name):
                name = f"student-{name}"
        self._names[student_id] = name
        self._taken.add(name.lower())
        return name

    def _free(self, name: str) -> bool:
        return name.lower() not in self._taken
