"""Owns progress that a test begins with: the lessons before the one that it plays, as if their checks had passed."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from course.catalog import read_catalog
from course.progress import Progress
from graders.outcome import Level, Outcome, Status
from graders.report import Report


def pass_before(root: Path, home: Path, exercise: str) -> None:
    """Record a pass of every exercise before this one, and the right answers of every lesson before its own."""
    catalog = read_catalog(root)
    end = catalog.lesson_of(exercise)
    with closing(Progress(home / ".local/share/dockyard/progress.db", now=lambda: datetime.now(UTC))) as progress:
        for number in catalog.slugs:
            lesson = catalog.lesson(number)
            for name in lesson.exercises:
                if name == exercise:
                    return
                progress.record_attempt(_passed(name))
            if number != end:
                for quiz in lesson.quizzes:
                    progress.record_answer(lesson.slug, quiz.id, quiz.answer, correct=True)


def _passed(exercise: str) -> Report:
    """A report in which one check passed."""
    outcome = Outcome("build-fails", "The image builds", Level.IMAGE, Status.PASSED, points=1, max_points=1)
    return Report(exercise, (outcome,), content_sha256="0" * 64, started_at="2026-03-14T15:09:26+00:00", elapsed_s=1.0)
