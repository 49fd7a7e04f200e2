"""Owns the hash of the code that grades; must never import what it hashes.

Reading all of it takes longer than answering from a store, so the hash is remembered under the state of the files:
their names, sizes, numbers and times, the time of the last change of status among them, which nobody can set.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib.machinery import PathFinder
from pathlib import Path

from graders.entry_folder import EntryFolder

PARSERS = ("dockerfile_parse",)
"""Packages of others whose code decides verdicts too."""


def source_sum(memory: EntryFolder | None = None, *, roots: tuple[Path, ...] | None = None) -> str:
    """Hash of every file of `graders` and of the parser it trusts, and of Python's version."""
    files = [entry for root in roots or _roots() for entry in _files(str(root), root.name)]
    state = sha256(f"{sys.version_info[:3]}\n".encode())
    for name, path, status in files:
        numbers = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)
        state.update(f"{name}\0{path}\0{numbers}\n".encode("utf-8", "surrogateescape"))
    key = f"sources {state.hexdigest()}"
    known = memory.load(key) if memory is not None else None
    if known is not None:
        return known.decode("ascii")
    digest = sha256(f"{sys.version_info[:3]}\n".encode())
    for name, path, _ in files:
        data = Path(path).read_bytes()
        digest.update(f"{name}\0{len(data)}\0".encode("utf-8", "surrogateescape") + data)
    found = digest.hexdigest()
    if memory is not None:
        memory.save(key, found.encode("ascii"))
    return found


def _roots() -> tuple[Path, ...]:
    specs = [PathFinder.find_spec(name) for name in PARSERS]
    return (Path(__file__).parent, *(Path(spec.origin).parent for spec in specs if spec and spec.origin))


def _files(folder: str, shown: str) -> Iterator[tuple[str, str, os.stat_result]]:
    """(name below the root, path, status) of each file, in a fixed order; caches of Python left out."""
    with os.scandir(folder) as found:
        for entry in sorted(found, key=lambda one: one.name):
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    yield from _files(entry.path, f"{shown}/{entry.name}")
            else:
                yield f"{shown}/{entry.name}", entry.path, entry.stat()
