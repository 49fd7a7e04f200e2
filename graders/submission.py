"""Owns the reading of a submission's folder; must never follow a link, block on a pipe, or run anything it reads.

The folder is untrusted and may change while it is read: each file is opened without following links, and its kind and
size are taken from the open file.
"""

from __future__ import annotations

import errno
import fnmatch
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from graders.context_file import DOCKERFILE, ContextFile
from graders.errors import SubmissionError
from graders.limits import MIB, Limits

if TYPE_CHECKING:
    from graders.dockerfile.ignore import IgnoreFile

DOCKERFILE_BYTES = MIB
IGNORE_BYTES = MIB
_DEPTH_LIMIT = 64
_CHUNK_BYTES = 64 * 1024
NEVER_IGNORED = (DOCKERFILE, ".dockerignore")
_NOTICE_LIMIT = 20
_STRANGERS_SHOWN = 5
_EDITORS_OWN = ("*~", "*.sw[a-p]", "*.sw[a-p]x", "*.kate-swp", ".#*", "*/.#*", "#*#", "*/#*#")
"""Backups, swap and lock files of vim, Emacs, Kate and others."""


class Submission(NamedTuple):
    """What was handed in, with the starter's own files put back."""

    root: Path
    files: tuple[ContextFile, ...]
    """Sorted by path. Folders that the .dockerignore keeps out are not among them."""
    dockerfile: bytes
    content_sha256: str
    """Of the Dockerfile and all files with their modes; equal content has equal sums."""
    notices: tuple[str, ...]
    """What was put back or left out, for the learner to know."""


def read_dockerfile(path: Path) -> bytes:
    """Read one Dockerfile safely, in bounded time. Raises SubmissionError."""
    return _read(path, DOCKERFILE_BYTES, path.name or str(path))[0]


def read_submission(
    root: Path,
    limits: Limits,
    *,
    starter: Path | None = None,
    editable: tuple[str, ...] = ("*",),
    is_litter: Callable[[str], bool] | None = None,
    copied_out: bool = False,
) -> Submission:
    """Read a folder; what matches none of the `editable` globs is taken from the starter, and only what it has.

    So neither a changed program nor a module beside it that hides a library can stand in for the real one.
    What `is_litter` says of a path is as if it were not there. `copied_out`: the folder began as a copy of the
    starter, so that what it lacks was taken out of it, which is worth a notice.

    Links are kept as entries and never followed. Raises SubmissionError: no folder, no Dockerfile, or over a limit.
    """
    if not root.is_dir():
        raise SubmissionError(f"There is no folder {root}", hint="Give the folder that holds your Dockerfile.")
    dockerfile = read_dockerfile(root / DOCKERFILE)
    notices: list[str] = []
    ignore = _read_ignore(root)
    found = _Walk(root, limits, ignore, notices, is_litter).files()
    found[DOCKERFILE] = replace(found.get(DOCKERFILE, ContextFile(DOCKERFILE)), data=dockerfile)
    return assemble(root, found, ignore, notices, limits, starter=starter, editable=editable, copied_out=copied_out)


def assemble(
    root: Path,
    found: dict[str, ContextFile],
    ignore: IgnoreFile | None,
    notices: list[str],
    limits: Limits,
    *,
    starter: Path | None,
    editable: tuple[str, ...],
    copied_out: bool = False,
) -> Submission:
    """The submission of these entries, one of which is its Dockerfile, with the starter's own files put back."""
    if starter is not None:
        originals = _Walk(starter, limits, None, []).files()
        missing = _put_back(found, originals, ignore, editable, notices)
        if missing and copied_out:
            notices.append(f"Not in your folder, so the exercise's own was used: {_few(missing)}")
        _leave_out_strangers(found, originals, editable, notices)
    files = tuple(found[path] for path in sorted(found))
    dockerfile = found[DOCKERFILE].data
    if len(notices) > _NOTICE_LIMIT:
        notices[_NOTICE_LIMIT:] = [f"... and {len(notices) - _NOTICE_LIMIT} more of this kind"]
    return Submission(root, files, dockerfile, _sum(files), tuple(notices))


