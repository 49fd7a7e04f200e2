"""What is installed twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graders.check import AnyCheck
from graders.checks.dockerfile.duplicate_install import CHECK

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]

CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    ("commented_out", ("FROM python:3.11-slim\nRUN pip install six\n# RUN pip install six\n"), {}, []),
    (
        "stage_that_nothing_is_taken_from",
        ("FROM a AS t\nRUN pip install six\nRUN pip install six\nFROM python:3.11-slim\n"),
        {},
        [],
    ),
    ("word_in_a_string", ("FROM python:3.11-slim\nRUN pip install six && echo pip install six\n"), {}, []),
    (
        "variable_hides_the_name",
        ("FROM python:3.11-slim\nARG WHAT=six\nRUN pip install six\nRUN pip install $WHAT\n"),
        {},
        [4],
    ),
    ("onbuild", ("FROM python:3.11-slim\nRUN pip install six\nONBUILD RUN pip install six\n"), {}, []),
    ("heredoc", ("FROM python:3.11-slim\nRUN <<EOF\npip install six\npip install six\nEOF\n"), {}, [4]),
    (
        "mixed_case",
        ("FROM python:3.11-slim\nrun pip install Scikit_Learn\nRUN pip3 install scikit-learn==1.5\n"),
        {},
        [3],
    ),
    (
        "same_file_by_two_paths",
        (
            "FROM python:3.11-slim\n"
            "WORKDIR /a\n"
            "COPY requirements.txt .\n"
            "RUN pip install -r requirements.txt\n"
            "RUN cd / && uv pip install -r a/requirements.txt\n"
        ),
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [5],
    ),
    (
        "same_file_under_two_names",
        (
            "FROM python:3.11-slim\n"
            "COPY requirements.txt /a.txt\n"
            "COPY requirements.txt /b.txt\n"
            "RUN pip install -r /a.txt\n"
            "RUN pip install -r /b.txt\n"
        ),
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [5],
    ),
    (
        "named_after_the_file",
        (
            "FROM python:3.11-slim\n"
            "COPY requirements.txt .\n"
            "RUN pip install -r requirements.txt\n"
            "RUN python -m pip install joblib\n"
        ),
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [4],
    ),
    ("parent_stage", ("FROM a AS p\nRUN pip install six\nFROM p\nRUN pip install six\n"), {}, [4]),
    ("two_environments", ("FROM python:3.11-slim\nRUN /a/bin/pip install six\nRUN /b/bin/pip install six\n"), {}, []),
    ("two_targets", ("FROM python:3.11-slim\nRUN pip install -t /a six\nRUN pip install -t /b six\n"), {}, []),
    (
        "index_of_its_own",
        (
            "FROM python:3.11-slim\n"
            "COPY requirements.txt .\n"
            "RUN pip install six --index-url https://example.org/cpu\n"
            "RUN pip install -r requirements.txt\n"
        ),
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [],
    ),
    (
        "a_layer_each",
        ("FROM python:3.11-slim\nRUN pip install six\nRUN pip install joblib\nRUN pip install flask\n"),
        {},
        [3, 4],
    ),
    ("one_run", ("FROM python:3.11-slim\nRUN pip install six && pip install joblib\n"), {}, []),
    (
        "files_by_how_often_they_change",
        ("FROM python:3.11-slim\nRUN pip install -r base.txt\nRUN pip install -r app.txt\n"),
        {},
        [],
    ),
    ("upgraded_installer", ("FROM python:3.11-slim\nRUN pip install -U pip\nRUN pip install -U pip wheel\n"), {}, []),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong
