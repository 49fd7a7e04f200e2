"""WORKDIR and what it is relative to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graders.check import AnyCheck
from graders.checks.dockerfile.relative_workdir import CHECK

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]

CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    ("commented_out", "FROM python:3.11-slim\n# WORKDIR /app\nWORKDIR app\n", {}, [3]),
    ("stage_that_nothing_is_taken_from", "FROM a AS t\nWORKDIR app\nFROM python:3.11-slim\n", {}, []),
    ("builder", ("FROM a AS b\nWORKDIR app\nFROM python:3.11-slim\nCOPY --from=b /app /app\n"), {}, [2]),
    ("word_in_a_string", ("FROM python:3.11-slim\nRUN echo WORKDIR app\nLABEL a='WORKDIR app'\n"), {}, []),
    ("variable_hides_the_value", "FROM python:3.11-slim\nENV W=app\nWORKDIR $W\n", {}, [3]),
    ("variable_with_a_full_path", "FROM python:3.11-slim\nARG W=/app\nWORKDIR ${W}/src\n", {}, []),
    ("variable_without_a_value", "FROM python:3.11-slim\nWORKDIR $W\n", {}, [0]),
    ("onbuild", "FROM python:3.11-slim\nONBUILD WORKDIR app\n", {}, []),
    ("heredoc", "FROM python:3.11-slim\nRUN <<EOF\nWORKDIR app\nEOF\n", {}, []),
    ("mixed_case_and_quotes", 'FROM python:3.11-slim\nworkDir "app"\n', {}, [2]),
    ("below_a_full_one", ("FROM python:3.11-slim\nWORKDIR /srv\nWORKDIR app\nWORKDIR ../lib\n"), {}, []),
    ("full_one_too_late", "FROM python:3.11-slim\nWORKDIR app\nWORKDIR /srv\n", {}, [2]),
    (
        "full_one_in_another_stage",
        ("FROM a AS b\nWORKDIR /srv\nFROM python:3.11-slim\nWORKDIR app\nCOPY --from=b /a /a\n"),
        {},
        [4],
    ),
    ("full_one_in_the_parent", "FROM a AS p\nWORKDIR /srv\nFROM P\nWORKDIR app\n", {}, []),
    ("tilde_and_dot", "FROM python:3.11-slim\nWORKDIR ~\nWORKDIR .\n", {}, [2, 3]),
    ("cd_is_no_workdir", "FROM python:3.11-slim\nRUN cd /srv\nWORKDIR app\n", {}, [3]),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong
