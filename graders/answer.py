"""Owns comparing what a program printed with the answers that were asked for; must never run it.

White space at the end of a line, CRLF and empty lines at the end are forgiven; anything else counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from graders.context import TextCase
from graders.engine.base import RunResult
from graders.finding import Finding

SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class LineForm:
    """The form of a line."""

    line: str = "{label}\t{text}"
    """`{label}` and `{text}` are filled in."""

    def __post_init__(self) -> None:
        if "{label}" not in self.line:
            raise ValueError("the line must hold {label}")


def expected_lines(form: str, cases: Sequence[TextCase]) -> list[str]:
    """The line for each text; `{label}` and `{text}` of the form are filled in once, whatever the text holds."""
    parts = re.split(r"(\{label\}|\{text\})", form)
    return [
        "".join({"{label}": case.label, "{text}": case.text}.get(part, part) for part in parts).rstrip()
        for case in cases
    ]


def compare(result: RunResult, expected: list[str], *, given: str) -> Finding | None:
    """The first line of standard output that is wrong, is missing, or is too many; None: all are right.

    `given` says how the texts reached the program: "on its standard input".
    """
    observed = _lines(result.stdout)
    if result.truncated and observed[: len(expected)] == expected and len(observed) == len(expected):
        return Finding(
            f"The program printed more than is kept, {len(expected)} lines were expected",
            observed="output without end",
            expected="nothing more",
            file="",
        )
    if observed == expected:
        return None
    if not observed:
        end = " (it wrote to standard error only)" if result.stderr.strip() else ""
        message = f"The program printed nothing for {len(expected)} texts {given}{end}"
        return Finding(message, observed="nothing", expected=shown(expected[0]), file="")
    for number, line in enumerate(expected, start=1):
        got = observed[number - 1] if number <= len(observed) else ""
        if got != line:
            message = f"Line {number} of the output is not what the text asks for"
            if number > len(observed):
                message = f"The output ends after {len(observed)} lines, {len(expected)} texts were given"
            return Finding(message, observed=shown(got) or "nothing", expected=shown(line), file="")
    message = f"The output has {len(observed)} lines, but only {len(expected)} texts were given"
    return Finding(message, observed=shown(observed[len(expected)]), expected="nothing more", file="")


def shown(text: str) -> str:
    """A line with its tabs made visible: a space where a tab belongs looks the same otherwise."""
    return (text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}...").replace("\t", "<tab>")


def _lines(data: bytes) -> list[str]:
    lines = [line.rstrip() for line in data.decode("utf-8", errors="replace").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines
