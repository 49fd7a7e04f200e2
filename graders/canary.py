"""Owns the files that are planted in a build context and must reach no layer; must never touch the learner's folder.

A canary takes the place of a learner's file with the same path, in what is sent to the engine only. So a real
secret of the learner never enters an image of ours, and a Dockerfile that copies the path is still caught.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterable
from hashlib import sha256
from pathlib import PurePosixPath
from typing import NamedTuple

from graders.context_file import ContextFile

TOKEN_PREFIX = "dockyard-canary-"  # noqa: S105 - no secret: it is made to be found
TOKEN_DIGITS = 32
PYC_HEADER = b"\xa7\r\r\n" + struct.pack("<III", 0, 1_700_000_000, 64)
"""Magic number of CPython 3.11, flags, source time, source size (importlib, PEP 552)."""


class Canary(NamedTuple):
    """A file planted in the build context that must reach no layer."""

    path: str
    """Path in the build context."""
    token: str
    """ASCII text inside the file that occurs nowhere else."""
    data: bytes


def make_canaries(exercise: str, paths: Iterable[str]) -> tuple[Canary, ...]:
    """One canary a path. Equal for the same exercise and path, so that the build cache stays warm."""
    return tuple(_make(exercise, path) for path in paths)


def plant(
    files: Iterable[ContextFile], canaries: tuple[Canary, ...]
) -> tuple[tuple[ContextFile, ...], tuple[Canary, ...]]:
    """The files with the canaries among them, and the canaries with the paths at which they really lie.

    Whatever can't lie beside a canary gives way: a file or link at its path or at one of its folders' paths. Where
    the submission has a folder at a canary's path, the canary lies in that folder.
    """
    kept = {file.path: file for file in files}
    planted = []
    for canary in canaries:
        path = canary.path
        while any(name.startswith(f"{path}/") for name in kept):
            path = f"{path}/planted"
        for taken in (path, *(str(parent) for parent in PurePosixPath(path).parents)):
            kept.pop(taken, None)
        kept[path] = ContextFile(path=path, data=canary.data)
        planted.append(canary._replace(path=path))
    return tuple(kept[path] for path in sorted(kept)), tuple(planted)


def _make(exercise: str, path: str) -> Canary:
    digits = sha256(f"{exercise}\n{path}".encode()).hexdigest()[:TOKEN_DIGITS]
    token = TOKEN_PREFIX + digits
    return Canary(path=path, token=token, data=_plausible(PurePosixPath(path), token))


def _plausible(path: PurePosixPath, token: str) -> bytes:
    """Content that looks like the kind of file that the path promises."""
    if path.suffix == ".pyc":
        return PYC_HEADER + b"\xe3" + struct.pack("<I", len(token)) + token.encode()
    if path.suffix == ".ipynb":
        cell = {"cell_type": "markdown", "metadata": {}, "source": [f"Scratch notes, {token}\n"]}
        return (json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}) + "\n").encode()
    if path.suffix in {".csv", ".tsv"}:
        separator = "," if path.suffix == ".csv" else "\t"
        rows = (("id", "name", "note"), ("1", "Ada", token), ("2", "Grace", f"see {token}"))
        return "".join(separator.join(row) + "\n" for row in rows).encode()
    if path.suffix in {".json", ".jsonl"}:
        return (json.dumps({"id": 1, "note": token}) + "\n").encode()
    if path.suffix in {".pem", ".key"} or path.name.startswith("id_"):
        body = base64.b64encode(token.encode()).decode()
        return f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\nComment: {token}\n".encode()
    if ".git" in path.parts:
        return f'[core]\n\tbare = false\n[remote "origin"]\n\turl = https://me:{token}@git.invalid/me.git\n'.encode()
    if path.name.startswith(".env"):
        return f"API_KEY={token}\nDATABASE_URL=postgres://me:{token}@db.invalid/app\n".encode()
    return f"Not for the image: {token}\n".encode()
