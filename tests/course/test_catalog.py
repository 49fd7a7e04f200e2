"""Tests of reading the table of contents."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.catalog import ChecklistItem, ExerciseHeading, read_catalog
from course.errors import ContentError


def edit(content: Path, old: str, new: str) -> None:
    """Change course.toml in one place."""
    path = content / "lessons" / "course.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_levels_lessons_and_checklist_are_read(content: Path) -> None:
    """The catalogue has what course.toml says, in its order."""
    catalog = read_catalog(content)

    assert [(1, "Images", ("1.1", "1.2")), (2, "Data", ("2.1",))] == [
        (level.number, level.title, level.lessons) for level in catalog.levels
    ]
    assert {"1.1": "why", "1.2": "layers", "2.1": "data"} == catalog.slugs
    assert ChecklistItem("The image builds", "built", exercise="tiny") == catalog.levels[0].checklist[1]
    assert catalog.levels[1].checklist == ()


def test_lesson_is_read_when_asked_for(content: Path) -> None:
    """A broken lesson breaks nothing but itself."""
    (content / "lessons" / "data" / "lesson.md").write_text("broken")
    catalog = read_catalog(content)

    assert catalog.lesson("1.2").title == "Layers"
    with pytest.raises(ContentError, match="no front matter"):
        catalog.lesson("2.1")


def test_unknown_lesson_names_the_nearest(content: Path) -> None:
    """A number that no lesson has is an error with the nearest ones."""
    with pytest.raises(ContentError, match=r"no lesson 1\.3") as caught:
        read_catalog(content).lesson("1.3")

    assert "1.2" in caught.value.hint


def test_unknown_level_names_the_levels(content: Path) -> None:
    """A level that isn't there is an error."""
    with pytest.raises(ContentError, match="no level 7") as caught:
        read_catalog(content).level(7)

    assert caught.value.hint == "There is 1, 2."


def test_exercises_are_found_on_disk(content: Path) -> None:
    """Every folder with an exercise.toml is an exercise."""
    (content / "exercises" / "notes").mkdir()

    assert read_catalog(content).exercises() == ("other", "tiny")


def test_heading_needs_no_checks(content: Path) -> None:
    """An outline reads titles without the graders."""
    assert read_catalog(content).heading("tiny") == ExerciseHeading("tiny", "A tiny image", 5)


def test_heading_names_a_faulty_key(content: Path) -> None:
    """A title that isn't one is an error of that file."""
    (content / "exercises" / "tiny" / "exercise.toml").write_text("title = 5\n")

    with pytest.raises(ContentError, match=r"tiny/exercise\.toml: title must be a text"):
        read_catalog(content).heading("tiny")


@pytest.mark.parametrize("name", ["tny", "../exercises/tiny", ""])
def test_unknown_exercise_names_the_nearest(content: Path, name: str) -> None:
    """An exercise id is only ever one of the folders' names."""
    with pytest.raises(ContentError, match="There is no exercise") as caught:
        read_catalog(content).exercise(name)

    assert "tiny" in caught.value.hint


def test_exercise_is_read(content: Path) -> None:
    """The specification comes from the graders' own reader, once."""
    catalog = read_catalog(content)

    assert catalog.exercise("tiny").title == "A tiny image"
    assert catalog.exercise("tiny") is catalog.exercise("tiny")


def test_lesson_of_an_exercise(content: Path) -> None:
    """An exercise belongs to the first lesson that requires it."""
    catalog = read_catalog(content)

    assert catalog.lesson_of("other") == "1.2"
    assert catalog.lesson_of("stray") is None


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("format = 1", "format = 9", "format must be 1"),
        ("format = 1", "format = ", "not valid TOML"),
        ("format = 1\n", "", "format is missing"),
        ('title = "A small course"', 'titel = "A small course"', "titel is not a known key"),
        ("number = 2", "number = 1", r"levels\[2\]\.lessons\[1\]\.number is '2\.1'"),
        ("[[levels]]\nnumber = 2", "[[levels]]\nnumbr = 2", r"levels\[2\]\.numbr is not a known key"),
        ('number = "1.2"', 'number = "1.02"', r"levels\[1\]\.lessons\[2\]\.number is '1\.02'"),
        ('number = "1.2"', 'number = "1.1"', r"must be in order: 1\.1 comes after 1\.1"),
        ('number = "1.2"', "number = 1.2", r"lessons\[2\]\.number must be a text"),
        ('slug = "layers"', 'slug = "why"', "names why a second time"),
        ('slug = "layers"', 'slug = "layer"', "names layer, which has no lesson.md"),
        ('lessons = [{ number = "2.1", slug = "data" }]', "", r"levels\[2\]\.lessons is missing"),
        ('lessons = [{ number = "2.1", slug = "data" }]', "lessons = 3", "lessons must be a list of tables"),
        ('proof = "engine"', 'proof = "engin"', r"checklist\[1\]\.proof is 'engin'"),
        ('proof = "engine"', 'proof = "quiz"', r"checklist\[1\]\.quiz is missing"),
        ('proof = "engine"', 'proof = "engine"\nquiz = "x"', "quiz is of no use to the proof 'engine'"),
    ],
)
def test_faulty_course_names_the_key(content: Path, old: str, new: str, problem: str) -> None:
    """Whatever is wrong in course.toml, file and key are named."""
    edit(content, old, new)

    with pytest.raises(ContentError, match=problem) as caught:
        read_catalog(content)
    assert "course.toml" in caught.value.message


def test_levels_out_of_order_are_refused(content: Path) -> None:
    """Levels come in order."""
    edit(content, "number = 1\n", "number = 3\n")
    edit(content, 'number = "1.1"', 'number = "3.1"')
    edit(content, 'number = "1.2"', 'number = "3.2"')

    with pytest.raises(ContentError, match="levels must be in order: 2 comes after 3"):
        read_catalog(content)


def test_course_without_levels_is_refused(content: Path) -> None:
    """There is no course without levels."""
    (content / "lessons" / "course.toml").write_text('format = 1\ntitle = "Nothing"\n')

    with pytest.raises(ContentError, match="levels is missing"):
        read_catalog(content)


def test_missing_and_garbled_files_are_errors(content: Path) -> None:
    """A course.toml that isn't there, or isn't text, is named."""
    path = content / "lessons" / "course.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ContentError, match="is not UTF-8 text"):
        read_catalog(content)

    path.unlink()
    with pytest.raises(ContentError, match="can't be read: No such file"):
        read_catalog(content)
