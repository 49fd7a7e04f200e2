"""A lesson is shown with what is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from course.author.preview import find_lesson, lesson_problems, lone_course
from course.catalog import read_catalog
from course.cli import cli
from course.commands.invocation import Invocation
from course.paths import Paths
from tests.rows import rows

ROOT = Path(__file__).parents[3]

WRONG = """\
---
title: Draft
minutes: 5
exercises: [tiny, nowhere]
---

## Long

{words}

## Fences

```
no language
```

```dockerfile
FORM python:3.11-slim
```

```dockerfile broken
FROM python:3.11-slim
```

```dockerfile maybe
FROM python:3.11-slim
```

```dockerfile fragment
WORKDIR /app
```
"""


@pytest.fixture
def draft(content: Path) -> Path:
    """The folder of a lesson that course.toml does not list, with every fault that a preview knows."""
    folder = content / "lessons" / "draft"
    folder.mkdir()
    (folder / "lesson.md").write_text(WRONG.format(words="word " * 401))
    return folder


def preview(paths: Paths, *args: str) -> Result:
    """Run the command on the small course, without a terminal."""
    invocation = Invocation(dict(os.environ), fixed_paths=paths)
    return CliRunner().invoke(cli, ["author", "preview", *args], obj=invocation)


def test_preview_names_every_fault_of_a_draft(draft: Path, paths: Paths) -> None:
    """Each fault is a sentence with the file; what is right is not mentioned."""
    result = preview(paths, str(draft))
    said = [line.partition("lesson.md: ")[2] for line in result.stderr.splitlines()]

    assert result.exit_code == 1
    assert "## Fences" in result.stdout
    assert 8 == len(said), said
    for number, part in enumerate(
        (
            "has no objectives",
            "has no sources",
            "no exercise 'nowhere'",
            "'Long' has 402 words",
            "says no language",
            "Docker refuses it",
            "is marked broken and Docker takes it",
            "the mark 'maybe' is unknown",
        )
    ):
        assert part in said[number]


@pytest.mark.parametrize("name", ["1.2", "layers"])
def test_preview_finds_a_lesson_by_number_or_name(name: str, paths: Paths) -> None:
    """The text goes to standard output."""
    result = preview(paths, name)

    assert "# Layers" in result.stdout


def test_preview_of_what_is_nowhere_names_what_there_is(paths: Paths) -> None:
    """A misspelt lesson is an error of usage."""
    result = preview(paths, "1.9")

    assert result.exit_code == 2
    assert "1.1, 1.2, 2.1" in result.stderr


def test_preview_of_a_broken_file_names_the_line(draft: Path, paths: Paths) -> None:
    """Front matter that can't be read is told with its line, and not shown."""
    (draft / "lesson.md").write_text("---\ntitle: [\n---\n")
    result = preview(paths, str(draft / "lesson.md"))

    assert result.exit_code == 2
    assert "lesson.md:" in result.stderr
    assert "not valid YAML" in result.stderr


def test_lone_course_holds_the_lesson_and_its_exercises(draft: Path, content: Path, tmp_path: Path) -> None:
    """What the desk opens for a preview is a course of that lesson alone."""
    course = read_catalog(lone_course(find_lesson(str(draft), content), tmp_path / "alone", content))

    assert ("1.1",) == tuple(course.slugs)
    assert "Draft" == course.lesson("1.1").title
    assert "A tiny image" == course.exercise("tiny").title


@rows("number", tuple(read_catalog(ROOT).slugs))
def test_lessons_that_ship_have_no_fault(number: str) -> None:
    """A preview of each of our lessons has nothing to complain about."""
    assert () == lesson_problems(read_catalog(ROOT).lesson(number))