def is_editable(path: str, editable: tuple[str, ...]) -> bool:
    """Whether a learner may change this file; `*` spans folders."""
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in editable)


def stays_out(ignore: IgnoreFile | None, folder: str) -> bool:
    """Whether no later pattern can bring back something inside an ignored folder."""
    return ignore is not None and (not any(pattern.startswith("!") for pattern in ignore.patterns) or folder == ".git")


def _put_back(
    found: dict[str, ContextFile],
    originals: dict[str, ContextFile],
    ignore: IgnoreFile | None,
    editable: tuple[str, ...],
    notices: list[str],
) -> list[str]:
    """Put the starter's own files into their places; those that the folder had not."""
    missing: list[str] = []
    for path, original in sorted(originals.items()):
        if is_editable(path, editable):
            continue
        handed_in = found.get(path)
        if handed_in is None:
            # A folder or a link where the file belongs hides it as well: both go.
            for other in [name for name in found if name.startswith(f"{path}/")]:
                del found[other]
            for parent in _parents(path):
                found.pop(parent, None)
            if ignore is None or not ignore.excludes(path):
                missing.append(path)
        elif handed_in.data != original.data or handed_in.link != original.link:
            notices.append(f"{path} was changed, and is not yours to change: the exercise's own was put back")
        found[path] = original
    return missing


def _leave_out_strangers(
    found: dict[str, ContextFile],
    originals: dict[str, ContextFile],
    editable: tuple[str, ...],
    notices: list[str],
) -> None:
    strangers = [path for path in sorted(found) if path not in originals and not is_editable(path, editable)]
    for path in strangers:
        del found[path]
    # An editor has its swap file beside every file that is open in it: that is no file somebody handed in.
    named = [path for path in strangers if not any(fnmatch.fnmatchcase(path, name) for name in _EDITORS_OWN)]
    if named:
        notices.append(f"Left out, because this exercise takes no such file: {_few(named)}")


def _few(paths: list[str]) -> str:
    return ", ".join(paths[:_STRANGERS_SHOWN]) + (", ..." if len(paths) > _STRANGERS_SHOWN else "")


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _sum(files: tuple[ContextFile, ...]) -> str:
    digest = hashlib.sha256()
    for file in files:
        for part in (os.fsencode(file.path), os.fsencode(file.link), b"%o" % file.mode, file.data):
            digest.update(b"%d:" % len(part) + part)
    return digest.hexdigest()


def _read_ignore(root: Path) -> IgnoreFile | None:
    path = root / ".dockerignore"
    if not os.path.lexists(path):
        return None
    from graders.dockerfile.ignore import IgnoreFile

    return IgnoreFile.parse(_read(path, IGNORE_BYTES, ".dockerignore")[0])


