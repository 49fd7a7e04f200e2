"""Tests of reading a lesson."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.errors import ContentError
from course.lesson import Lesson, Quiz, read_lesson
from tests.rows import rows

FRONT = "---\ntitle: Layers\nminutes: 20\n---\n"
QUIZ = """\
```quiz
id: order
question: What first?
choices: [Source, Requirements]
answer: 1
why: [No., Yes.]
```
"""


def read(tmp_path: Path, text: str | bytes) -> Lesson:
    path = tmp_path / "lesson.md"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_lesson(path, number="1.3", slug="layers")


def failure(tmp_path: Path, text: str | bytes) -> ContentError:
    with pytest.raises(ContentError) as caught:
        read(tmp_path, text)
    assert str(tmp_path / "lesson.md") in caught.value.message
    return caught.value


def test_front_matter_and_body_are_read(tmp_path: Path) -> None:
    """All keys of the front matter arrive, and the body without it."""
    text = (
        "---\ntitle: Layers — und mehr\nminutes: 20\nobjectives: [Order them]\nexercises: [cache-order]\n"
        "sources:\n  - A page\n---\n\n# Layers\n\nText.\n"
    )

    lesson = read(tmp_path, text)

    assert ("1.3", "layers", "Layers — und mehr", 20) == (lesson.number, lesson.slug, lesson.title, lesson.minutes)
    assert (("Order them",), ("cache-order",), ("A page",)) == (lesson.objectives, lesson.exercises, lesson.sources)
    assert lesson.markdown == "# Layers\n\nText.\n"


def test_quiz_is_read_and_its_answer_leaves_the_markdown(tmp_path: Path) -> None:
    """The body keeps the place of a quiz, by its id alone."""
    lesson = read(tmp_path, f"{FRONT}Before.\n\n{QUIZ}\nAfter.\n")

    assert (Quiz("order", "What first?", ("Source", "Requirements"), 1, ("No.", "Yes.")),) == lesson.quizzes
    assert lesson.markdown == "Before.\n\n```quiz\nid: order\n```\n\nAfter.\n"
    assert lesson.quizzes[0] == lesson.quiz("order")
    assert lesson.quiz("other") is None


@rows("fence", ["````markdown\n{}````\n", "~~~\n{}~~~\n"])
def test_quiz_shown_inside_another_fence_is_text(tmp_path: Path, fence: str) -> None:
    """A fence that shows how a quiz is written asks nothing."""
    body = fence.format(QUIZ)

    lesson = read(tmp_path, FRONT + body)

    assert lesson.quizzes == ()
    assert body == lesson.markdown


def test_unclosed_fence_reaches_to_the_end(tmp_path: Path) -> None:
    """As in CommonMark, a fence without an end holds the rest."""
    lesson = read(tmp_path, FRONT + "```\nRUN\n" + QUIZ.replace("```", "~~~"))

    assert lesson.quizzes == ()


def test_windows_line_ends_are_read(tmp_path: Path) -> None:
    """A lesson written on Windows is the same lesson."""
    lesson = read(tmp_path, f"{FRONT}\nText.\n\n{QUIZ}".replace("\n", "\r\n"))

    assert ("order",) == tuple(quiz.id for quiz in lesson.quizzes)
    assert "\r" not in lesson.markdown


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    """The error names the file."""
    with pytest.raises(ContentError, match=r"nowhere\.md: can't be read: No such file"):
        read_lesson(tmp_path / "nowhere.md", number="1.1", slug="why")


@rows(
    ("text", "line", "problem"),
    [
        (b"---\ntitle: \xff\n---\n", 0, "can't be read"),
        ("", 1, "no front matter"),
        ("# Layers\n", 1, "no front matter"),
        ("---\ntitle: Layers\n", 1, "no front matter"),
        ("---\n- a list\n---\n", 2, "key: value"),
        ("---\n---\n", 2, "key: value"),
        ("---\ntitle: a: b\n---\n", 2, "not valid YAML"),
        ("---\ntitle: Layers\nminutes: [}\n---\n", 3, "not valid YAML"),
        ("---\ntitle: \x00\n---\n", 2, "not valid YAML"),
        ("---\ntitle: Layers\nminutes: 2\nsources: 2026-13-45\n---\n", 2, "not valid YAML"),
        ("---\ntitle: Layers\ntitle: Again\nminutes: 1\n---\n", 3, "title is given twice"),
        ("---\ntitle: Layers\nminuts: 1\n---\n", 3, "minuts is not a known key"),
        ("---\ntitle: Layers\n---\n", 2, "minutes is missing"),
        ("---\ntitle: 3\nminutes: 1\n---\n", 2, "title must be a text"),
        ("---\ntitle: ' '\nminutes: 1\n---\n", 2, "title must not be empty"),
        ("---\ntitle: Layers\nminutes: soon\n---\n", 3, "minutes must be a whole number"),
        ("---\ntitle: Layers\nminutes: true\n---\n", 3, "minutes must be a whole number"),
        ("---\ntitle: Layers\nminutes: 0\n---\n", 3, "minutes must be at least 1"),
        ("---\ntitle: Layers\nminutes: 1\nsources: one\n---\n", 4, "sources must be a list"),
        ("---\ntitle: Layers\nminutes: 1\nsources: [1]\n---\n", 4, "sources must be a list of texts"),
        (FRONT + QUIZ + QUIZ, 12, "two quizzes with the id order"),
        (FRONT + QUIZ.replace("id: order", "id: Layer Order"), 6, "quiz.id is 'Layer Order'"),
        (FRONT + QUIZ.replace("answer: 1", "answer: 2"), 9, "quiz.answer is 2"),
        (FRONT + QUIZ.replace("why: [No., Yes.]", "why: [No.]"), 10, "quiz.why gives 1 reasons for 2 choices"),
        (FRONT + QUIZ.replace("choices: [Source, Requirements]", "choices: [Source]"), 8, "quiz.choices must have"),
        (FRONT + QUIZ.replace("question", "questoin"), 7, "quiz.questoin is not a known key"),
        (FRONT + "- " + QUIZ, 5, "left margin"),
        (FRONT + "Text.\n\n> " + QUIZ, 7, "left margin"),
        (FRONT + "     " + QUIZ, 5, "left margin"),
    ],
)
def test_faulty_lesson_names_line_and_key(tmp_path: Path, text: str | bytes, line: int, problem: str) -> None:
    """Whatever is wrong, the author is told where."""
    error = failure(tmp_path, text)

    assert problem in error.message
    assert (f"lesson.md:{line}: " in error.message) == bool(line)


def test_misspelt_key_gets_the_nearest(tmp_path: Path) -> None:
    """The hint names the key that was meant."""
    error = failure(tmp_path, "---\ntitle: Layers\nminuts: 1\n---\n")

    assert error.hint == "Did you mean minutes?"
