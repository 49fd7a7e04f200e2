"""Owns the proof that what the lessons say can be read, parsed and typed as it stands; must never judge style."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from course import slash
from course.catalog import Catalog, read_catalog
from course.cli import cli
from course.lesson import Fence, Lesson, find_fences
from graders.dockerfile.parse import parse
from tests.rows import rows

ROOT = Path(__file__).resolve().parents[2]
LESSONS = tuple(read_catalog(ROOT).slugs)
"""Lesson numbers."""

WORDS_IN_A_SECTION = 400
FRAGMENT, BROKEN, ILLUSTRATION = "fragment", "broken", "illustration"
"""Words after "dockerfile" in a fence: lines of a stage without its FROM; a Dockerfile that Docker refuses; one whose
files are made up."""

FOLDERS = frozenset(("/app", "/root", "/tmp"))
"""What looks like a slash command and is a place."""

PLACEHOLDERS = {"X.Y": "1.4", "EX": "ship-the-classifier", "LEVEL": "1"}


def fences(lesson: Lesson) -> Iterator[tuple[Fence, str]]:
    """The fenced blocks of a lesson with their text."""
    lines = lesson.markdown.splitlines()
    for fence in find_fences(lines):
        yield fence, "\n".join(lines[fence.start + 1 : fence.end]) + "\n"


def typed_texts(text: str) -> Iterator[str]:
    """What a reader may type: every line of a fence and every `inline` code."""
    inside = False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            inside = not inside
        elif inside or line.startswith("    "):
            yield line.strip()
        else:
            yield from (code.strip() for code in re.findall(r"`([^`]+)`", line))


def documents() -> Iterator[tuple[str, str]]:
    """Name and text of everything that a learner or instructor reads; lessons that are not listed yet are drafts."""
    lessons = [ROOT / "lessons" / slug / "lesson.md" for slug in read_catalog(ROOT).slugs.values()]
    for path in sorted([*lessons, *ROOT.glob("exercises/*/*.md"), *ROOT.glob("exercises/*/starter/*.md")]):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


TYPED = tuple((name, typed) for name, text in documents() for typed in typed_texts(text))
"""Name of each document, and what a reader of it may type."""


@rows("number", LESSONS)
def test_lesson_front_matter_says_what_it_teaches_and_where_from(catalog: Catalog, number: str) -> None:
    """Every lesson names its aims and its sources, and only exercises that exist."""
    lesson = catalog.lesson(number)

    assert lesson.objectives
    assert lesson.sources
    assert set(lesson.exercises) <= set(catalog.exercises())


@rows("number", LESSONS)
def test_lesson_sections_are_short(catalog: Catalog, number: str) -> None:
    """No section of a lesson is longer than 400 words, code aside."""
    long = {}
    for section in re.split(r"^## ", catalog.lesson(number).markdown, flags=re.MULTILINE):
        prose = re.sub(r"^```.*?^```", "", section, flags=re.MULTILINE | re.DOTALL)
        count = len(re.findall(r"[^\W_]+(?:['’][^\W_]+)?", prose))
        if count > WORDS_IN_A_SECTION:
            long[section.splitlines()[0]] = count

    assert {} == long


@rows("number", LESSONS)
def test_lesson_dockerfiles_read_as_they_are_marked(catalog: Catalog, number: str) -> None:
    """A Dockerfile in a lesson is one that Docker accepts, unless it is marked as broken."""
    wrong = []
    for fence, text in fences(catalog.lesson(number)):
        language, *marks = fence.info.split() or [""]
        if language != "dockerfile":
            continue
        assert set(marks) <= {FRAGMENT, BROKEN, ILLUSTRATION}
        fragment = FRAGMENT in marks and "FROM" not in text
        dockerfile = parse((f"FROM python:3.11-slim\n{text}" if fragment else text).encode())
        if bool(dockerfile.problems) != (BROKEN in marks):
            wrong.append((fence.start, [problem.message for problem in dockerfile.problems]))

    assert [] == wrong


@rows("number", LESSONS)
def test_lesson_fences_say_their_language(catalog: Catalog, number: str) -> None:
    """Every fenced block is tagged, so that the desk knows how to colour it."""
    assert [] == [fence.start for fence, _ in fences(catalog.lesson(number)) if not fence.info]


def test_quizzes_have_ids_of_their_own(catalog: Catalog) -> None:
    """Progress knows a quiz by its id, so no two lessons share one."""
    ids = [quiz.id for number in LESSONS for quiz in catalog.lesson(number).quizzes]

    assert sorted(set(ids)) == sorted(ids)


def test_checklists_name_quizzes_and_checks_that_exist(catalog: Catalog) -> None:
    """Every line of a checklist can be proved."""
    quizzes = {quiz.id for number in LESSONS for quiz in catalog.lesson(number).quizzes}
    for level in catalog.levels:
        for item in level.checklist:
            if item.quiz:
                assert item.quiz in quizzes
            if item.exercise:
                used = {use.check.id for use in catalog.exercise(item.exercise).checks}
                assert not item.check or item.check in used


def test_slash_commands_in_texts_exist(catalog: Catalog) -> None:
    """Whatever a text tells a reader to type into the slash bar is understood."""
    unknown = []
    for name, text in TYPED:
        if not re.match(r"/[a-z]+(-\d|\s|$)", text) or text in FOLDERS:
            continue
        call = slash.parse(text)
        if isinstance(call, slash.Unknown):
            unknown.append((name, text, call.message))
        elif call.action is slash.Action.START:
            assert call.argument in catalog.slugs, (name, text)
        elif "-" in call.argument:
            assert call.argument in catalog.exercises(), (name, text)

    assert [] == unknown


def test_dockyard_commands_in_texts_exist() -> None:
    """Every `dockyard ...` that a text names is a command of ours, with its options."""
    for name, text in TYPED:
        words = shlex.split(text, comments=True) if text.startswith("dockyard ") else []
        command: click.Command = cli
        context = click.Context(cli, info_name="dockyard")
        words = [PLACEHOLDERS.get(word.strip("[]"), word) for word in words[1:]]
        while words and isinstance(command, click.Group):
            found = command.get_command(context, words[0])
            assert found is not None, (name, text)
            command, words = found, words[1:]
            context = click.Context(command, info_name=command.name, parent=context)
        if words:
            command.parse_args(context, words)
