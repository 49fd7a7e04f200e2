"""Owns a lesson: front matter and markdown -> Lesson; must never render."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from course.errors import ContentError
from course.fields import Fields

FRONT_MATTER_KEYS = ("title", "minutes", "objectives", "exercises", "sources")
QUIZ_KEYS = ("id", "question", "choices", "answer", "why")

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*(.*)$")
_QUIZ_ELSEWHERE = re.compile(r"^[ \t>*+-]*(`{3,}|~{3,})[ \t]*quiz\b")
_SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


class Quiz(NamedTuple):
    """A fenced `quiz` block. `why` has one reason per choice, shown after it was chosen."""

    id: str
    question: str
    choices: tuple[str, ...]
    answer: int
    """0-based."""
    why: tuple[str, ...]


class Lesson(NamedTuple):
    """One lesson."""

    number: str
    slug: str
    title: str
    minutes: int
    objectives: tuple[str, ...]
    exercises: tuple[str, ...]
    """Ids, required for passing the lesson."""
    sources: tuple[str, ...]
    markdown: str
    """The body; where a quiz is asked stands a `quiz` fence that holds one line, `id: <its id>`."""
    quizzes: tuple[Quiz, ...]
    """In the order in which they are asked."""
    path: Path

    def quiz(self, quiz_id: str) -> Quiz | None:
        """The quiz with this id; None when the lesson has none."""
        return next((quiz for quiz in self.quizzes if quiz.id == quiz_id), None)


class Fence(NamedTuple):
    """A fenced block at the left margin of a markdown text. Lines are 0-based; `end` is that of the closing fence."""

    start: int
    end: int
    info: str


def read_lesson(path: Path, *, number: str, slug: str) -> Lesson:
    """Read `lesson.md`; raises `ContentError` that names the file, the line and the key."""
    return parse_lesson(lesson_text(path), path, number=number, slug=slug)


def lesson_text(path: Path) -> str:
    """All of `lesson.md`; raises `ContentError` that names the file."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"{path}: can't be read: {_reason(error)}") from error


def parse_lesson(text: str, path: Path, *, number: str, slug: str) -> Lesson:
    """The lesson that the text of `path` holds; raises `ContentError` as `read_lesson`."""
    lines = text.splitlines()
    closing = next((index for index, line in enumerate(lines) if index and line.rstrip() == "---"), None)
    if not lines or lines[0].rstrip() != "---" or closing is None:
        raise ContentError(
            f"{path}:1: there is no front matter", hint="Begin the file with --- and end the block with ---."
        )
    values, key_lines = _load_yaml("\n".join(lines[1:closing]), path, first_line=2)
    fields = Fields(values, FRONT_MATTER_KEYS, path=path, lines=key_lines)
    markdown, quizzes = _take_quizzes(lines[closing + 1 :], path, first_line=closing + 2)
    return Lesson(
        number=number,
        slug=slug,
        title=fields.text("title"),
        minutes=fields.whole("minutes", least=1),
        objectives=fields.texts("objectives"),
        exercises=fields.texts("exercises"),
        sources=fields.texts("sources"),
        markdown=markdown,
        quizzes=quizzes,
        path=path,
    )


def find_fences(lines: list[str]) -> Iterator[Fence]:
    """Fenced blocks of a markdown text; one that is never closed ends with the text."""
    start, marker, info = -1, "", ""
    for index, line in enumerate(lines):
        match = _FENCE.match(line)
        if match is None:
            continue
        run, rest = match.group(1), match.group(2).strip()
        if start < 0:
            if run[0] == "~" or "`" not in rest:
                start, marker, info = index, run, rest
        elif run[0] == marker[0] and len(run) >= len(marker) and not rest:
            yield Fence(start, index, info)
            start = -1
    if start >= 0:
        yield Fence(start, len(lines), info)


def _take_quizzes(lines: list[str], path: Path, *, first_line: int) -> tuple[str, tuple[Quiz, ...]]:
    kept: list[str] = []
    quizzes: list[Quiz] = []
    at = 0
    for fence in find_fences(lines):
        _refuse_indented_quiz(lines[at : fence.start], path, first_line + at)
        if fence.info.split()[:1] == ["quiz"]:
            quiz = _read_quiz(lines[fence.start + 1 : fence.end], path, first_line=first_line + fence.start + 1)
            if any(quiz.id == other.id for other in quizzes):
                raise ContentError(f"{path}:{first_line + fence.start}: there are two quizzes with the id {quiz.id}")
            quizzes.append(quiz)
            kept += [*lines[at : fence.start], "```quiz", f"id: {quiz.id}", "```"]
        else:
            kept += lines[at : fence.end + 1]
        at = fence.end + 1
    _refuse_indented_quiz(lines[at:], path, first_line + at)
    kept += lines[at:]
    return "\n".join(kept).strip("\n") + "\n", tuple(quizzes)


def _refuse_indented_quiz(lines: list[str], path: Path, first_line: int) -> None:
    for index, line in enumerate(lines):
        if _QUIZ_ELSEWHERE.match(line):
            raise ContentError(
                f"{path}:{first_line + index}: a quiz must stand at the left margin",
                hint="Take it out of the list or the quotation.",
            )


def _read_quiz(lines: list[str], path: Path, *, first_line: int) -> Quiz:
    values, key_lines = _load_yaml("\n".join(lines), path, first_line=first_line)
    fields = Fields(values, QUIZ_KEYS, path=path, lines=key_lines, inside="quiz")
    quiz = Quiz(
        id=fields.text("id"),
        question=fields.text("question"),
        choices=fields.texts("choices", least=2),
        answer=fields.whole("answer"),
        why=fields.texts("why"),
    )
    if not _SLUG.match(quiz.id):
        raise fields.wrong("id", f"is {quiz.id!r}", hint="Use lower case letters, digits and single hyphens.")
    if quiz.answer >= len(quiz.choices):
        raise fields.wrong("answer", f"is {quiz.answer}, but the last choice is number {len(quiz.choices) - 1}")
    if len(quiz.why) != len(quiz.choices):
        raise fields.wrong("why", f"gives {len(quiz.why)} reasons for {len(quiz.choices)} choices")
    return quiz


def _load_yaml(text: str, path: Path, *, first_line: int) -> tuple[Mapping[str, object], dict[str, int]]:
    """A YAML mapping with text keys, and the line in the file of each key; the line of "" is the first one."""
    import yaml

    lines = {"": first_line}
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        try:
            node = loader.get_single_node()
            if not isinstance(node, yaml.MappingNode):
                raise ContentError(f"{path}:{first_line}: there must be lines of the form key: value")
            for key_node, _ in node.value:
                line = first_line + key_node.start_mark.line
                key = str(key_node.value)
                if key in lines:
                    raise ContentError(f"{path}:{line}: {key} is given twice")
                lines[key] = line
            values = loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = first_line + (error.problem_mark.line if error.problem_mark is not None else 0)
        raise ContentError(f"{path}:{line}: not valid YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ContentError(f"{path}:{first_line}: not valid YAML: {_reason(error)}") from error
    return {str(key): value for key, value in values.items()}, lines


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).splitlines()[0]
