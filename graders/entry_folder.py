"""Owns small files that hold what was found before; must never give back anything but what was put there.

An entry bears a checksum over its key and its bytes: one that is damaged, cut or moved to another key's place
counts as missing and is removed. Several programs may use one folder.
"""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import get_ident

CHECKSUM_BYTES = 32


class EntryFolder:
    """Entries by key, a file each; those not used for longest go when they grow beyond the bound."""

    def __init__(self, folder: Path, ending: str, *, cap_bytes: int) -> None:
        self._folder = folder
        self._ending = ending
        self._cap_bytes = cap_bytes

    def load(self, key: str) -> bytes | None:
        """What was kept under this key; None when nothing whole is there."""
        path = self._path(key)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        checksum, body = data[:CHECKSUM_BYTES], data[CHECKSUM_BYTES:]
        if _checksum(key, body) != checksum:
            self.drop(key)
            return None
        with suppress(OSError):
            os.utime(path)
        return body

    def save(self, key: str, body: bytes) -> None:
        """Keep it whole or not at all; what would take a quarter of the room is left out. Never raises for a disk."""
        if len(body) > self._cap_bytes // 4:
            return
        path = self._path(key)
        draft = path.with_suffix(f".{os.getpid()}-{get_ident()}.draft")
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                draft.write_bytes(_checksum(key, body) + body)
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
            self._shrink()

    def drop(self, key: str) -> None:
        """Forget what is kept under this key."""
        with suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{sha256(key.encode('utf-8', 'surrogateescape')).hexdigest()}{self._ending}"

    def _shrink(self) -> None:
        entries = []
        for path in self._folder.glob(f"*{self._ending}"):
            # Another program may be shrinking it too.
            with suppress(FileNotFoundError):
                found = path.stat()
                entries.append((found.st_mtime, found.st_size, path))
        total_bytes = 0
        for _, size_bytes, path in sorted(entries, reverse=True):
            total_bytes += size_bytes
            if total_bytes > self._cap_bytes:
                path.unlink(missing_ok=True)


def _checksum(key: str, body: bytes) -> bytes:
    return sha256(b"%d:" % len(key) + key.encode("utf-8", "surrogateescape") + body).digest()
