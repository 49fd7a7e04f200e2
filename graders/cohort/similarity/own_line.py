"""Owns what of a submission is its writer's own: normalised lines without what everybody was given; must never compare.

A line is an instruction, a command of a RUN, a comment, or a line of another text file; a file that is no text is one
line. Spaces, continuations and the case of keywords are gone, and so is every line of the starter and the solution.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from graders.context_file import DOCKERFILE
from graders.dockerfile.flatten import flatten
from graders.dockerfile.word import split_keyword
from graders.safe_text import clean

LINES_MAX = 400
"""Own lines of one submission that are looked at."""
FILE_BYTES = 64 * 1024
"""Of a text file that are looked at."""
SHOWN_CHARS = 160
_SHORTEST = 6
"""A shorter line says nothing ("}", "else:")."""
_COMMENT_WORDS = 3
_AND = re.compile(r"&&|\|\||;|\|")


@dataclass(frozen=True, slots=True)
class OwnLine:
    """One line that its writer was not given."""

    key: int
    """Equal for equal normalised lines."""
    text: str
    """Normalised and cleaned."""
    file: str
    line: int
    is_comment: bool = False


class Given:
    """What everybody was given."""

    def __init__(self, folders: Iterable[Mapping[str, bytes]] = ()) -> None:
        self._files: set[tuple[str, bytes]] = set()
        self._keys: set[int] = set()
        self._texts: dict[int, str] = {}
        for files in folders:
            for path, data in files.items():
                self._files.add((path, _digest(data)))
                self._keys.update(line.key for line in _lines(path, data))

    def own_lines(self, files: Mapping[str, bytes]) -> tuple[OwnLine, ...]:
        """The lines that are the writer's own, each once, the Dockerfile's first."""
        found: dict[int, OwnLine] = {}
        for path in sorted(files, key=lambda path: (path != DOCKERFILE, path)):
            if path == DOCKERFILE or (path, _digest(files[path])) not in self._files:
                for line in _lines(path, files[path]):
                    if line.key not in self._keys:
                        # The same text once in memory, however many hold it.
                        text = self._texts.setdefault(line.key, line.text)
                        found.setdefault(line.key, replace(line, text=text))
                    if len(found) >= LINES_MAX:
                        return tuple(found.values())
        return tuple(found.values())


def _lines(path: str, data: bytes) -> Iterator[OwnLine]:
    if path == DOCKERFILE:
        yield from _instructions(path, data)
    elif b"\0" in data[:FILE_BYTES]:
        yield OwnLine(_key("file", _digest(data).hex()), f"the same file of {len(data)} bytes", path, 0)
    else:
        text = data[:FILE_BYTES].decode("utf-8", "replace")
        for number, line in enumerate(text.splitlines(), start=1):
            words = " ".join(line.split())
            if len(words) >= _SHORTEST:
                yield _line(words, path, number, is_comment=words.startswith("#"))


def _instructions(path: str, data: bytes) -> Iterator[OwnLine]:
    flat = flatten(data)
    for logical in flat.logicals:
        keyword, value = split_keyword(logical.text)
        commands = _AND.split(value) if keyword.upper() == "RUN" and not value.startswith("[") else [value]
        for command in commands:
            words = " ".join(command.split())
            if words:
                at = logical.text.find(command)
                yield _line(f"{keyword.upper()} {words}", path, logical.line_at(max(0, at)), is_comment=False)
        for heredoc, first in logical.heredocs:
            for number, body_line in enumerate(heredoc.body.splitlines(), start=first):
                words = " ".join(body_line.split())
                if len(words) >= _SHORTEST:
                    yield _line(words, path, number, is_comment=False)
    for number, physical in enumerate(flat.lines, start=1):
        stripped = physical.strip()
        if stripped.startswith("#"):
            words = " ".join(re.findall(r"\w+", stripped.lower()))
            if words.count(" ") + 1 >= _COMMENT_WORDS:
                yield _line(f"# {words}", path, number, is_comment=True)


def _line(words: str, path: str, number: int, *, is_comment: bool) -> OwnLine:
    return OwnLine(_key("line", words), clean(words, max_len=SHOWN_CHARS), path, number, is_comment)


def _key(kind: str, text: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{kind}\0{text}".encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()
