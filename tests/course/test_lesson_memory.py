"""Tests of lessons that were read before: the same as read anew, and never of another text."""

from __future__ import annotations

from pathlib import Path

import pytest

import course.lesson_memory
from course.catalog import read_catalog
from course.errors import ContentError
from course.lesson import Lesson, parse_lesson, read_lesson
from course.lesson_memory import LessonMemory

ROOT = Path(__file__).parents[2]
CATALOG = read_catalog(ROOT)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The lessons whose text was read anew since."""
    seen: list[Path] = []

    def noted(text: str, path: Path, *, number: str, slug: str) -> Lesson:
        seen.append(path)
        return parse_lesson(text, path, number=number, slug=slug)

    monkeypatch.setattr(course.lesson_memory, "parse_lesson", noted)
    return seen


def test_every_lesson_comes_back_as_it_was_read(tmp_path: Path, parsed: list[Path]) -> None:
    """The first reading and the second give what `read_lesson` gives, to the last quiz; the second reads no YAML."""
    for number, slug in CATALOG.slugs.items():
        path = ROOT / "lessons" / slug / "lesson.md"
        twice = [LessonMemory(tmp_path).read(path, number=number, slug=slug) for _ in range(2)]

        assert [read_lesson(path, number=number, slug=slug)] * 2 == twice
    assert len(CATALOG.slugs) == len(parsed)


def test_changed_lesson_is_read_anew(tmp_path: Path) -> None:
    """What counts is the text, whatever the file's times say."""
    path = tmp_path / "lesson.md"
    titles = []
    for title in ("One", "Two", "One"):
        path.write_text(f"---\ntitle: {title}\nminutes: 1\n---\n")
        titles.append(LessonMemory(tmp_path / "kept").read(path, number="1.1", slug="a").title)

    assert ["One", "Two", "One"] == titles


def test_lesson_of_another_version_is_read_anew(
    tmp_path: Path, parsed: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an older Dockyard made of a text is not used."""
    path = tmp_path / "lesson.md"
    path.write_text("---\ntitle: One\nminutes: 1\n---\n")
    LessonMemory(tmp_path / "kept").read(path, number="1.1", slug="a")
    monkeypatch.setattr(course.lesson_memory, "__version__", "0.0.0")
    LessonMemory(tmp_path / "kept").read(path, number="1.1", slug="a")

    assert [path, path] == parsed


def test_damaged_memory_is_read_anew(tmp_path: Path, parsed: list[Path]) -> None:
    """Half an entry is none."""
    path = tmp_path / "lesson.md"
    path.write_text("---\ntitle: One\nminutes: 1\n---\n")
    LessonMemory(tmp_path / "kept").read(path, number="1.1", slug="a")
    (entry,) = (tmp_path / "kept").iterdir()
    entry.write_bytes(entry.read_bytes()[:-3])

    assert "One" == LessonMemory(tmp_path / "kept").read(path, number="1.1", slug="a").title
    assert [path, path] == parsed


def test_refused_lesson_is_refused_each_time(tmp_path: Path) -> None:
    """An error is told as often as the lesson is asked for, and nothing is kept."""
    path = tmp_path / "lesson.md"
    path.write_text("no front matter\n")
    for _ in range(2):
        with pytest.raises(ContentError, match="no front matter"):
            LessonMemory(tmp_path / "kept").read(path, number="1.1", slug="a")

    assert not (tmp_path / "kept").exists()


def test_missing_lesson_is_an_error(tmp_path: Path) -> None:
    """As `read_lesson` tells it."""
    with pytest.raises(ContentError, match="can't be read"):
        LessonMemory(tmp_path / "kept").read(tmp_path / "lesson.md", number="1.1", slug="a")
