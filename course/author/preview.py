"""Owns what is wrong with a lesson, and a course of that lesson alone; must never show either."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from course.catalog import read_catalog
from course.errors import ContentError
from course.lesson import Lesson, find_fences, read_lesson
from graders.dockerfile.parse import parse

WORDS_IN_A_SECTION = 400
FRAGMENT, BROKEN, ILLUSTRATION = "fragment", "broken", "illustration"
"""Words after "dockerfile" in a fence: lines of a stage without its FROM; a Dockerfile that Docker refuses; one whose
files are made up."""
FILE = "lesson.md"


def find_lesson(name: str, content: Path) -> Lesson:
    """The lesson with this number, folder name or path. ContentError when there is none or it can't be read."""
    catalog = read_catalog(content)
    if name in catalog.slugs:
        return catalog.lesson(name)
    path = Path(name)
    for candidate in (path / FILE, path, content / "lessons" / name / FILE):
        if candidate.is_file():
            file = candidate.resolve()
            slug = file.parent.name
            number = next((number for number, listed in catalog.slugs.items() if listed == slug), "1.1")
            return read_lesson(file, number=number, slug=slug)
    raise ContentError(f"There is no lesson {name!r}", hint=f"Name its file, or one of: {', '.join(catalog.slugs)}.")


def lesson_problems(lesson: Lesson) -> tuple[str, ...]:
    """What learners would stumble over, in sentences that name the file."""
    return tuple(f"{lesson.path}: {problem}" for problem in _problems(lesson))


def lone_course(lesson: Lesson, folder: Path, content: Path) -> Path:
    """Write a course of one level with this lesson alone into `folder`; it borrows the exercises by links."""
    (folder / "lessons").mkdir(parents=True)
    (folder / "lessons" / lesson.slug).symlink_to(lesson.path.parent, target_is_directory=True)
    (folder / "exercises").symlink_to(_exercises(lesson, content), target_is_directory=True)
    listed = f"{{ number = {json.dumps(lesson.number)}, slug = {json.dumps(lesson.slug)} }}"
    level = lesson.number.partition(".")[0]
    text = f'format = 1\ntitle = "Preview"\n[[levels]]\nnumber = {level}\ntitle = "Preview"\nlessons = [{listed}]\n'
    (folder / "lessons" / "course.toml").write_text(text, encoding="utf-8")
    return folder


def _exercises(lesson: Lesson, content: Path) -> Path:
    """The exercises beside the lesson's own `lessons` folder when there are any, else the course's."""
    beside = lesson.path.parent.parent.parent / "exercises"
    return beside if beside.is_dir() else content / "exercises"


def _problems(lesson: Lesson) -> Iterator[str]:
    exercises = _exercises(lesson, lesson.path.parent.parent.parent)
    for field, value in (("objectives", lesson.objectives), ("sources", lesson.sources)):
        if not value:
            yield f"the front matter has no {field}"
    for exercise in lesson.exercises:
        if exercises.is_dir() and not (exercises / exercise / "exercise.toml").is_file():
            yield f"there is no exercise {exercise!r} in {exercises}"
    for section in re.split(r"^## ", lesson.markdown, flags=re.MULTILINE):
        prose = re.sub(r"^```.*?^```", "", section, flags=re.MULTILINE | re.DOTALL)
        count = len(re.findall(r"[^\W_]+(?:['’][^\W_]+)?", prose))
        if count > WORDS_IN_A_SECTION:
            yield f"section {section.splitlines()[0]!r} has {count} words, {WORDS_IN_A_SECTION} are what a screen holds"
    lines = lesson.markdown.splitlines()
    for fence in find_fences(lines):
        where = f"fence {lines[fence.start]!r} before {lines[fence.start + 1 : fence.start + 2]}"
        if not fence.info:
            yield f"{where}: says no language after its ```"
        yield from _dockerfile_problems(where, fence.info.split(), lines[fence.start + 1 : fence.end])


def _dockerfile_problems(where: str, info: list[str], lines: list[str]) -> Iterator[str]:
    """What Docker would say of a Dockerfile in a lesson, where that is not what its marks say."""
    if info[:1] != ["dockerfile"]:
        return
    marks = set(info[1:])
    for mark in sorted(marks - {FRAGMENT, BROKEN, ILLUSTRATION}):
        yield f"{where}: the mark {mark!r} is unknown; there are {FRAGMENT}, {BROKEN} and {ILLUSTRATION}"
    text = "\n".join(lines) + "\n"
    if FRAGMENT in marks and "FROM" not in text:
        text = f"FROM python:3.11-slim\n{text}"
    problems = parse(text.encode()).problems
    if problems and BROKEN not in marks:
        yield f"{where}: Docker refuses it: {problems[0].message}"
    if not problems and BROKEN in marks:
        yield f"{where}: is marked {BROKEN} and Docker takes it"
