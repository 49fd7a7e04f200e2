"""Owns which desks are open on one workspace; must never stop one from opening.

Each desk keeps a small file locked as long as it lives. The kernel lets go of the lock however the desk ends, so a
file without a lock tells of a desk that is gone.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

ENDING = ".desk"


@dataclass(frozen=True, slots=True)
class OpenDesk:
    """A desk that is open."""

    token: str
    """Names it among the desks of its workspace."""
    pid: int
    """Its process; 0 when it is not known."""
    since: str
    """When it was opened, as hours and minutes; empty when it is not known."""


def folder_of(state: Path, workspace: Path) -> Path:
    """Where the desks of a workspace leave word of each other, in the state folder."""
    return state / "desks" / hashlib.blake2b(os.fsencode(workspace.resolve()), digest_size=8).hexdigest()


class OpenDesks:
    """The desks of one workspace, with this one among them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token = secrets.token_hex(6)
        """Names this desk."""
        self._lock = -1

    def enter(self, now: datetime) -> None:
        """Tell the others of this desk. A folder that can't be written to leaves it untold."""
        if self._lock >= 0:
            return
        path = self.folder / f"{self.token}{ENDING}"
        temporary = path.with_suffix(".tmp")
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.write(descriptor, json.dumps({"pid": os.getpid(), "since": f"{now:%H:%M}"}).encode())
                temporary.rename(path)
            except OSError:
                os.close(descriptor)
                temporary.unlink(missing_ok=True)
                raise
            self._lock = descriptor

    def leave(self) -> None:
        """This desk is closed."""
        if self._lock >= 0:
            with suppress(OSError):
                (self.folder / f"{self.token}{ENDING}").unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1

    def others(self) -> tuple[OpenDesk, ...]:
        """The other desks that are open now; what one that is gone left of itself is removed."""
        found: list[OpenDesk] = []
        with suppress(OSError):
            for path in sorted(self.folder.glob(f"*{ENDING}")):
                if path.stem == self.token:
                    continue
                if _is_locked(path):
                    found.append(_read(path))
                else:
                    path.unlink(missing_ok=True)
        return tuple(found)


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _read(path: Path) -> OpenDesk:
    values: object = None
    with suppress(OSError, ValueError):
        values = json.loads(path.read_text(encoding="utf-8"))
    known = values if isinstance(values, dict) else {}
    pid, since = known.get("pid"), known.get("since")
    return OpenDesk(path.stem, pid if isinstance(pid, int) else 0, since if isinstance(since, str) else "")
