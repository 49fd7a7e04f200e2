"""Owns the reading of requirement files and of what stands in them; must never ask an index.

Source: "Requirements File Format" of pip's documentation and the specifiers of PEP 440 and 508, read 2026-11.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

LINE_LIMIT = 5000
"""More lines than this of one file are not read."""
FILE_LIMIT = 50

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(.*)\Z", re.DOTALL)
_COMMENT = re.compile(r"(?:^|\s)#.*\Z")
_HASH = re.compile(r"\s--hash[= ]\S+|\s--(?:global-option|config-settings?)[= ]\S+")
_INCLUDE = re.compile(r"(?:-r|--requirement)(?:\s+|=)?(\S.*)\Z|(?:-r)(\S+)\Z")
_CONSTRAINT = re.compile(r"(?:-c|--constraint)(?:\s+|=)?(\S.*)\Z")
_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s+|=)(.*)\Z")
_EGG = re.compile(r"#(?:.*&)?egg=([A-Za-z0-9._-]+)")


class Requirement(NamedTuple):
    """One thing to be installed, from a file or from a command line."""

    text: str
    """As it stands there, without its comment and hashes."""
    name: str
    """Normalized, "scikit-learn"; empty when the text doesn't tell."""
    specifier: str
    """"==1.5.0", ">=1,<2"; empty when it has none, or when it comes from an address."""
    url: str = ""
    """The address or path that it comes from."""
    file: str = ""
    """Path of the file in the build context; empty on a command line."""
    line: int = 0


def normalized(name: str) -> str:
    """The name as an index compares it: "Scikit_Learn" is "scikit-learn"."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_requirement(text: str) -> Requirement:
    """Read one requirement as it stands on a command line or, without its comment, in a file."""
    text = text.strip()
    match = _NAME.match(text)
    if match is not None and match[2].startswith("@"):
        return Requirement(text, normalized(match[1]), "", url=match[2][1:].partition(";")[0].strip())
    if text.startswith((".", "/", "file:")) or "://" in text.partition("@")[0] or text.endswith((".whl", ".tar.gz")):
        egg = _EGG.search(text)
        base = posixpath.basename(text.partition("#")[0])
        name = egg[1] if egg else base.partition("-")[0] if base.endswith(".whl") else ""
        return Requirement(text, normalized(name), "", url=text)
    if match is None:
        return Requirement(text, "", "")
    rest = match[2].partition(";")[0].strip()
    return Requirement(text, normalized(match[1]), rest.strip("() ").replace(" ", ""))


def read_requirement_files(files: Mapping[str, bytes], path: str) -> Iterator[Requirement]:
    """The requirements of a file and of the files that it includes; a file that isn't there has none."""
    seen: set[str] = set()
    yield from _read(files, posixpath.normpath(path), seen)


def included_files(files: Mapping[str, bytes], path: str) -> tuple[str, ...]:
    """The file and all that it includes by `-r`, itself first, also those that aren't there."""
    seen: set[str] = set()
    for _ in _read(files, posixpath.normpath(path), seen):
        pass
    return tuple(sorted(seen, key=lambda name: (name != posixpath.normpath(path), name)))


def _read(files: Mapping[str, bytes], path: str, seen: set[str]) -> Iterator[Requirement]:
    if path in seen or len(seen) >= FILE_LIMIT:
        return
    seen.add(path)
    for line, text in _logical_lines(files.get(path, b"")):
        if match := _INCLUDE.match(text):
            target = (match[1] or match[2]).strip("\"' ")
            if "://" not in target:
                yield from _read(files, posixpath.normpath(posixpath.join(posixpath.dirname(path), target)), seen)
            continue
        editable = _EDITABLE.match(text)
        if text.startswith("-") and editable is None:
            continue
        requirement = read_requirement(editable[1] if editable else text)
        yield Requirement(
            requirement.text, requirement.name, requirement.specifier, requirement.url, file=path, line=line
        )


def _logical_lines(data: bytes) -> Iterator[tuple[int, str]]:
    """Each requirement or option on one line, with the number of its first line."""
    text, start = "", 0
    for number, raw in enumerate(data.decode("utf-8-sig", "replace").splitlines()[:LINE_LIMIT], 1):
        start = start or number
        if raw.rstrip().endswith("\\") and not raw.lstrip().startswith("#"):
            text += raw.rstrip()[:-1] + " "
            continue
        text = _HASH.sub("", _COMMENT.sub("", text + raw)).strip()
        if text:
            yield start, text
        text, start = "", 0
    if text.strip():
        yield start, _HASH.sub("", text).strip()


def constraints_of(files: Mapping[str, bytes], path: str) -> tuple[str, ...]:
    """The constraint files that a requirement file and its includes name by `-c`."""
    found = []
    for name in included_files(files, path):
        for _, text in _logical_lines(files.get(name, b"")):
            if match := _CONSTRAINT.match(text):
                found.append(posixpath.normpath(posixpath.join(posixpath.dirname(name), match[1].strip("\"' "))))
    return tuple(found)
