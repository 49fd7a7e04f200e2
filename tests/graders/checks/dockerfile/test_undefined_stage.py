"""Names of stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graders.check import AnyCheck
from graders.checks.dockerfile.undefined_stage import CHECK

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]

CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    ("commented_out", ("# FROM a AS builder\nFROM python:3.11-slim\nCOPY --from=builder /a /a\n"), {}, [3]),
    ("stage_that_nothing_is_taken_from", ("FROM a AS t\nCOPY --from=builder /a /a\nFROM python:3.11-slim\n"), {}, []),
    ("word_in_a_string", ("FROM python:3.11-slim\nRUN echo COPY --from=builder /a /a\n"), {}, []),
    ("variable", ("FROM a AS builder\nFROM python:3.11-slim\nARG S=builder\nCOPY --from=$S /a /a\n"), {}, [4]),
    ("onbuild", ("FROM python:3.11-slim\nONBUILD COPY --from=builder /a /a\n"), {}, []),
    ("heredoc", ("FROM python:3.11-slim\nRUN <<EOF\nCOPY --from=builder /a /a\nEOF\n"), {}, []),
    (
        "mixed_case",
        ("FROM python:3.11-slim AS builder\nRUN true\nFROM python:3.11-slim\ncopy --from=BuilDer /a /a\n"),
        {},
        [],
    ),
    (
        "misspelt",
        ("FROM python:3.11-slim AS builder\nRUN true\nFROM python:3.11-slim\nCOPY --from=buidler /a /a\n"),
        {},
        [4],
    ),
    (
        "number",
        (
            "FROM python:3.11-slim AS builder\n"
            "RUN true\n"
            "FROM python:3.11-slim\n"
            "COPY --from=0 /a /a\n"
            "COPY --from=2 /a /a\n"
        ),
        {},
        [5],
    ),
    ("later_stage", ("FROM a AS one\nCOPY --from=two /a /a\nFROM b AS two\nFROM one\n"), {}, [2]),
    ("itself", "FROM a AS one\nCOPY --from=one /a /a\n", {}, [2]),
    (
        "mount",
        (
            "FROM python:3.11-slim AS builder\n"
            "RUN true\n"
            "FROM python:3.11-slim\n"
            "RUN --mount=from=bulider,target=/a true\n"
        ),
        {},
        [4],
    ),
    (
        "image",
        (
            "FROM python:3.11-slim AS builder\n"
            "RUN true\n"
            "FROM python:3.11-slim\n"
            "COPY --from=ghcr.io/a/b:1 /a /a\n"
            "COPY --from=nginx /a /a\n"
        ),
        {},
        [],
    ),
    (
        "lone_word",
        ("FROM python:3.11-slim AS builder\nRUN true\nFROM python:3.11-slim\nCOPY --from=assets /a /a\n"),
        {},
        [0],
    ),
    ("from_misspelt", "FROM python:3.11-slim AS common\nFROM comon\n", {}, [2]),
    ("name_in_quotes_of_a_comment", ("FROM python:3.11-slim\nCOPY --from=base /a /a # FROM a AS base\n"), {}, [2]),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong
