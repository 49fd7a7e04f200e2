"""Build tools in the final image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graders.check import AnyCheck
from graders.checks.dockerfile.single_stage import CHECK

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]
Ask = Callable[..., list[Any]]

CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    ("commented_out", ("FROM python:3.11-slim\n# RUN apt-get update && apt-get install -y gcc\n"), {}, []),
    (
        "stage_that_nothing_is_taken_from",
        ("FROM a AS t\nRUN apt-get update && apt-get install -y gcc\nFROM python:3.11-slim\n"),
        {},
        [],
    ),
    (
        "builder",
        ("FROM a AS b\nRUN apt-get update && apt-get install -y gcc\nFROM python:3.11-slim\nCOPY --from=b /v /v\n"),
        {},
        [],
    ),
    ("word_in_a_string", ("FROM python:3.11-slim\nRUN echo apt-get install gcc # apt-get install gcc\n"), {}, []),
    (
        "variable_hides_the_name",
        ("FROM python:3.11-slim\nENV T=build-essential\nRUN apt-get update && apt-get install -y $T\n"),
        {},
        [3],
    ),
    ("onbuild", ("FROM python:3.11-slim\nONBUILD RUN apt-get update && apt-get install -y gcc\n"), {}, []),
    ("heredoc", ("FROM python:3.11-slim\nRUN <<EOF\nset -e\napt-get install -y gcc\nEOF\n"), {}, [4]),
    ("mixed_case_and_apt", ("FROM python:3.11-slim\nrun apt -yqq install libssl-dev=3.0 curl\n"), {}, [2]),
    ("sh_c", ("FROM python:3.11-slim\nRUN sh -c '(apt-get -y install cmake)'\n"), {}, [2]),
    (
        "final_is_the_builder",
        ("FROM a AS builder\nRUN apt-get update && apt-get install -y gcc\nFROM builder\nCMD x\n"),
        {},
        [2],
    ),
    (
        "purged_in_the_same_run",
        (
            "FROM python:3.11-slim\n"
            "RUN apt-get update && apt-get install -y gcc libpq-dev && make && apt-get purge -y "
            "--auto-remove gcc 'libpq*'\n"
        ),
        {},
        [],
    ),
    (
        "purged_in_part",
        ("FROM python:3.11-slim\nRUN apt-get update && apt-get install -y gcc make && apt-get purge -y make\n"),
        {},
        [2],
    ),
    (
        "purged_a_line_later",
        ("FROM python:3.11-slim\nRUN apt-get update && apt-get install -y gcc\nRUN apt-get purge -y gcc\n"),
        {},
        [2],
    ),
    ("apk_bundle", ("FROM alpine\nRUN apk add --no-cache -t .b gcc && apk del .b\n"), {}, []),
    (
        "run_time_libraries",
        ("FROM python:3.11-slim\nRUN apt-get update && apt-get install -y libpq5 libgomp1 developers-tools\n"),
        {},
        [],
    ),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong


def test_second_stage_is_asked_for_in_any_case(ask: Ask) -> None:
    """With `always`, a stage that nothing is taken from is none."""
    text = "FROM a AS b\nRUN make\nFROM a\n"

    assert [3] == [answer.line for answer in ask(CHECK, text, always=True)]
    assert [] == ask(CHECK, text + "COPY --from=b /a /a\n", always=True)
