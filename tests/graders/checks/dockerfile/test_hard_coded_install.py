"""Packages named in the Dockerfile beside a list of requirements."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graders.check import AnyCheck
from graders.checks.dockerfile.hard_coded_install import CHECK

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]

CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    (
        "commented_out",
        "FROM python:3.11-slim\n# RUN pip install six\n",
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [],
    ),
    (
        "stage_that_nothing_is_taken_from",
        "FROM a AS t\nRUN pip install six\nFROM python:3.11-slim\n",
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [],
    ),
    (
        "word_in_a_string",
        ("FROM python:3.11-slim\nRUN echo pip install six # pip install six\n"),
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [],
    ),
    (
        "variable_hides_the_name",
        ("FROM python:3.11-slim\nENV WHAT=six\nRUN pip install $WHAT\n"),
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [3],
    ),
    (
        "variable_without_a_value",
        "FROM python:3.11-slim\nRUN pip install $WHAT\n",
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [0],
    ),
    (
        "onbuild",
        "FROM python:3.11-slim\nONBUILD RUN pip install six\n",
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [],
    ),
    (
        "heredoc",
        "FROM python:3.11-slim\nRUN <<EOF\npip install six\nEOF\n",
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [3],
    ),
    (
        "mixed_case",
        ("FROM python:3.11-slim\nrun PIP_NO_CACHE_DIR=1 pip3 install six\n"),
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [2],
    ),
    (
        "subshell_in_sh_c",
        ("FROM python:3.11-slim\nRUN sh -c 'cd /a; (python -m pip install six)'\n"),
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [2],
    ),
    (
        "beside_the_file",
        ("FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt gunicorn==22.0.0\n"),
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [3],
    ),
    (
        "list_of_another_name",
        "FROM python:3.11-slim\nRUN pip install six\n",
        {"reqs/requirements-prod.txt": "six\n"},
        [2],
    ),
    ("no_list_at_all", "FROM python:3.11-slim\nRUN pip install six\n", {}, []),
    (
        "installers",
        ("FROM python:3.11-slim\nRUN pip install -U pip 'setuptools>=70' wheel uv\n"),
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [],
    ),
    (
        "local_project",
        ("FROM python:3.11-slim\nRUN pip install . && pip install --no-deps -e /app\n"),
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [],
    ),
    (
        "xargs",
        ("FROM python:3.11-slim\nCOPY requirements.txt .\nRUN xargs pip install < requirements.txt\n"),
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [],
    ),
    (
        "echoed_list",
        ("FROM python:3.11-slim\nRUN printf 'six\\n' > /r.txt && pip install -r /r.txt\n"),
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [2],
    ),
    ("uv_add", "FROM python:3.11-slim\nRUN uv add six\n", {"uv.lock": ""}, [2]),
    ("uv_sync", "FROM python:3.11-slim\nRUN uv sync --frozen\n", {"uv.lock": ""}, []),
    (
        "exported_list",
        ("FROM python:3.11-slim\nRUN poetry export > r.txt && pip install -r r.txt\n"),
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [],
    ),
    (
        "builder",
        ("FROM a AS b\nRUN pip install -t /deps six\nFROM python:3.11-slim\nCOPY --from=b /deps /deps\n"),
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [2],
    ),
    (
        "cython_for_a_build",
        ("FROM a AS b\nRUN pip install cython && pip wheel .\nFROM python:3.11-slim\nCOPY --from=b /w /w\n"),
        {"requirements.txt": "six==1.16.0\njoblib==1.4.2\n"},
        [],
    ),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong
