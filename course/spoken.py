"""Owns what `--plain` says of the course: sentences without boxes, columns or marks; must never print or ask anything.

Every line stands for itself, so that a screen reader reads it in order and a Braille line shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from course.lesson import Lesson, Quiz, find_fences
from graders.safe_text import clean, clean_lines

if TYPE_CHECKING:
    from course.session import ChecklistLine, ExerciseRow, LessonRow, LevelRow

_CALLOUT = re.compile(r"^\s*>\s*\[!(\w+)\]\s*$")
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^>]*>", re.IGNORECASE)
_LINK = re.compile(r"!?\[([^\]]*)\]\(([^)\s]*)[^)]*\)")
_BOX = re.compile(r"^(\s*)[-*+]\s+\[([ xX])\]\s+")
_BULLET = re.compile(r"^(\s*)[-*+]\s+")
_RULER = re.compile(r"^\s*\|?[\s:|-]+\|?\s*$")


def outline(levels: Sequence[LevelRow]) -> Iterator[str]:
    """The course in sentences."""
    for level in levels:
        yield f"Level {level.number}: {clean(level.title)}."
        for row in level.lessons:
            yield lesson_line(row)
            yield from map(exercise_line, row.exercises)


def lesson_line(row: LessonRow) -> str:
    """ "Lesson 1.1, open: Why containers. 35 minutes." """
    return f"Lesson {row.number}, {row.state.value}: {clean(row.title)}. {row.minutes} minutes."


def exercise_line(row: ExerciseRow) -> str:
    """ "Exercise first-image, not passed, checked 2 times: First image. 10 minutes." """
    passed = "passed" if row.passed else "not passed"
    return f"Exercise {row.id}, {passed}, {row.checked}: {clean(row.title)}. {row.minutes} minutes."


def checklist_line(line: ChecklistLine) -> str:
    """ "Done: the image builds." or "Missing: ..., with what to do." """
    if line.done:
        return f"Done: {clean(line.text)}"
    return f"Missing: {clean(line.text)}" + (f". To do: {clean(line.remedy)}" if line.remedy else "")


def lesson(shown: Lesson) -> Iterator[str]:
    """A lesson from its title to its last line."""
    yield f"Lesson {shown.number}: {clean(shown.title)}. {shown.minutes} minutes."
    for objective in shown.objectives:
        yield f"You learn to: {clean(objective)}."
    yield ""
    lines = list(clean_lines(shown.markdown))
    at = 0
    for fence in find_fences(lines):
        yield from _prose(lines[at : fence.start])
        inside = lines[fence.start + 1 : fence.end]
        words = fence.info.split()
        if words[:1] == ["quiz"]:
            found = shown.quiz(inside[0].removeprefix("id: ")) if inside else None
            yield from _quiz(shown.number, found) if found is not None else ()
        elif words[:1] == ["builds"]:
            yield "Here the desk draws your own builds: dockyard builds says them."
        else:
            yield f"Code, {words[0]}:" if words else "Code:"
            yield from inside
            yield "End of code."
        at = fence.end + 1
    yield from _prose(lines[at:])


def _quiz(number: str, quiz: Quiz) -> Iterator[str]:
    yield f"Question {quiz.id}: {clean(quiz.question)}"
    for place, choice in enumerate(quiz.choices, 1):
        yield f"Answer {place}: {clean(choice)}"
    yield f"To answer: dockyard quiz {number} {quiz.id} and the number of your answer."


def _prose(lines: Sequence[str]) -> Iterator[str]:
    """Paragraphs, lists and tables in words."""
    header: list[str] = []
    for line in lines:
        if line.lstrip().startswith("|"):
            if not header:
                header = _cells(line)
            elif not _RULER.match(line):
                named = zip(header, _cells(line), strict=False)
                yield "; ".join(f"{name}: {cell}" if name else cell for name, cell in named if cell) + "."
            continue
        header = []
        yield from _line(line)


def _line(line: str) -> Iterator[str]:
    if match := _CALLOUT.match(line):
        yield f"{match[1].capitalize()}:"
    elif match := _HEADING.match(line):
        yield f"Heading {len(match[1])}: {_inline(match[2])}"
    elif match := _SUMMARY.search(line):
        yield f"Look at this when you have thought about it: {_inline(match[1])}"
    elif match := _BOX.match(line):
        yield f"{'Done' if match[2] in 'xX' else 'To do'}: {_inline(line[match.end() :])}"
    elif match := _BULLET.match(line):
        yield f"Item: {_inline(line[match.end() :])}"
    else:
        quoted = line.lstrip()
        words = _inline(quoted.lstrip("> ") if quoted.startswith(">") else line)
        if words or not line.strip():
            yield words


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    return [_inline(cell.replace(r"\|", "|")) for cell in re.split(r"(?<!\\)\|", inner)]


def _inline(text: str) -> str:
    """Without backticks, stars and tags; a link's address after its words."""
    parts = _LINK.sub(lambda match: f"{match[1]} (link: {match[2]})", text).split("`")
    # Between backticks, every other part, stars and tags are meant.
    for index in range(0, len(parts), 2):
        parts[index] = _TAG.sub("", parts[index]).replace("**", "")
    return "".join(parts).strip()
