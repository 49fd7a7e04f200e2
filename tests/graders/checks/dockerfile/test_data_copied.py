"""Data in the image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graders.check import AnyCheck
from graders.checks.dockerfile.data_copied import CHECK

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]
Ask = Callable[..., list[Any]]

CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    (
        "commented_out",
        "FROM python:3.11-slim\n# COPY . .\nCOPY app.py .\n",
        {"app.py": "x", "data/a.csv": "1\n", "models/m.pkl": "x", "labels.csv": "a\n"},
        [],
    ),
    (
        "stage_that_nothing_is_taken_from",
        "FROM a AS t\nCOPY . /a\nFROM python:3.11-slim\n",
        {"app.py": "x", "data/a.csv": "1\n", "models/m.pkl": "x", "labels.csv": "a\n"},
        [],
    ),
    (
        "word_in_a_string",
        "FROM python:3.11-slim\nRUN echo COPY data data\n",
        {"app.py": "x", "data/a.csv": "1\n", "models/m.pkl": "x", "labels.csv": "a\n"},
        [],
    ),
    (
        "variable_hides_the_name",
        "FROM python:3.11-slim\nARG W=data\nCOPY ${W} /d\n",
        {"app.py": "x", "data/a.csv": "1\n", "models/m.pkl": "x", "labels.csv": "a\n"},
        [3],
    ),
    ("variable_without_a_value", "FROM python:3.11-slim\nCOPY $W /d\n", {}, [0]),
    (
        "onbuild",
        "FROM python:3.11-slim\nONBUILD COPY . .\n",
        {"app.py": "x", "data/a.csv": "1\n", "models/m.pkl": "x", "labels.csv": "a\n"},
        [],
    ),
    (
        "heredoc",
        "FROM python:3.11-slim\nCOPY <<EOF /data/a.csv\n1\nEOF\n",
        {"app.py": "x", "data/a.csv": "1\n", "models/m.pkl": "x", "labels.csv": "a\n"},
        [],
    ),
    (
        "mixed_case",
        "FROM python:3.11-slim\ncopy . /app\n",
        {"app.py": "x", "data/a.csv": "1\n", "models/m.pkl": "x", "labels.csv": "a\n"},
        [2],
    ),
    (
        "add",
        "FROM python:3.11-slim\nADD data/ /data/\n",
        {"app.py": "x", "data/a.csv": "1\n", "models/m.pkl": "x", "labels.csv": "a\n"},
        [2],
    ),
    (
        "ignored",
        "FROM python:3.11-slim\nCOPY . .\n",
        {"app.py": "x", "data/a.csv": "1\n", "models/m.pkl": "x", "labels.csv": "a\n", ".dockerignore": "**/*.csv\n"},
        [],
    ),
    (
        "brought_back",
        "FROM python:3.11-slim\nCOPY . .\n",
        {
            "app.py": "x",
            "data/a.csv": "1\n",
            "models/m.pkl": "x",
            "labels.csv": "a\n",
            ".dockerignore": "data\n!data/a.csv\n",
        },
        [2],
    ),
    (
        "deleted_later",
        "FROM python:3.11-slim\nCOPY . .\nRUN rm -r data\n",
        {"app.py": "x", "data/a.csv": "1\n", "models/m.pkl": "x", "labels.csv": "a\n"},
        [2],
    ),
    (
        "builder_that_ships_a_model",
        ("FROM a AS b\nCOPY data /w/data\nFROM python:3.11-slim\nCOPY --from=b /w/m.pkl /m.pkl\n"),
        {"app.py": "x", "data/a.csv": "1\n", "models/m.pkl": "x", "labels.csv": "a\n"},
        [],
    ),
    (
        "builder_that_ships_its_folder",
        ("FROM a AS b\nWORKDIR /w\nCOPY data data\nFROM python:3.11-slim\nCOPY --from=b /w /w\n"),
        {"app.py": "x", "data/a.csv": "1\n", "models/m.pkl": "x", "labels.csv": "a\n"},
        [3],
    ),
    (
        "builder_that_ships_the_data",
        ("FROM a AS b\nCOPY . /w\nFROM python:3.11-slim\nCOPY --from=b /w/data /d\n"),
        {"app.py": "x", "data/a.csv": "1\n", "models/m.pkl": "x", "labels.csv": "a\n"},
        [2],
    ),
    (
        "bind_mount",
        ("FROM python:3.11-slim\nRUN --mount=type=bind,source=data,target=/d train\n"),
        {"app.py": "x", "data/a.csv": "1\n", "models/m.pkl": "x", "labels.csv": "a\n"},
        [],
    ),
    ("notebook", "FROM python:3.11-slim\nCOPY look.ipynb /\n", {"look.ipynb": "{}"}, [2]),
    (
        "small_table",
        "FROM python:3.11-slim\nCOPY labels.csv /\n",
        {"app.py": "x", "data/a.csv": "1\n", "models/m.pkl": "x", "labels.csv": "a\n"},
        [],
    ),
    (
        "large_table_without_a_folder",
        "FROM python:3.11-slim\nCOPY *.csv /\n",
        {
            "t.csv": "1,2\n" * 5000,
        },
        [2],
    ),
    ("code_in_a_package_named_data", "FROM python:3.11-slim\nCOPY src /src\n", {"src/data/load.py": "x"}, []),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong


def test_file_that_the_program_needs_is_allowed(ask: Ask) -> None:
    """An exercise names what looks like data and is none."""
    files = {"data/vocabulary.csv": "a\n"}

    assert 1 == len(ask(CHECK, "FROM a\nCOPY . .\n", files))
    assert [] == ask(CHECK, "FROM a\nCOPY . .\n", files, allowed=("data/vocabulary.csv",))
