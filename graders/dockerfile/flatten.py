"""Owns the joining of physical lines into instructions, as Docker joins them; must never read what they mean.

dockerfile-parse can't be given a Dockerfile as it stands: it is wrong on heredocs, blank lines and comments inside a
continuation, a doubled backslash at a line's end and bytes that are not UTF-8, and it is quadratic in continuation
lines. So each instruction is joined here first and handed over as one line.
Compared 2026-11 with Docker's own parser (PyPI "dockerfile" 3.4.0) over generated files, and with BuildKit in
Docker 20.10.24.
"""

from __future__ import annotations

import bisect
import re
from operator import itemgetter
from typing import NamedTuple

from graders.dockerfile.model import Heredoc, Problem
from graders.dockerfile.word import is_closed, read_list, split_flags, split_keyword, split_words

SIZE_LIMIT_BYTES = 1024 * 1024
LINE_LIMIT_BYTES = 65535
INSTRUCTION_LIMIT = 5000
"""Far above what an engine can build: an image has at most 127 layers."""
HEREDOC_LIMIT = 100
"""Heredocs of one instruction that are read."""

_DIRECTIVES = ("syntax", "escape", "check")
_BOM = b"\xef\xbb\xbf"
_HEREDOC = re.compile(r"\d*<<(-?)\s*([^<]*)\Z")


class Logical(NamedTuple):
    """One instruction joined onto one line."""

    text: str
    """Stripped; never empty."""
    line: int
    end_line: int
    pieces: tuple[tuple[int, int], ...]
    """(offset in `text`, line) of the start of each physical line."""
    heredocs: tuple[tuple[Heredoc, int], ...]
    """Each with the line of its body's first line."""

    def line_at(self, offset: int) -> int:
        """The physical line that holds this offset."""
        index = bisect.bisect_right(self.pieces, offset, key=itemgetter(0)) - 1
        return self.pieces[index][1] if index >= 0 else self.line


class Flat(NamedTuple):
    """A Dockerfile joined into instructions."""

    text: str
    lines: tuple[str, ...]
    logicals: tuple[Logical, ...]
    directives: dict[str, str]
    escape: str
    problems: tuple[Problem, ...]


def flatten(data: bytes) -> Flat:
    """Decode the file and join its lines; never raises."""
    problems: list[Problem] = []
    text = _decode(data, problems)
    raw = text.split("\n")
    for number, line in enumerate(raw, 1):
        if len(line) > LINE_LIMIT_BYTES // 4 and len(line.encode()) > LINE_LIMIT_BYTES:
            message = f"Line {number} is longer than the {LINE_LIMIT_BYTES} bytes that Docker reads"
            problems.append(Problem(number, "line-too-long", message, fatal=True))
    lines = [line.rstrip("\r") for line in raw]
    if lines[-1] == "":
        lines.pop()
    directives, escape = _directives(lines, problems)
    logicals = _Joiner(lines, escape, problems).join()
    return Flat(text, tuple(lines), tuple(logicals), directives, escape, tuple(problems))


def _decode(data: bytes, problems: list[Problem]) -> str:
    if len(data) > SIZE_LIMIT_BYTES:
        message = f"The file is {len(data)} bytes long; more than {SIZE_LIMIT_BYTES} are not read"
        problems.append(Problem(1, "too-large", message, fatal=True))
        data = data[:SIZE_LIMIT_BYTES]
    data = data.removeprefix(_BOM)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.append(Problem(line, "not-utf8", f"Line {line} holds bytes that are not UTF-8 text", fatal=False))
        return data.decode("utf-8", "replace")


def _directives(lines: list[str], problems: list[Problem]) -> tuple[dict[str, str], str]:
    found: dict[str, str] = {}
    escape = "\\"
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        name, equals, value = stripped.removeprefix("#").partition("=")
        name, value = name.strip().lower(), value.strip()
        if not stripped.startswith("#") or not equals or not value or name not in _DIRECTIVES:
            break
        if name in found:
            message = f'The directive "{name}" is set twice'
            problems.append(Problem(number, "duplicate-directive", message, fatal=True))
        found[name] = value
        if name == "escape":
            if value in ("\\", "`"):
                escape = value
            else:
                message = f'The escape character "{value[:40]}" is neither \\ nor `'
                problems.append(Problem(number, "bad-escape", message, fatal=True))
    return found, escape


