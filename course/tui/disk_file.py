"""Owns reading and writing one workspace file for the editor; must never follow a link or block on a device."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from course.errors import WorkspaceError

LARGEST_FILE_BYTES = 1024 * 1024
"""A larger file isn't opened in the editor."""

_NEW_FILE_MODE = 0o644


@dataclass(frozen=True, slots=True)
class DiskFile:
    """A file as it is on the disk."""

    text: str
    """Empty when it can't be edited here."""
    digest: bytes
    """Hash of its bytes; empty when there is no file or it can't be read."""
    exists: bool
    problem: str = ""
    """Why it can't be edited here, as a sentence without a full stop; empty when it can."""


def read_file(path: Path) -> DiskFile:
    """Read a file for editing; what can't be edited is said in `problem`, never raised."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return DiskFile("", b"", exists=False)
    except OSError as error:
        what = "it is a link" if path.is_symlink() else error.strerror or "it can't be read"
        return DiskFile("", b"", exists=True, problem=f"{path.name} can't be opened: {what}")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return DiskFile("", b"", exists=True, problem=f"{path.name} is no ordinary file")
    with os.fdopen(descriptor, "rb") as stream:
        try:
            data = stream.read(LARGEST_FILE_BYTES + 1)
        except OSError as error:
            return DiskFile("", b"", exists=True, problem=f"{path.name} can't be read: {error.strerror}")
    digest = hashlib.blake2b(data).digest()
    if len(data) > LARGEST_FILE_BYTES:
        return DiskFile("", digest, exists=True, problem=f"{path.name} is larger than 1 MiB, too large for this editor")
    try:
        return DiskFile(data.decode("utf-8"), digest, exists=True)
    except UnicodeDecodeError:
        return DiskFile("", digest, exists=True, problem=f"{path.name} is not UTF-8 text")


def write_file(path: Path, text: str) -> bytes:
    """Write all of it or nothing, and return the hash; raises `WorkspaceError` that says why not."""
    data = text.encode("utf-8")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        mode = stat.S_IMODE(path.lstat().st_mode) if path.exists() and not path.is_symlink() else _NEW_FILE_MODE
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise WorkspaceError(
            f"{path.name} was not saved: {error.strerror or error}",
            hint="Your text is still in the editor. Make room or mend the folder's rights, then save again.",
        ) from error
    return hashlib.blake2b(data).digest()
