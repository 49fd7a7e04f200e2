"""Owns copies of unsaved edits for the case that the desk dies; must never touch the workspace.

One file for each desk and exercise, beside the word that the desks of a workspace leave of each other, so that the
edits of a desk that still lives are offered to no other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from course.errors import WorkspaceError

ENDING = ".edits"
LARGEST_COPY_BYTES = 32 * 1024 * 1024
"""A larger copy is none of ours."""


@dataclass(frozen=True, slots=True)
class KeptEdit:
    """The unsaved text of one file."""

    name: str
    """Path in the exercise's folder."""
    text: str
    based_on: str
    """Hash, in hex, of the file's bytes when it was opened or saved last; empty when there was no file."""


@dataclass(frozen=True, slots=True)
class KeptEdits:
    """What a desk that is gone had not saved in one exercise."""

    path: Path
    """The copy itself."""
    kept_at: str
    """When it was kept, as "2026-03-14 15:09"."""
    edits: tuple[KeptEdit, ...]


class Recovery:
    """The copies of one workspace."""

    def __init__(self, folder: Path, token: str) -> None:
        """`folder` is that of the open desks; `token` names this one."""
        self._folder = folder
        self._token = token

    def keep(self, exercise: str, edits: Sequence[KeptEdit], now: datetime) -> None:
        """Keep all of it or what was kept before; raises `WorkspaceError` that says why not."""
        path = self._path(exercise)
        temporary = path.with_suffix(".tmp")
        values = {"kept_at": f"{now:%Y-%m-%d %H:%M}", "edits": [asdict(edit) for edit in edits]}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump(values, stream)
            temporary.replace(path)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise WorkspaceError(
                f"Unsaved edits are not kept for the case of a crash: {error.strerror or error}",
                hint=f"Save often (Ctrl+S), and make room or mend the rights of {self._folder}.",
            ) from error

    def drop(self, exercise: str) -> None:
        """Nothing of this desk's is unsaved any more."""
        with suppress(OSError):
            self._path(exercise).unlink(missing_ok=True)

    def left_behind(self, exercise: str, living: Collection[str]) -> tuple[KeptEdits, ...]:
        """What desks that are gone left of an exercise, the newest first; `living` are the tokens of the others."""
        found: list[tuple[int, KeptEdits]] = []
        with suppress(OSError):
            for path in self._folder.glob(f"*.{exercise}{ENDING}"):
                token = path.name.partition(".")[0]
                if token == self._token or token in living or path.is_symlink():
                    continue
                kept = _read(path)
                if kept is not None:
                    found.append((path.stat().st_mtime_ns, kept))
        return tuple(kept for _, kept in sorted(found, key=lambda item: item[0], reverse=True))

    def forget(self, kept: KeptEdits) -> None:
        """A copy was restored or thrown away."""
        with suppress(OSError):
            kept.path.unlink(missing_ok=True)

    def _path(self, exercise: str) -> Path:
        return self._folder / f"{self._token}.{exercise}{ENDING}"


def _read(path: Path) -> KeptEdits | None:
    """A copy; None when it is damaged, which is left where it is."""
    try:
        if path.stat().st_size > LARGEST_COPY_BYTES:
            return None
        values = json.loads(path.read_text(encoding="utf-8"))
        edits = tuple(KeptEdit(str(item["name"]), str(item["text"]), str(item["based_on"])) for item in values["edits"])
        return KeptEdits(path, str(values["kept_at"]), edits)
    except (OSError, ValueError, KeyError, TypeError):
        return None