class _Joiner:
    """Walks the lines once."""

    def __init__(self, lines: list[str], escape: str, problems: list[Problem]) -> None:
        self._lines = lines
        self._escape = escape
        self._problems = problems
        self._at = 0

    def join(self) -> list[Logical]:
        logicals: list[Logical] = []
        while self._at < len(self._lines):
            line = self._lines[self._at].lstrip()
            if not line or line[0] == "#":
                self._at += 1
                continue
            if len(logicals) == INSTRUCTION_LIMIT:
                message = f"The file has more than {INSTRUCTION_LIMIT} instructions; the rest is not read"
                self._problems.append(Problem(self._at + 1, "too-many-instructions", message, fatal=True))
                break
            logical = self._one(line)
            if logical is not None:
                logicals.append(logical)
        return logicals

    def _one(self, current: str) -> Logical | None:
        first = self._at
        only, goes_on = self._cut(current[:LINE_LIMIT_BYTES])
        if not goes_on:
            self._at += 1
            text = only.strip()
            heredocs = self._heredocs(text, first + 1)
            return Logical(text, first + 1, self._at, ((0, first + 1),), heredocs)
        parts: list[str] = []
        pieces: list[tuple[int, int]] = []
        offset = 0
        while True:
            self._at += 1
            current = current[:LINE_LIMIT_BYTES]
            part, goes_on = self._cut(current)
            parts.append(part)
            pieces.append((offset, self._at))
            offset += len(part)
            if not goes_on or not self._skip_to_continuation():
                break
            current = self._lines[self._at]
        joined = "".join(parts)
        text = joined.strip()
        if not text:
            message = "A continuation with nothing before and after it is no instruction"
            self._problems.append(Problem(first + 1, "unknown-instruction", message, fatal=True))
            return None
        lead = len(joined) - len(joined.lstrip())
        pieces = [(max(0, start - lead), number) for start, number in pieces]
        heredocs = self._heredocs(text, first + 1)
        return Logical(text, first + 1, self._at, tuple(pieces), heredocs)

    def _cut(self, line: str) -> tuple[str, bool]:
        """The line without its continuation character, and whether it had one."""
        bare = line.rstrip(" \t")
        if not bare.endswith(self._escape) or bare[:-1].endswith(self._escape):
            return line, False
        return bare[:-1], True

    def _skip_to_continuation(self) -> bool:
        """Pass comments and blank lines; False at the end of the file."""
        blank = 0
        while self._at < len(self._lines):
            line = self._lines[self._at].lstrip()
            if line and line[0] != "#":
                break
            if not line and not blank:
                blank = self._at + 1
            self._at += 1
        if self._at >= len(self._lines):
            return False
        if blank:
            message = f"Line {blank} is blank inside a continued instruction"
            self._problems.append(Problem(blank, "blank-in-continuation", message, fatal=False))
        return True

    def _heredocs(self, text: str, line: int) -> tuple[tuple[Heredoc, int], ...]:
        if "<<" not in text:
            return ()
        keyword, rest = split_keyword(text)
        if keyword.lower() == "onbuild":
            keyword, rest = split_keyword(rest)
        if keyword.lower() not in ("run", "copy", "add"):
            return ()
        _, rest = split_flags(rest)
        if read_list(rest) is not None or not is_closed(rest, self._escape):
            return ()
        found: list[tuple[Heredoc, int]] = []
        for word in split_words(rest, self._escape):
            match = _HEREDOC.match(word)
            if match is None or not match[2] or not is_closed(match[2]):
                continue
            if len(found) == HEREDOC_LIMIT:
                break
            name = re.sub(r"\\(.)|['\"]", lambda part: part[1] or "", match[2])
            start = self._at + 1
            body = self._body(name, line, chomp=bool(match[1]))
            found.append((Heredoc(name, body, expand=name == match[2]), start))
        return tuple(found)

    def _body(self, name: str, line: int, *, chomp: bool) -> str:
        body: list[str] = []
        while self._at < len(self._lines):
            current = self._lines[self._at]
            self._at += 1
            if (current.lstrip("\t") if chomp else current) == name:
                return "".join(f"{text}\n" for text in body)
            body.append(current.lstrip("\t") if chomp else current)
        message = f'The heredoc "{name[:60]}" is never closed'
        self._problems.append(Problem(line, "unterminated-heredoc", message, fatal=True))
        return "".join(f"{text}\n" for text in body)
