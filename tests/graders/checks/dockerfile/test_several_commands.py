"""Commands that a later one makes void."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graders.check import AnyCheck
from graders.checks.dockerfile.several_commands import CHECK

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]

CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    ("commented_out", "FROM python:3.11-slim\n# CMD a\nCMD b\n", {}, []),
    ("stage_that_nothing_is_taken_from", "FROM a AS t\nCMD a\nCMD b\nFROM python:3.11-slim\nCMD c\n", {}, []),
    ("builder", ("FROM a AS b\nCMD a\nCMD b\nFROM python:3.11-slim\nCOPY --from=b /a /a\n"), {}, []),
    ("word_in_a_string", "FROM python:3.11-slim\nRUN echo 'CMD a'\nCMD echo CMD b\n", {}, []),
    ("variable", "FROM python:3.11-slim\nENV CMD=a\nCMD $CMD\n", {}, []),
    ("onbuild", "FROM python:3.11-slim\nONBUILD CMD a\nCMD b\n", {}, []),
    ("onbuild_of_the_parent", "FROM python:3.11-slim AS t\nONBUILD CMD a\nFROM t\nCMD b\n", {}, []),
    ("heredoc", ("FROM python:3.11-slim\nRUN <<EOF\nCMD a\nCMD b\nEOF\nCMD c\n"), {}, []),
    ("mixed_case", "FROM python:3.11-slim\ncmd a\nCmd b\nCMD c\n", {}, [2, 3]),
    ("same_text_twice", 'FROM python:3.11-slim\nCMD ["a"]\nRUN true\nCMD ["a"]\n', {}, [2]),
    ("entrypoint", ('FROM python:3.11-slim\nENTRYPOINT ["a"]\nENTRYPOINT ["b"]\nCMD ["c"]\n'), {}, [2]),
    ("long_first_one", 'FROM python:3.11-slim\nCMD ["a", \\\n  "b"]\nCMD ["c"]\n', {}, [2]),
    ("parent_is_replaced", "FROM a AS p\nCMD a\nFROM p\nCMD b\n", {}, []),
    ("two_in_the_parent", "FROM a AS p\nCMD a\nCMD b\nFROM p\nCMD c\n", {}, [2]),
    ("healthcheck", ("FROM python:3.11-slim\nHEALTHCHECK NONE\nHEALTHCHECK CMD a\n"), {}, [2]),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong
