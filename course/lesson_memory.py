"""Owns lessons as they were read before, by their text; must never give back one whose text has changed.

A lesson that was refused is not kept. Most commands ask several lessons what they require, and to read the YAML in
them costs more than all else that such a command does.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from course.lesson import Lesson, Quiz, lesson_text, parse_lesson
from course.version import __version__
from graders.entry_folder import EntryFolder
from graders.limits import MIB

FORMAT = 1
"""Counted up whenever the same text is read in another way by the same version."""
CAP_BYTES = 8 * MIB


class LessonMemory:
    """Lessons in one folder that several programs may use."""

    def __init__(self, folder: Path) -> None:
        self._entries = EntryFolder(folder, ".lesson", cap_bytes=CAP_BYTES)
        self.tables = EntryFolder(folder, ".table", cap_bytes=CAP_BYTES)
        """What was read of the TOML beside the lessons."""

    def read(self, path: Path, *, number: str, slug: str) -> Lesson:
        """As `read_lesson`. Raises ContentError."""
        text = lesson_text(path)
        key = json.dumps([FORMAT, __version__, sha256(text.encode()).hexdigest()])
        kept = self._entries.load(key)
        if kept is not None:
            values = json.loads(kept)
            quizzes = tuple(Quiz(**_with_tuples(quiz)) for quiz in values.pop("quizzes"))
            return Lesson(number=number, slug=slug, path=path, quizzes=quizzes, **_with_tuples(values))
        lesson = parse_lesson(text, path, number=number, slug=slug)
        self._entries.save(key, json.dumps(_values(lesson)).encode())
        return lesson


def _values(lesson: Lesson) -> dict[str, object]:
    """All that comes of the text alone."""
    return {
        "title": lesson.title,
        "minutes": lesson.minutes,
        "objectives": lesson.objectives,
        "exercises": lesson.exercises,
        "sources": lesson.sources,
        "markdown": lesson.markdown,
        "quizzes": [
            {
                "id": quiz.id,
                "question": quiz.question,
                "choices": quiz.choices,
                "answer": quiz.answer,
                "why": quiz.why,
            }
            for quiz in lesson.quizzes
        ],
    }


def _with_tuples(values: dict[str, Any]) -> dict[str, Any]:
    """The values as they were before JSON made lists of them."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
