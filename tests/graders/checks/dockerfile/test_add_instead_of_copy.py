"""ADD that only copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graders.check import AnyCheck
from graders.checks.dockerfile.add_instead_of_copy import CHECK

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]

CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    ("commented_out", "FROM python:3.11-slim\n# ADD a /a\nCOPY a /a\n", {}, []),
    ("stage_that_nothing_is_taken_from", "FROM a AS t\nADD a /a\nFROM python:3.11-slim\n", {}, []),
    ("word_in_a_string", "FROM python:3.11-slim\nRUN echo 'ADD a /a'\n", {}, []),
    ("variable_hides_an_archive", "FROM python:3.11-slim\nARG A=a.tar.gz\nADD $A /a\n", {}, []),
    ("variable_hides_a_file", "FROM python:3.11-slim\nARG A=a.txt\nADD $A /a\n", {}, [3]),
    ("variable_without_a_value", "FROM python:3.11-slim\nADD $A /a\n", {}, [0]),
    ("onbuild", "FROM python:3.11-slim\nONBUILD ADD a /a\n", {}, []),
    ("heredoc", "FROM python:3.11-slim\nRUN <<EOF\nADD a /a\nEOF\n", {}, []),
    ("mixed_case_and_flags", "FROM python:3.11-slim\naDd --chown=1:1 --chmod=644 a /a\n", {}, [2]),
    ("list", 'FROM python:3.11-slim\nADD ["a b", "/a"]\n', {}, [2]),
    ("address", "FROM python:3.11-slim\nADD https://example.org/a.txt /a\n", {}, []),
    ("name_like_an_address", "FROM python:3.11-slim\nADD https/a.txt /a\n", {}, [2]),
    ("zip_is_not_unpacked", "FROM python:3.11-slim\nADD a.zip /a\n", {}, [2]),
    ("archive_and_a_file", "FROM python:3.11-slim\nADD a.tgz b.txt /a/\n", {}, [2]),
    ("name_of_an_archive_in_the_target", "FROM python:3.11-slim\nADD a /a.tar.gz\n", {}, [2]),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong
