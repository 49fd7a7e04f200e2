"""Owns the colours of Dockerfile text, a line at a time; must never judge it: the reader does that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

_WORDS = (
    "FROM|RUN|CMD|LABEL|EXPOSE|ENV|ADD|COPY|ENTRYPOINT|VOLUME|USER|WORKDIR|ARG|ONBUILD|STOPSIGNAL|HEALTHCHECK|SHELL|"
    "MAINTAINER"
)
_INSTRUCTION = re.compile(rf"\s*((?:ONBUILD\s+)?(?:{_WORDS}))(?=\s|$)", re.IGNORECASE)
_STAGE = re.compile(r"\s(AS)\s", re.IGNORECASE)
_HEREDOC = re.compile(r"<<-?([\"']?)([A-Za-z_][\w.]*)\1")
_TAKES_HEREDOC = re.compile(r"\s*(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\b", re.IGNORECASE)
_TOKEN = re.compile(
    r"(?P<string>\"(?:\\.|[^\"\\])*\"|'[^']*')"
    r"|(?P<variable>\$\{[^}]*\}|\$\w+)"
    r"|(?P<flag>(?<!\S)--[\w-]+)"
    r"|(?P<operator>&&|\|\||[|;]|\\$)"
    r"|(?P<number>(?<=\s)\d+(?:/(?:tcp|udp))?(?=\s|$))"
)


class LineKind(StrEnum):
    """What a line of a Dockerfile is, as far as its colours go."""

    INSTRUCTION = "instruction"
    CONTINUED = "continued"
    COMMENT = "comment"
    HEREDOC = "heredoc"
    HEREDOC_END = "heredoc end"


STYLES = {
    "keyword": "bold #c792ea",
    "comment": "italic #7f9f7f",
    "string": "#e5b278",
    "variable": "#82c7ff",
    "flag": "#5fc9c0",
    "operator": "bold #d0d0d0",
    "number": "#b5cea8",
}
"""Token -> Rich style, for a dark background."""

MARK = "#ff7b7b"
"""Colour of the mark of a finding, on a dark background."""

LIGHT_STYLES = {
    "keyword": "bold #7b2fa0",
    "comment": "italic #4f6f4f",
    "string": "#9a5b12",
    "variable": "#0b5cad",
    "flag": "#0d766d",
    "operator": "bold #303030",
    "number": "#4c6b2f",
}
"""The same for a light background."""

LIGHT_MARK = "#b3123c"
"""Colour of the mark of a finding, on a light background."""


def classify(lines: Sequence[str]) -> list[LineKind]:
    """The kind of each line. Comments don't end a continuation; heredoc bodies go on to their delimiter."""
    kinds: list[LineKind] = []
    continued = False
    delimiters: list[str] = []
    for line in lines:
        text = line.strip()
        if delimiters:
            ends = text == delimiters[0]
            kinds.append(LineKind.HEREDOC_END if ends else LineKind.HEREDOC)
            if ends:
                delimiters.pop(0)
            continue
        if text.startswith("#"):
            kinds.append(LineKind.COMMENT)
            continue
        kinds.append(LineKind.CONTINUED if continued else LineKind.INSTRUCTION)
        if text:
            if _TAKES_HEREDOC.match(line):
                delimiters = [match[2] for match in _HEREDOC.finditer(line)]
            continued = text.endswith("\\")
    return kinds


def colour_spans(line: str, kind: LineKind) -> Iterator[tuple[str, int, int]]:
    """(token, start, end) of what is coloured in a line."""
    if kind is LineKind.COMMENT:
        yield "comment", 0, len(line)
        return
    if kind in (LineKind.HEREDOC, LineKind.HEREDOC_END):
        yield ("string" if kind is LineKind.HEREDOC else "keyword"), 0, len(line)
        return
    if kind is LineKind.INSTRUCTION and (match := _INSTRUCTION.match(line)):
        yield "keyword", *match.span(1)
        if match[1].upper() == "FROM" and (stage := _STAGE.search(line)):
            yield "keyword", *stage.span(1)
    for match in _TOKEN.finditer(line):
        if match.lastgroup:
            yield match.lastgroup, *match.span()
