"""Owns the proof that missing-dockerignore says what it should, and no more; its samples are in the check."""

from __future__ import annotations

from collections.abc import Callable

from graders.check import Sample
from graders.checks.dockerfile.missing_dockerignore import CHECK

P = "FROM python:3.11-slim\n"

WANTED = (".env", ".git/config", "notebooks/look.ipynb", "data/raw.csv")
BAD = [
    ("", [None]),
    ("# .env\n# .git\n# notebooks\n# data\n", [None]),
    (".env\n.git\nnotebooks\n", [None]),
    ("*\n!.env\n", [None]),
    ("*\n!*\n", [None]),
    (".ENV\n.Git\nnotebooks\ndata\n", [None]),
    (".env*/\n.git\nnotebooks\ndata/*.CSV\n", [None]),
    (".env # secrets\n.git\nnotebooks\ndata\n", [None]),
    (".env .git notebooks data\n", [None]),
    ("\\#.env\n.git\nnotebooks\ndata\n", [None]),
    ("*\n!notebooks\nnotebooks/*.txt\n", [None]),
    ('".env"\n.git\nnotebooks\ndata\n', [None]),
    (".env\n.git\nnotebooks\ndata\n[\n", [None]),
    ("*.env\n.git\n*.ipynb\ndata\n", [None]),
]
GOOD = [
    ".env\n.git\nnotebooks\ndata\n",
    "*\n!src\n!requirements.txt\n",
    "**\n!src/**\n!requirements.txt\n",
    "**/.env*\n.git/\n**/*.ipynb\ndata/**\n",
    "/.env\n/.git\n./notebooks\n/data/\n",
    "# what stays\n*\n\n!src/*.py\n!requirements*.txt\r\n",
    "\ufeff.env\n.git\nnotebooks\ndata\n",
    ".e?v\n.g[i]t\nnotebooks/*\ndata/raw.*\n",
    "!x\n.*\nnotebooks\ndata\n",
    "*\n!data\ndata/raw.csv\n!notebooks\nnotebooks/\n",
]

WrongAnswers = Callable[..., dict[str, list[int | None]]]


def with_ignore_file(text: str) -> Sample:
    return Sample(P, files=((".dockerignore", text),), must_ignore=WANTED)


def test_answers_are_those_of_the_tables(wrong_answers: WrongAnswers) -> None:
    """Each fault on its line, however it is written; words that only look like one mean nothing."""
    assert {} == wrong_answers(CHECK, bad=BAD, good=GOOD, sample=with_ignore_file)
