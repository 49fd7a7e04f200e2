"""Owns what is told after a pass: each fault, what it cost, the own numbers; must never be shown before one.

An exercise's `reveal.md` explains the faults of its starter, one section each:

    ## The base names no version
    checks: unpinned-base

    Two builds of the same commit may hold two Pythons ...

The line `checks:` names the checks of the exercise that the fault trips. `dockyard author verify` refuses an exercise
of whose starter a fault is not explained.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from course.errors import ContentError
from course.fields import nearest
from course.lesson import find_fences
from course.progress import Attempt

if TYPE_CHECKING:
    from graders.exercise import ExerciseSpec

FILE = "reveal.md"
_HEADING = re.compile(r"^##[ \t]+(\S.*?)[ \t]*$")
_CHECKS = re.compile(r"^checks:[ \t]*(.*?)[ \t]*$")


@dataclass(frozen=True, slots=True)
class Explained:
    """One section of a reveal.md."""

    title: str
    checks: tuple[str, ...]
    """Ids of the checks that the fault trips; at least one."""
    markdown: str


@dataclass(frozen=True, slots=True)
class RevealedFault:
    """A fault of the starter, and which checks of the learner's own tripped over it."""

    title: str
    markdown: str
    met: tuple[str, ...]
    """Claims that did not hold in a check before the pass; empty when the fault was mended before the first one."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A check that failed on the way and is no fault of the starter."""

    check_id: str
    claim: str
    why: str


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of the learner's, from the first check that had it and from the last that passed."""

    name: str
    """ "points", "image", "build" or "rebuild"."""
    before: Attempt | None
    """None when no check before the pass got that far."""
    after: Attempt


@dataclass(frozen=True, slots=True)
class Reveal:
    """All that is told after a pass."""

    exercise: str
    title: str
    tries: int
    """Recorded checks up to the first pass, itself among them."""
    faults: tuple[RevealedFault, ...]
    slips: tuple[Slip, ...]
    measures: tuple[Measure, ...]


def read_reveal(path: Path, used: Iterable[str]) -> tuple[Explained, ...]:
    """The sections of a reveal.md; none when there is no such file. ContentError names the file and the line."""
    if not path.is_file():
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"{path}: can't be read: {error}") from error
    known = tuple(used)
    fenced = {index for fence in find_fences(lines) for index in range(fence.start, fence.end)}
    starts = [index for index, line in enumerate(lines) if index not in fenced and _HEADING.match(line)]
    if not starts:
        raise ContentError(f"{path}: explains no fault", hint="Begin each with ## and a line `checks: ID, ID`.")
    sections = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        heading = _HEADING.match(lines[start])
        assert heading is not None
        sections.append(_section(heading.group(1), lines[start + 1 : end], path, start + 1, known))
    return tuple(sections)


def unexplained(path: Path, used: Iterable[str], tripped: Iterable[str]) -> tuple[str, ...]:
    """Ids that failed on the starter and that no section of its reveal.md names. Raises ContentError."""
    named = {check_id for section in read_reveal(path, used) for check_id in section.checks}
    return tuple(check_id for check_id in tripped if check_id not in named)


def make_reveal(spec: ExerciseSpec, attempts: Sequence[Attempt]) -> Reveal | None:
    """What is told of an exercise after these attempts, oldest first; None before a pass. Raises ContentError."""
    first = next((index for index, attempt in enumerate(attempts) if attempt.verdict == "passed"), None)
    if first is None:
        return None
    before, after = attempts[:first], next(x for x in reversed(attempts) if x.verdict == "passed")
    failed = {check_id for attempt in before for check_id, _, status in attempt.outcomes if status == "failed"}
    explained = read_reveal(spec.root / FILE, (use.check.id for use in spec.checks))
    named = {check_id for section in explained for check_id in section.checks}
    claims = {use.check.id: use.check.claim for use in spec.checks}
    return Reveal(
        exercise=spec.id,
        title=spec.title,
        tries=first + 1,
        faults=tuple(
            RevealedFault(section.title, section.markdown, tuple(claims[x] for x in section.checks if x in failed))
            for section in explained
        ),
        slips=tuple(
            Slip(use.check.id, use.check.claim, use.check.why) for use in spec.checks if use.check.id in failed - named
        ),
        measures=tuple(_measures(before, after)),
    )


def _section(title: str, lines: list[str], path: Path, line: int, known: tuple[str, ...]) -> Explained:
    body = [index for index, text in enumerate(lines) if text.strip()]
    match = _CHECKS.match(lines[body[0]]) if body else None
    if match is None:
        raise ContentError(f"{path}:{line}: {title!r} names no check", hint="Below the heading write: checks: ID, ID")
    checks = tuple(word for word in re.split(r"[,\s]+", match.group(1)) if word)
    for check_id in checks:
        if check_id not in known:
            raise ContentError(f"{path}:{line}: the exercise does not use {check_id!r}", hint=nearest(check_id, known))
    text = "\n".join(lines[body[0] + 1 :]).strip()
    if not checks or not text:
        raise ContentError(f"{path}:{line}: {title!r} names no check or explains nothing")
    return Explained(title, checks, f"{text}\n")


def _measures(before: Sequence[Attempt], after: Attempt) -> Iterable[Measure]:
    """The numbers that the passing check has, each with the first earlier check that has it too."""
    yield Measure("points", before[0] if before else None, after)
    values: tuple[tuple[str, Callable[[Attempt], float | None]], ...] = (
        ("image", lambda attempt: attempt.image_bytes),
        ("build", lambda attempt: attempt.build_s),
        ("rebuild", lambda attempt: attempt.rebuild_s),
    )
    for name, value in values:
        if value(after) is not None:
            yield Measure(name, next((attempt for attempt in before if value(attempt) is not None), None), after)
