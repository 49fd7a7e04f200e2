"""Owns .dockerignore: which paths of a context reach the engine; must never touch the file system.

Source: moby/patternmatcher and its ignorefile package, read 2026-11. The last pattern that matches a path or one of its
folders decides; `**` spans folders; a leading slash and `./` mean nothing.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

PATTERN_LIMIT = 2000
"""More patterns than this are not read: no true .dockerignore has them."""
PATTERN_LENGTH = 1000
_WILDCARDS_FOR_RE = 4
"""Up to so many wildcards a backtracking expression stays fast on any path."""
_DECIDED_LIMIT = 512
"""So many answers are remembered, no more: a context may have any number of files."""

_Matcher = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """The patterns of a .dockerignore, matched as Docker's engine matches them."""

    patterns: tuple[str, ...]
    """Cleaned; a leading "!" brings paths back."""
    invalid: tuple[str, ...] = ()
    """Patterns for which Docker refuses to build."""
    _matchers: tuple[tuple[_Matcher, bool], ...] = field(init=False, repr=False, compare=False, default=())
    _decided: dict[str, str | None] = field(init=False, repr=False, compare=False, default_factory=dict)
    """What `decided_by` answered: many checks ask about the same paths."""

    def __post_init__(self) -> None:
        matchers = tuple((_matcher(pattern.removeprefix("!")), pattern.startswith("!")) for pattern in self.patterns)
        object.__setattr__(self, "_matchers", matchers)

    @classmethod
    def parse(cls, data: bytes) -> IgnoreFile:
        """Read the file: BOM dropped, comments and blank lines skipped, patterns cleaned. Never raises."""
        patterns: list[str] = []
        invalid: list[str] = []
        for line in data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").split("\n"):
            if line.startswith("#"):
                continue
            pattern = _clean(line.strip())
            if not pattern:
                continue
            if len(patterns) == PATTERN_LIMIT:
                break
            if pattern == "!" or len(pattern) > PATTERN_LENGTH or not _is_well_formed(pattern.removeprefix("!")):
                invalid.append(pattern[:PATTERN_LENGTH])
            else:
                patterns.append(pattern)
        return cls(tuple(patterns), tuple(invalid))

    def excludes(self, path: str) -> bool:
        """Whether the file at this relative path (forward slashes) is kept out of the context."""
        return self.decided_by(path) is not None

    def decided_by(self, path: str) -> str | None:
        """The pattern that keeps this path out of the context; None when it is let in."""
        if path not in self._decided:
            if len(self._decided) == _DECIDED_LIMIT:
                self._decided.clear()
            self._decided[path] = self._decide(path)
        return self._decided[path]

    def _decide(self, path: str) -> str | None:
        names = [name for name in path.split("/") if name not in ("", ".")]
        prefixes = ["/".join(names[:count]) for count in range(len(names), 0, -1)]
        decided: str | None = None
        for pattern, (matches, brings_back) in zip(self.patterns, self._matchers, strict=True):
            if brings_back is (decided is None):
                continue
            if any(matches(prefix) for prefix in prefixes):
                decided = None if brings_back else pattern
        return decided


@lru_cache(maxsize=256)
def paths_like(*patterns: str) -> IgnoreFile:
    """What tells, by `excludes`, which paths these patterns name: the sources of a COPY, a parameter of a check."""
    return IgnoreFile(patterns)


def _clean(line: str) -> str:
    bang = "!" if line.startswith("!") else ""
    pattern = line.removeprefix("!").strip()
    if not pattern:
        return bang
    pattern = posixpath.normpath(pattern)
    pattern = pattern.replace("//", "/", 1) if pattern.startswith("//") else pattern
    if len(pattern) > 1:
        pattern = pattern.removeprefix("/")
    return bang + pattern


class _Token(NamedTuple):
    """One element of a pattern."""

    kind: str
    """"char", "any" (`?`), "star", "folders" (`**`), "rest" (`**` at the end) or "set"."""
    text: str = ""


def _is_well_formed(pattern: str) -> bool:
    tokens = _tokens(pattern)
    if tokens is None:
        return False
    for token in tokens:
        if token.kind == "set":
            try:
                re.compile(token.text)
            except re.error:
                return False
    return True


def _tokens(pattern: str) -> list[_Token] | None:
    """None: Docker refuses the pattern."""
    tokens: list[_Token] = []
    at, size = 0, len(pattern)
    while at < size:
        char = pattern[at]
        at += 1
        if char == "*":
            if pattern[at : at + 1] != "*":
                tokens.append(_Token("star"))
                continue
            at += 1
            if pattern[at : at + 1] == "/":
                at += 1
            tokens.append(_Token("rest" if at >= size else "folders"))
        elif char == "?":
            tokens.append(_Token("any"))
        elif char == "\\":
            if at >= size:
                return None
            tokens.append(_Token("char", pattern[at]))
            at += 1
        elif char == "[":
            end = _set_end(pattern, at)
            if end is None:
                return None
            tokens.append(_Token("set", _set_expression(pattern[at : end - 1])))
            at = end
        else:
            tokens.append(_Token("char", char))
    return tokens


def _set_end(pattern: str, at: int) -> int | None:
    start = at
    if pattern[at : at + 1] == "^":
        at += 1
        start += 1
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 2
        elif pattern[at] == "]":
            return at + 1 if at > start else None
        else:
            at += 1
    return None


def _set_expression(inside: str) -> str:
    negated = inside.startswith("^")
    body = re.sub(r"([\[&~|])", r"\\\1", inside.removeprefix("^"))
    return f"[{'^' if negated else ''}{body}]"


@lru_cache(maxsize=4096)
def _matcher(pattern: str) -> _Matcher:
    tokens = _tokens(pattern) or []
    kinds = {token.kind for token in tokens}
    if kinds <= {"char"}:
        return "".join(token.text for token in tokens).__eq__
    if sum(token.kind in ("star", "folders", "rest") for token in tokens) > _WILDCARDS_FOR_RE:
        return _Simulation(tokens).matches
    matches = re.compile("".join(_expression(token) for token in tokens), re.DOTALL).fullmatch
    return lambda path: matches(path) is not None


def _expression(token: _Token) -> str:
    if token.kind == "char":
        return re.escape(token.text)
    if token.kind == "set":
        return token.text
    return {"any": "[^/]", "star": "[^/]*", "folders": "(?:.*/)?", "rest": ".*"}[token.kind]


class _Simulation:
    """Matches in time proportional to pattern times path, whatever the pattern: a set of states, a character a turn."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._sets = [re.compile(token.text) if token.kind == "set" else None for token in tokens]

    def matches(self, path: str) -> bool:
        """Whether the whole path matches."""
        states = self._closed({(0, False)})
        for char in path:
            following: set[tuple[int, bool]] = set()
            for at, inside in states:
                if at < len(self._tokens):
                    following |= self._move(at, char, inside=inside)
            states = self._closed(following)
            if not states:
                return False
        return (len(self._tokens), False) in states

    def _move(self, at: int, char: str, *, inside: bool) -> set[tuple[int, bool]]:
        """States after one character; `inside` means within the `.*` of a `**` that must end on a slash."""
        token = self._tokens[at]
        if token.kind == "folders":
            return {(at, True), (at + 1, False)} if char == "/" else {(at, True)}
        if inside:
            return set()
        if token.kind == "rest" or (token.kind == "star" and char != "/"):
            return {(at, False)}
        expression = self._sets[at]
        consumes = (
            (token.kind == "char" and char == token.text)
            or (token.kind == "any" and char != "/")
            or (expression is not None and expression.match(char) is not None)
        )
        return {(at + 1, False)} if consumes else set()

    def _closed(self, states: set[tuple[int, bool]]) -> set[tuple[int, bool]]:
        """Add what is reached without a character."""
        todo = list(states)
        while todo:
            at, inside = todo.pop()
            if inside or at >= len(self._tokens) or self._tokens[at].kind not in ("star", "rest", "folders"):
                continue
            if (at + 1, False) not in states:
                states.add((at + 1, False))
                todo.append((at + 1, False))
        return states
