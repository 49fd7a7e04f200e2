"""Relative paths in ENV."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graders.check import AnyCheck
from graders.checks.dockerfile.relative_env_path import CHECK

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]

CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    ("commented_out", ("FROM python:3.11-slim\nWORKDIR /app\n# ENV MODEL_PATH=./m.json\n"), {}, []),
    ("stage_that_nothing_is_taken_from", ("FROM a AS t\nENV MODEL_PATH=./m.json\nFROM python:3.11-slim\n"), {}, []),
    ("word_in_a_string", ("FROM python:3.11-slim\nWORKDIR /app\nRUN echo 'ENV MODEL_PATH=./m.json'\n"), {}, []),
    (
        "variable_hides_the_value",
        ("FROM python:3.11-slim\nWORKDIR /app\nARG M=models/m.json\nENV MODEL_PATH=${M}\n"),
        {},
        [4],
    ),
    (
        "variable_of_a_full_path",
        ("FROM python:3.11-slim\nWORKDIR /app\nENV HOME_DIR=/srv\nENV MODEL_PATH=$HOME_DIR/m.json\n"),
        {},
        [],
    ),
    (
        "variable_without_a_value",
        ("FROM python:3.11-slim\nWORKDIR /app\nENV MODEL_PATH=${BASE}models/m.json\n"),
        {},
        [0],
    ),
    (
        "default_of_a_variable",
        ("FROM python:3.11-slim\nWORKDIR /app\nENV MODEL_PATH=${BASE:-models/m.json}\n"),
        {},
        [3],
    ),
    ("onbuild", ("FROM python:3.11-slim\nWORKDIR /app\nONBUILD ENV MODEL_PATH=./m.json\n"), {}, []),
    ("heredoc", ("FROM python:3.11-slim\nWORKDIR /app\nRUN <<EOF\nENV MODEL_PATH=./m.json\nEOF\n"), {}, []),
    ("mixed_case_old_form", ("FROM python:3.11-slim\nWORKDIR /app\neNv MODEL_PATH ./m.json\n"), {}, [3]),
    (
        "exact_line_of_many",
        (
            "FROM python:3.11-slim\n"
            "WORKDIR /app\n"
            "ENV A=1 \\\n"
            "    # MODEL_PATH=/m.json\n"
            "    MODEL_PATH=./m.json \\\n"
            "    B=2\n"
        ),
        {},
        [5],
    ),
    (
        "mended_later",
        ("FROM python:3.11-slim\nWORKDIR /app\nENV MODEL_PATH=./m.json\nENV MODEL_PATH=/app/m.json\n"),
        {},
        [],
    ),
    (
        "broken_later",
        ("FROM python:3.11-slim\nWORKDIR /app\nENV MODEL_PATH=/app/m.json\nENV MODEL_PATH=app/m.json\n"),
        {},
        [4],
    ),
    ("parent_stage", "FROM a AS p\nENV MODEL_PATH=m/m.json\nFROM p\n", {}, [2]),
    ("tilde", ("FROM python:3.11-slim\nWORKDIR /app\nENV MODEL_PATH=~/m.json\n"), {}, [3]),
    (
        "quoted",
        ("FROM python:3.11-slim\nWORKDIR /app\nENV MODEL_PATH='models/my model.json' CONFIG_DIR=\"conf\"\n"),
        {},
        [3],
    ),
    ("list_of_folders", ("FROM python:3.11-slim\nWORKDIR /app\nENV PYTHONPATH=/app:/app/src:lib\n"), {}, [3]),
    (
        "search_path",
        ("FROM python:3.11-slim\nWORKDIR /app\nENV PATH=$PATH:/opt/bin PYTHONPATH=${PYTHONPATH}:/app\n"),
        {},
        [],
    ),
    (
        "folder_of_the_submission",
        ("FROM python:3.11-slim\nWORKDIR /app\nENV WEIGHTS=models/v1\n"),
        {"models/v1/m.bin": "x"},
        [3],
    ),
    (
        "hub_names_and_addresses",
        (
            "FROM python:3.11-slim\n"
            "WORKDIR /app\n"
            "ENV MODEL_NAME=acme/bert HF_MODEL_ID=acme/b.bin MODEL_URL=models.example.org/m.json\n"
        ),
        {},
        [],
    ),
    (
        "modules_and_routes",
        (
            "FROM python:3.11-slim\n"
            "WORKDIR /app\n"
            "ENV APP_MODULE=src.app:app API_BASE_PATH=v1/x HEALTH_PATH=healthz "
            "FLASK_APP=src/app.py\n"
        ),
        {},
        [],
    ),
    (
        "bare_file_name",
        (
            "FROM python:3.11-slim\n"
            "WORKDIR /app\n"
            "ENV MODEL_FILE=m.json MODEL_NAME=m.json TZ=Europe/Berlin CONTENT_TYPE=text/csv\n"
        ),
        {},
        [],
    ),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong
