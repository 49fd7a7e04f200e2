"""Labels in vain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graders.check import AnyCheck
from graders.checks.dockerfile.missing_label import CHECK

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]
Ask = Callable[..., list[Any]]

CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    ("commented_out", "FROM python:3.11-slim\n# LABEL a=\nLABEL a=b\n", {}, []),
    ("stage_that_nothing_is_taken_from", "FROM a AS t\nLABEL a=\nFROM python:3.11-slim\n", {}, []),
    ("word_in_a_string", "FROM python:3.11-slim\nRUN echo LABEL a= MAINTAINER me\n", {}, []),
    ("variable_hides_the_value", "FROM python:3.11-slim\nARG V=''\nLABEL a=$V\n", {}, [3]),
    ("variable_without_a_value", "FROM python:3.11-slim\nARG V\nLABEL a=$V\n", {}, [0]),
    ("onbuild", "FROM python:3.11-slim\nONBUILD LABEL a=\n", {}, []),
    ("heredoc", "FROM python:3.11-slim\nRUN <<EOF\nLABEL a=\nEOF\n", {}, []),
    ("mixed_case", "FROM python:3.11-slim\nmaintainer me\nlAbel a=\n", {}, [3, 2]),
    ("exact_line_of_many", 'FROM python:3.11-slim\nLABEL a=b \\\n  c="" \\\n  d=e\n', {}, [3]),
    ("mended_later", "FROM python:3.11-slim\nLABEL a=\nLABEL a=b\n", {}, []),
    ("misspelt_key", ("FROM python:3.11-slim\nLABEL org.opencontainers.image.licence=MIT\n"), {}, [2]),
    ("key_of_ones_own", "FROM python:3.11-slim\nLABEL org.example.anything=x\n", {}, []),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong


def test_label_that_is_asked_for_is_missed(ask: Ask) -> None:
    """An exercise names the labels; one that is nearly there is pointed at."""
    answers = ask(CHECK, "FROM a\nLABEL verson=1 team=x\n", labels=("version", "team"))

    assert [(2, "LABEL version=...")] == [(answer.line, answer.expected) for answer in answers]


def test_label_of_an_unused_stage_is_missed(ask: Ask) -> None:
    """Only what the final image carries counts."""
    answers = ask(CHECK, "FROM a AS b\nLABEL version=1\nFROM a\n# LABEL version=1\n", labels=("version",))

    assert [3] == [answer.line for answer in answers]
