"""Owns the proof that the lessons of level 1 say what their exercises and programs do; must never judge style."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from course.lesson import Lesson, find_fences, read_lesson
from graders.dockerfile.parse import parse

ROOT = Path(__file__).resolve().parents[3]
SLUGS = ("why-containers", "anatomy-of-a-dockerfile", "layers-and-the-cache")


@pytest.fixture(params=SLUGS)
def lesson(request: pytest.FixtureRequest) -> Lesson:
    """Each lesson in turn."""
    slug = str(request.param)
    return read_lesson(ROOT / "lessons" / slug / "lesson.md", number="1.0", slug=slug)


def fenced(lesson: Lesson, language: str) -> list[str]:
    """The texts of a lesson's fences in one language, those marked as fragments left out."""
    lines = lesson.markdown.splitlines()
    return [
        "\n".join(lines[fence.start + 1 : fence.end]) + "\n"
        for fence in find_fences(lines)
        if fence.info.split() == [language]
    ]


def test_lesson_asks_predicts_and_lets_try(lesson: Lesson) -> None:
    """Every lesson has at least three questions, something to predict and something to do."""
    assert len(lesson.quizzes) >= 3
    assert re.search(r"[Pp]redict", lesson.markdown)
    assert re.search(r"^## Try it", lesson.markdown, flags=re.MULTILINE)


def test_lesson_asks_for_exercises_that_are_there(lesson: Lesson) -> None:
    """Each exercise exists and is introduced in the text, with the command that opens it."""
    for name in lesson.exercises:
        assert (ROOT / "exercises" / name / "exercise.toml").is_file()
        assert f"/open {name}" in lesson.markdown


def test_lesson_dockerfiles_are_whole(lesson: Lesson) -> None:
    """A Dockerfile that is not marked as a fragment is one that Docker accepts."""
    for text in fenced(lesson, "dockerfile"):
        assert () == tuple(parse(text.encode()).problems)


def test_lesson_has_reasons_for_wrong_choices_too(lesson: Lesson) -> None:
    """Each choice has a reason of its own, so that a wrong answer teaches something."""
    for quiz in lesson.quizzes:
        assert len(quiz.choices) == len(set(quiz.why))
        assert quiz.why[quiz.answer].startswith("Right.")
        assert [index for index, why in enumerate(quiz.why) if why.startswith("Right.")] == [quiz.answer]


def test_right_answers_do_not_always_stand_in_the_same_place() -> None:
    """Nobody passes the quizzes of the level by choosing the last one each time."""
    places = {
        quiz.answer
        for slug in SLUGS
        for quiz in read_lesson(ROOT / "lessons" / slug / "lesson.md", number="1.0", slug=slug).quizzes
    }

    assert {0, 1, 2} == places


def test_orders_of_the_cache_lesson_are_the_ones_of_its_exercise() -> None:
    """The starter of cache-order has the order that the lesson warns of, its solution the other one."""
    first_copies = []
    for name in ("starter", "solution"):
        text = (ROOT / "exercises/cache-order" / name / "Dockerfile").read_text(encoding="utf-8")
        first_copies.append(next(line for line in text.splitlines() if line.startswith("COPY")))

    assert ["COPY . .", "COPY requirements.txt ./"] == first_copies
