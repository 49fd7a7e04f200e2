"""Owns the words of one check's outcome as plain lines, for formats that hold text; must never add markup.

Each line is clean: no control character, no escape sequence, no mark that turns the direction of text.
"""

from __future__ import annotations

from collections.abc import Iterator

from graders.finding import Finding
from graders.outcome import Outcome, Status
from graders.safe_text import clean, clean_lines


def lines_of(outcome: Outcome) -> Iterator[str]:
    """What a person needs to read about an outcome: findings with their places, the reason, why, and a hint."""
    for finding in outcome.findings:
        yield place_and_message(finding)
        yield from _quoted("found", finding.observed)
        yield from _quoted("expected", finding.expected)
    if outcome.reason:
        yield clean(outcome.reason)
    if outcome.remedy:
        yield f"To mend it: {clean(outcome.remedy)}"
    if outcome.status is Status.FAILED:
        if outcome.why:
            yield f"Why: {clean(outcome.why)}"
        hint = outcome.told_hint
        if hint:
            yield f"Hint: {clean(hint)}"


def place_and_message(finding: Finding) -> str:
    """`file:line: message`, as compilers write it."""
    place = clean(finding.file)
    if finding.line is not None:
        place += f":{finding.line}"
    return f"{place}: {clean(finding.message)}" if place else clean(finding.message)


def place_in_words(finding: Finding) -> str:
    """ "Dockerfile line 3 to 5", to be read aloud; empty where it has no place."""
    place = clean(finding.file, max_len=60)
    if finding.line is not None:
        place = f"{place} line {finding.line}".lstrip()
        if finding.end_line is not None and finding.end_line > finding.line:
            place += f" to {finding.end_line}"
    return place


def headline(outcome: Outcome) -> str:
    """The first thing to read about an outcome that did not pass."""
    if outcome.findings:
        return clean(outcome.findings[0].message)
    return clean(outcome.reason or outcome.claim)


def _quoted(word: str, text: str) -> Iterator[str]:
    for line in clean_lines(text):
        yield f"  {word}: {line}"
