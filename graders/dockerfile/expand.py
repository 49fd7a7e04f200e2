"""Owns the filling in of `$name` in an instruction, with Docker's rules and not a shell's; must never run anything.

Source: "Environment replacement" in the Dockerfile reference; proved on BuildKit (Docker 20.10.24, 2026-11) by
tests/graders/dockerfile/test_meaning.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

VALUE_LIMIT = 16 * 1024
"""A longer value counts as unknown, so that a variable doubled over and over stays small."""
_DEPTH_LIMIT = 20
_OPERATORS = frozenset("-+?#%/")
_SPECIAL = frozenset("0123456789@*#?$!-")
_PLAIN = re.compile(r"[^\\`$'\"}]+")
"""What means nothing to Docker, whichever the escape character is and wherever it stands."""
_NAME = re.compile(r"[A-Za-z0-9_]*")


class Expanded(NamedTuple):
    """A text with its variables filled in."""

    text: str
    missing: tuple[str, ...] = ()
    """Names that had no value and no default, in order."""
    broken: str = ""
    """The start of a `${...}` that Docker can't read; empty when there is none."""


def expand(text: str, variables: Mapping[str, str], escape: str = "\\", *, keep_quotes: bool = False) -> Expanded:
    """Fill in variables and take quotes off; a name without a value becomes empty and is named in `missing`."""
    if len(text) <= VALUE_LIMIT and not ("$" in text or '"' in text or "'" in text or escape in text):
        return Expanded(text)
    lexer = _Lexer(text, variables, escape, keep_quotes)
    result = lexer.read("", 0)
    if len(result) > VALUE_LIMIT:
        return Expanded("", (*lexer.missing, "too long"), lexer.broken)
    return Expanded(result, tuple(lexer.missing), lexer.broken)


class _Lexer:
    """Reads the text once, from left to right."""

    def __init__(self, text: str, variables: Mapping[str, str], escape: str, keep_quotes: bool) -> None:
        self._text = text
        self._variables = variables
        self._escape = escape
        self._keep = keep_quotes
        self._at = 0
        self._length = 0
        self.missing: list[str] = []
        self.broken = ""

    def read(self, stop: str, depth: int) -> str:
        """Up to `stop` outside quotes, or the end."""
        out: list[str] = []
        quote = ""
        text = self._text
        while self._at < len(text):
            if match := _PLAIN.match(text, self._at):
                out.append(match[0])
                self._at = match.end()
                continue
            char = text[self._at]
            if not quote and stop and char == stop:
                break
            self._at += 1
            if char == self._escape and quote != "'":
                following = text[self._at : self._at + 1]
                self._at += 1
                keeps = self._keep or (quote == '"' and following not in ('"', "$", self._escape))
                out.append(char + following if keeps else following)
            elif char == quote:
                quote = ""
                out.append(char if self._keep else "")
            elif not quote and char in "'\"":
                quote = char
                out.append(char if self._keep else "")
            elif char == "$" and quote != "'":
                value = self._variable(depth)
                self._length += len(value)
                out.append(value if self._length <= VALUE_LIMIT else "")
            else:
                out.append(char)
        return "".join(out) + ("x" * (VALUE_LIMIT + 1) if self._length > VALUE_LIMIT and depth == 0 else "")

    def _variable(self, depth: int) -> str:
        text = self._text
        if text[self._at : self._at + 1] != "{":
            name = self._name()
            return self._value(name) if name else "$"
        start = self._at - 1
        self._at += 1
        name = self._name()
        if name and text[self._at : self._at + 1] == "}":
            self._at += 1
            return self._value(name)
        if not name or depth >= _DEPTH_LIMIT:
            self.missing.append(name or "?")
            self.broken = self.broken or ("" if name else text[start : start + 40])
            return "${" + name
        colon = text[self._at : self._at + 1] == ":"
        self._at += colon
        operator = text[self._at : self._at + 1]
        self._at += 1
        before = len(self.missing)
        word = self.read("}", depth + 1)
        if operator not in _OPERATORS or (colon and operator in "#%/") or self._at >= len(text):
            self.broken = self.broken or text[start : start + 40]
        self._at += 1
        word_missing = self.missing[before:]
        del self.missing[before:]
        value = self._variables.get(name)
        is_set = bool(value) if colon else value is not None
        if operator == "+":
            if is_set:
                self.missing.extend(word_missing)
            else:
                self._note(name)
            return word if is_set else ""
        if operator == "-":
            if not is_set:
                self.missing.extend(word_missing)
            return (value or "") if is_set else word
        # ${name#pattern} and its kin need a newer syntax: the result is not known here.
        self.missing.append(name)
        return value or ""

    def _name(self) -> str:
        start = self._at
        text = self._text
        if start < len(text) and text[start] in _SPECIAL:
            self._at += 1
            return text[start]
        match = _NAME.match(text, start)
        self._at = match.end() if match else start
        return text[start : self._at]

    def _value(self, name: str) -> str:
        value = self._variables.get(name)
        if value is None:
            self._note(name)
            return ""
        return value

    def _note(self, name: str) -> None:
        """A name without a value here: the base image may set it. The special parameters of a shell are empty."""
        if name not in self._variables and name not in _SPECIAL:
            self.missing.append(name)
