"""Owns which variables a text refers to, under Docker's rules and a shell's; must never fill them in."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PLAIN = re.compile(r"[A-Za-z0-9,./:=&|;()_-]+")
_NAME = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")


def plain_references(text: str, escape: str = "\\", *, comments: bool = False) -> Iterator[str]:
    """Names in `$name` and `${name}`; one with an operator, such as `${name:-word}`, is prepared for an empty value.

    What stands in single quotes or after an escape is no reference, neither for Docker nor for a shell. With
    `comments`, a `#` that begins a word hides the rest of its line, as in a shell.
    """
    if "$" not in text:
        return
    at, quote = 0, ""
    while at < len(text):
        if match := _PLAIN.match(text, at):
            at = match.end()
            continue
        char = text[at]
        if char == escape and quote != "'":
            at += 2
            continue
        if char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        elif char == "#" and comments and not quote and (at == 0 or text[at - 1].isspace()):
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif char == "$" and quote != "'" and (match := _NAME.match(text, at)):
            yield match[1] or match[2]
            at = match.end()
            continue
        at += 1
