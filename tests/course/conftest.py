"""Owns a small course on disk for the tests of the course: two levels, three lessons, two tiny exercises."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from course.paths import Paths
from course.session import Session
from graders.engine.base import Engine
from graders.errors import EngineUnavailable

COURSE = """\
format = 1
title = "A small course"

[[levels]]
number = 1
title = "Images"
lessons = [{ number = "1.1", slug = "why" }, { number = "1.2", slug = "layers" }]

[[levels.checklist]]
text = "An engine answers"
proof = "engine"

[[levels.checklist]]
text = "The image builds"
proof = "built"
exercise = "tiny"

[[levels.checklist]]
text = "The quiz on layers is right"
proof = "quiz"
quiz = "layer-order"

[[levels]]
number = 2
title = "Data"
lessons = [{ number = "2.1", slug = "data" }]
"""

WHY = """\
---
title: Why containers
minutes: 10
objectives: [Say what an image is]
exercises: [tiny]
sources: ["Docker documentation, read 2026-01-05"]
---

# Why containers

It works on my machine.
"""

LAYERS = """\
---
title: Layers
minutes: 20
exercises: [other]
---

# Layers

```quiz
id: layer-order
question: What is copied first?
choices:
  - The source
  - The requirements
answer: 1
why:
  - Then every change installs again.
  - "Right: they change least."
```

The end.
"""

DATA = """\
---
title: Data
minutes: 5
---

# Data
"""

TINY = """\
format = 1
id = "tiny"
title = "A tiny image"
summary = "Pin the base of a tiny image."
minutes = 5
files = ["Dockerfile", ".dockerignore", "*.sh"]

[build]
bases = ["python:3.11-slim"]

[[checks]]
use = "unpinned-base"
points = 2

[[checks]]
use = "shell-form-command"
"""

OTHER = (
    TINY.replace('"tiny"', '"other"').replace("A tiny image", "Another image")
    + """
[[checks]]
use = "build-fails"
"""
)

STARTER = 'FROM python\nCOPY app.py /app.py\nCMD ["python", "/app.py"]\n'
SOLUTION = 'FROM python:3.11-slim\nCOPY app.py /app.py\nCMD ["python", "/app.py"]\n'

HINTS = """\
# Hints

## 1 A question
Which tag did you write?

## 2 The concept
A tag pins a version:

```
## 3 not a heading
```

## 3 Almost
Write a colon and a version.
"""


def write(path: Path, text: str) -> Path:
    """Write a text file, and the folders that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """The folder of a small course: levels 1 and 2, lessons 1.1, 1.2 and 2.1, exercises `tiny` and `other`.

    `tiny` is decided by the text of its Dockerfile alone; `other` also asks an engine for a build.
    """
    root = tmp_path / "content"
    write(root / "lessons" / "course.toml", COURSE)
    for slug, text in (("why", WHY), ("layers", LAYERS), ("data", DATA)):
        write(root / "lessons" / slug / "lesson.md", text)
    for slug, text in (("tiny", TINY), ("other", OTHER)):
        exercise = root / "exercises" / slug
        write(exercise / "exercise.toml", text)
        write(exercise / "hints.md", HINTS)
        write(exercise / "starter" / "Dockerfile", STARTER)
        write(exercise / "starter" / "app.py", "print('hello')\n")
        write(exercise / "solution" / "Dockerfile", SOLUTION)
        write(exercise / "solution" / "app.py", "print('hello')\n")
    return root


@pytest.fixture
def paths(content: Path, tmp_path: Path) -> Paths:
    """The small course with an empty state and an empty workspace."""
    return Paths(content=content, state=tmp_path / "state", workspace=tmp_path / "workspace")


@pytest.fixture
def now() -> Callable[[], datetime]:
    """A clock on the wall that stands still."""
    return lambda: datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


def no_engine() -> Engine:
    """What opening an engine does on a machine without one."""
    raise EngineUnavailable("No engine answers", hint="dockyard engine up")


@pytest.fixture
def make_session(paths: Paths, now: Callable[[], datetime]) -> Iterator[Callable[..., Session]]:
    """Makes sessions of the small course without an engine; each is closed after the test."""
    made: list[Session] = []

    def make(*, open_engine: Callable[[], Engine] = no_engine, unlock_all: bool = False) -> Session:
        session = Session(
            paths,
            environ={"HOME": os.environ["HOME"]},
            open_engine=open_engine,
            unlock_all=unlock_all,
            now=now,
            nonce=lambda: "0123456789abcdef",
        )
        made.append(session)
        return session

    yield make
    for session in made:
        session.close()


@pytest.fixture
def session(make_session: Callable[..., Session]) -> Session:
    """A session of the small course, with nothing done and no engine."""
    return make_session()