class _Walk:
    """Collects the entries of one folder within the limits."""

    def __init__(
        self,
        root: Path,
        limits: Limits,
        ignore: IgnoreFile | None,
        notices: list[str],
        is_litter: Callable[[str], bool] | None = None,
    ) -> None:
        self._root = root
        self._is_litter = is_litter
        self._limits = limits
        self._ignore = ignore
        self._notices = notices
        self._found: dict[str, ContextFile] = {}
        self._bytes = 0
        self._seen = 0

    def files(self) -> dict[str, ContextFile]:
        """Entries by path. Raises SubmissionError."""
        try:
            self._folder("", 0)
        except OSError as error:
            name = error.filename or self._root
            raise SubmissionError(
                f"{name} can't be read: {error.strerror}", hint="Make it readable for your user, or remove it."
            ) from error
        return self._found

    def _folder(self, folder: str, depth: int) -> None:
        if depth > _DEPTH_LIMIT:
            raise SubmissionError(f"The folders are nested deeper than {_DEPTH_LIMIT} levels", hint=SMALLER)
        with os.scandir(self._root / folder) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                path = f"{folder}/{entry.name}" if folder else entry.name
                if self._is_litter is None or not self._is_litter(path):
                    self._count()
                    self._entry(entry, path, depth)

    def _entry(self, entry: os.DirEntry[str], path: str, depth: int) -> None:
        if not path.isprintable():
            self._notices.append(f"{path!r} was left out: its name holds characters that can't be shown")
            return
        status = entry.stat(follow_symlinks=False)
        ignored = self._ignore is not None and path not in NEVER_IGNORED and self._ignore.excludes(path)
        if stat.S_ISLNK(status.st_mode):
            if not ignored:
                self._found[path] = ContextFile(path, mode=0o777, link=str((self._root / path).readlink()))
        elif stat.S_ISDIR(status.st_mode):
            if not (ignored and stays_out(self._ignore, path)):
                self._folder(path, depth + 1)
        elif ignored:
            return
        elif stat.S_ISREG(status.st_mode):
            self._file(path, status.st_size)
        else:
            self._notices.append(f"{path} was left out: it is neither a file, a folder nor a link")

    def _file(self, path: str, size_bytes: int) -> None:
        left = self._limits.context_bytes - self._bytes
        if path == DOCKERFILE:
            left = max(left, DOCKERFILE_BYTES)
        if size_bytes > left:
            limit = self._limits.context_mib
            raise SubmissionError(f"The folder holds more than {limit} MiB, counted up to {path}", hint=SMALLER)
        data, mode = _read(self._root / path, left, path)
        self._bytes += len(data)
        self._found[path] = ContextFile(path, data, stat.S_IMODE(mode) & 0o777)

    def _count(self) -> None:
        self._seen += 1
        if self._seen > self._limits.context_files:
            limit = self._limits.context_files
            raise SubmissionError(f"The folder holds more than {limit} files", hint=SMALLER)


SMALLER = "Remove what the image doesn't need, or name it in .dockerignore."


def _read(path: Path, limit_bytes: int, name: str) -> tuple[bytes, int]:
    """The bytes and the mode of a regular file. Raises SubmissionError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        raise _open_error(error, name) from error
    except ValueError as error:
        raise SubmissionError(f"{name!r} is no path: {error}", hint="Give the path of a file.") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise SubmissionError(f"{name} is not a regular file", hint=f"Write {name} as a plain text file.")
        data = _read_open(descriptor, limit_bytes + 1, status.st_size)
    except OSError as error:
        raise _open_error(error, name) from error
    finally:
        os.close(descriptor)
    if len(data) > limit_bytes:
        size = f"{max(len(data), status.st_size)} bytes long; at most {limit_bytes} are read"
        raise SubmissionError(f"{name} is too large: {size}", hint=f"Check that {name} is the file you meant.")
    return data, status.st_mode


def _read_open(descriptor: int, most_bytes: int, expected_bytes: int) -> bytes:
    """All of an open file, at most so many bytes of it. Python's own file object asks the system twice as often."""
    parts: list[bytes] = []
    left = most_bytes
    while left and (part := os.read(descriptor, min(left, expected_bytes + 1 if not parts else _CHUNK_BYTES))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _open_error(error: OSError, name: str) -> SubmissionError:
    if error.errno == errno.ENOENT:
        return SubmissionError(f"There is no {name}", hint=f"Create {name}, or give the folder that holds it.")
    if error.errno == errno.ELOOP:
        return SubmissionError(f"{name} is a link, and links are not followed", hint=f"Write {name} as a plain file.")
    if error.errno in (errno.ENXIO, errno.EISDIR):
        return SubmissionError(f"{name} is not a regular file", hint=f"Write {name} as a plain text file.")
    return SubmissionError(f"{name} can't be read: {error.strerror}", hint="Make it readable for your user.")
