"""Owns comments that ask for a finding to be let be; must never decide whether they are obeyed.

    # dockyard: ignore=ID[,ID...] REASON

Such a comment stands on a line of its own and speaks for the next instruction; inside a continued instruction it
speaks for that one. Before the first instruction it also speaks for findings that name no line of the file. Capitals
don't matter. Only a comment of the Dockerfile counts: the same text in a heredoc or in a command's words is just text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from operator import attrgetter
from typing import NamedTuple

from graders.dockerfile.flatten import Logical, flatten
from graders.finding import Finding

BAD = "invalid-ignore"
UNUSED = "unused-ignore"
TOOLS_NAME = re.compile(rb"dockyard\s*:", re.IGNORECASE)
SHOWN = 120
REFUSALS_SHOWN = 5

_OURS = re.compile(r"\s*#\s*dockyard\s*:\s*(.*)", re.IGNORECASE)
_IGNORE = re.compile(r"ignore\s*=\s*(\S*)\s*(.*)", re.IGNORECASE)


class InlineIgnore(NamedTuple):
    """One such comment; `fault` says why it can't be obeyed, and is empty when it can."""

    line: int
    text: str
    """The comment as it stands, shortened."""
    ids: tuple[str, ...] = ()
    """As written, in lower case."""
    first: int = 0
    """First and last line of the instruction that it speaks for; 0 when none follows."""
    last: int = 0
    whole_file: bool = False
    """It stands before the first instruction."""
    fault: str = ""
    hint: str = ""


def read_ignores(data: bytes) -> tuple[InlineIgnore, ...]:
    """The comments of a Dockerfile that address us, in order; never raises."""
    if TOOLS_NAME.search(data) is None:
        return ()
    flat = flatten(data)
    marked = [(number, match[1]) for number, line in enumerate(flat.lines, 1) if (match := _OURS.match(line))]
    return tuple(_read(number, flat.lines[number - 1].strip(), order, flat.logicals) for number, order in marked)


def obey(
    ignores: Iterable[InlineIgnore], findings: Iterable[tuple[str, Finding]], known: Collection[str]
) -> tuple[tuple[str, Finding], ...]:
    """The (check id, finding) that are left, and one more for each comment that is wrong or matches nothing.

    `known` are the ids of the checks that ran.
    """
    good: dict[str, list[InlineIgnore]] = {}
    told: list[tuple[str, Finding]] = []
    for ignore in ignores:
        fault = ignore.fault or _stranger(ignore, known)
        if fault:
            told.append((BAD, Finding(fault, ignore.text, file="Dockerfile", line=ignore.line, hint=ignore.hint)))
        else:
            for check_id in ignore.ids:
                good.setdefault(check_id, []).append(ignore)
    used: set[tuple[str, int]] = set()
    left: list[tuple[str, Finding]] = []
    for check_id, finding in findings:
        matching = [ignore.line for ignore in good.get(check_id, ()) if _covers(ignore, finding)]
        used.update((check_id, line) for line in matching)
        if not matching:
            left.append((check_id, finding))
    for check_id, owners in good.items():
        for ignore in owners:
            if (check_id, ignore.line) not in used:
                message = f"This comment ignores {check_id}, which finds nothing there"
                hint = "Take the comment away, or put it right before the instruction that it is for."
                told.append((UNUSED, Finding(message, ignore.text, file="Dockerfile", line=ignore.line, hint=hint)))
    return (*left, *told)


def refusals(ignores: Sequence[InlineIgnore]) -> Iterator[str]:
    """What to tell where no such comment counts."""
    for ignore in ignores[:REFUSALS_SHOWN]:
        yield f'Line {ignore.line}: "{ignore.text}" changes nothing here: in a graded exercise every check decides'
    if len(ignores) > REFUSALS_SHOWN:
        yield f"{len(ignores) - REFUSALS_SHOWN} more such comments change nothing either"


def _read(line: int, text: str, order: str, logicals: tuple[Logical, ...]) -> InlineIgnore:
    shown = text if len(text) <= SHOWN else f"{text[:SHOWN]} ..."
    index = bisect_left(logicals, line, key=attrgetter("end_line"))
    owner = logicals[index] if index < len(logicals) else None
    example = "Write it as: # dockyard: ignore=unpinned-base why it may stay"
    if owner is not None and owner.line < line and _is_body(owner, line):
        message = "This stands in a heredoc, where it is text of a script and no comment of the Dockerfile"
        return InlineIgnore(line, shown, fault=message, hint="Put it right before the instruction.")
    match = _IGNORE.fullmatch(order.strip())
    ids = tuple(match[1].lower().split(",")) if match else ()
    if match is None or not all(ids):
        return InlineIgnore(line, shown, fault="This comment addresses dockyard and can't be read", hint=example)
    if not any(character.isalnum() for character in match[2]):
        return InlineIgnore(line, shown, fault="This comment gives no reason, so it is not obeyed", hint=example)
    if owner is None:
        return InlineIgnore(line, shown, fault="No instruction follows this comment", hint=example)
    whole = line < logicals[0].line
    return InlineIgnore(line, shown, ids, owner.line, owner.end_line, whole)


def _is_body(owner: Logical, line: int) -> bool:
    """Whether a line inside an instruction belongs to a heredoc: the bodies follow the last joined line."""
    return bool(owner.heredocs) and line > owner.pieces[-1][1]


def _stranger(ignore: InlineIgnore, known: Collection[str]) -> str:
    for check_id in ignore.ids:
        if check_id not in known:
            near = get_close_matches(check_id[:80], known, 1, 0.5)
            meant = f"; did you mean {near[0]}?" if near else ""
            return f'No check that reads a Dockerfile has the id "{check_id[:80]}"{meant}'
    return ""


def _covers(ignore: InlineIgnore, finding: Finding) -> bool:
    if finding.line is None or finding.file not in ("Dockerfile", ""):
        return ignore.whole_file
    return ignore.first <= finding.line <= ignore.last
