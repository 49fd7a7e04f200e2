"""Versions of what is installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graders.check import AnyCheck
from graders.checks.dockerfile.unpinned_requirement import CHECK

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]
Ask = Callable[..., list[Any]]

CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    (
        "commented_out",
        ("FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"),
        {"requirements.txt": "# six\nsix==1.16.0 # six>=1\n"},
        [],
    ),
    ("stage_that_nothing_is_taken_from", "FROM a AS t\nRUN pip install six\nFROM python:3.11-slim\n", {}, []),
    ("word_in_a_string", "FROM python:3.11-slim\nRUN echo pip install six\n", {}, []),
    ("variable_hides_the_name", "FROM python:3.11-slim\nARG W=six\nRUN pip install $W\n", {}, [3]),
    ("variable_hides_the_version", ("FROM python:3.11-slim\nARG V=1.16.0\nRUN pip install six==$V\n"), {}, []),
    ("variable_without_a_value", "FROM python:3.11-slim\nRUN pip install $W\n", {}, [0]),
    ("onbuild", "FROM python:3.11-slim\nONBUILD RUN pip install six\n", {}, []),
    ("heredoc", ("FROM python:3.11-slim\nRUN <<EOF\npip install six==1.16.0\npip3 install joblib\nEOF\n"), {}, [4]),
    ("mixed_case_env_prefix", ("FROM python:3.11-slim\nrun PIP_NO_CACHE_DIR=1 python3 -m pip install Six\n"), {}, [2]),
    (
        "range",
        ("FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"),
        {"requirements.txt": "six>=1.16,<2\n"},
        [1],
    ),
    (
        "wildcard",
        ("FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"),
        {"requirements.txt": "six==1.*\n"},
        [1],
    ),
    (
        "included",
        ("FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"),
        {"requirements.txt": "-r more/a.txt\n", "more/a.txt": "-r b.txt\n", "more/b.txt": "six\n"},
        [1],
    ),
    (
        "included_in_a_circle",
        ("FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"),
        {"requirements.txt": "-r requirements.txt\nsix==1\n"},
        [],
    ),
    (
        "marker_with_a_version",
        ("FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"),
        {"requirements.txt": "six; python_version == '3.11'\n"},
        [1],
    ),
    (
        "hash_and_continuation",
        ("FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"),
        {"requirements.txt": "six==1.16.0 \\\n  --hash=sha256:00\n"},
        [],
    ),
    (
        "held_by_constraints",
        ("FROM python:3.11-slim\nCOPY . .\nRUN uv pip install -r requirements.txt --constraint=c.txt\n"),
        {"requirements.txt": "Six\n", "c.txt": "six==1.16.0\n"},
        [],
    ),
    (
        "constraints_without_it",
        ("FROM python:3.11-slim\nCOPY . .\nRUN pip install -r requirements.txt -c c.txt\n"),
        {"requirements.txt": "six\n", "c.txt": "joblib==1\n"},
        [1],
    ),
    (
        "branch",
        ("FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"),
        {"requirements.txt": "git+https://example.org/a.git@main#egg=a\n"},
        [1],
    ),
    (
        "commit",
        ("FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"),
        {"requirements.txt": "git+https://example.org/a.git@3f2a1b0#egg=a\n"},
        [],
    ),
    (
        "ignored_file",
        ("FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"),
        {"requirements.txt": "six\n", ".dockerignore": "requirements.txt\n"},
        [0],
    ),
    ("installer", ("FROM python:3.11-slim\nRUN pip install --upgrade pip setuptools wheel\n"), {}, []),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong


def test_compatible_release_is_enough_when_allowed(ask: Ask) -> None:
    """An exercise may accept later patches."""
    text = "FROM a\nRUN pip install six~=1.16.0\n"

    assert 1 == len(ask(CHECK, text))
    assert [] == ask(CHECK, text, compatible=True)


def test_what_stands_in_a_file_is_blamed_on_its_line(ask: Ask) -> None:
    """Each file has a finding of its own, at its first open line; the command line has the Dockerfile's."""
    text = "FROM python:3.11-slim\nCOPY . .\nRUN pip install -r requirements.txt \\\n    flask\n"
    files = {"requirements.txt": "# these\nsix==1.16.0\njoblib\n-r more.txt\n", "more.txt": "\nb>=1\na>=1\n"}
    findings = ask(CHECK, text, files)

    assert [("Dockerfile", 3), ("requirements.txt", 3), ("more.txt", 2)] == [(one.file, one.line) for one in findings]
    assert '"joblib" (requirements.txt, line 3)' in findings[1].message
