"""Tools for developing, by every way in which they get in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graders.check import AnyCheck
from graders.checks.dockerfile.dev_dependency_installed import CHECK

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]
Ask = Callable[..., list[Any]]

CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    ("commented_out", "FROM python:3.11-slim\n# RUN pip install pytest\n", {}, []),
    ("stage_that_nothing_is_taken_from", ("FROM a AS t\nRUN pip install pytest\nFROM python:3.11-slim\n"), {}, []),
    ("word_in_a_string", ("FROM python:3.11-slim\nRUN echo 'pip install pytest' # pip install pytest\n"), {}, []),
    ("variable_hides_the_name", ("FROM python:3.11-slim\nARG WHAT=pytest\nRUN pip install ${WHAT}\n"), {}, [3]),
    ("variable_without_a_value", "FROM python:3.11-slim\nRUN pip install $WHAT\n", {}, [0]),
    ("onbuild", "FROM python:3.11-slim\nONBUILD RUN pip install pytest\n", {}, []),
    ("heredoc", ("FROM python:3.11-slim\nRUN <<EOF\ntrue\npip install pytest\nEOF\n"), {}, [4]),
    ("mixed_case", ("FROM python:3.11-slim\nrUn PIP_NO_INPUT=1 pip install PyTest\n"), {}, [2]),
    (
        "python_m_pip",
        ("FROM python:3.11-slim\nRUN true && \\\n  python3.11 -m pip install six \\\n  pytest\n"),
        {},
        [3],
    ),
    ("uv_pip", ("FROM python:3.11-slim\nRUN uv pip install --system ruff==0.6\n"), {}, [2]),
    ("sh_c_and_subshell", "FROM python:3.11-slim\nRUN sh -c '(pip3 install mypy)'\n", {}, [2]),
    (
        "renamed_file",
        (
            "FROM python:3.11-slim\n"
            "COPY requirements-dev.txt /tmp/requirements.txt\n"
            "RUN pip install -r /tmp/requirements.txt\n"
        ),
        {"requirements-dev.txt": "-r requirements.txt\npytest==8.3.2\n", "requirements.txt": "six==1.16.0\n"},
        [3],
    ),
    (
        "file_through_another_stage",
        (
            "FROM a AS s\n"
            "COPY requirements-dev.txt /r/all.txt\n"
            "FROM python:3.11-slim\n"
            "COPY --from=s /r /r\n"
            "RUN cd /r && pip install -r all.txt\n"
        ),
        {"requirements-dev.txt": "-r requirements.txt\npytest==8.3.2\n", "requirements.txt": "six==1.16.0\n"},
        [5],
    ),
    (
        "bind_mount",
        (
            "FROM python:3.11-slim\n"
            "RUN --mount=type=bind,source=requirements-dev.txt,target=/r.txt pip install -r "
            "/r.txt\n"
        ),
        {"requirements-dev.txt": "-r requirements.txt\npytest==8.3.2\n", "requirements.txt": "six==1.16.0\n"},
        [2],
    ),
    (
        "file_in_a_heredoc",
        ("FROM python:3.11-slim\nCOPY <<EOF /r.txt\nsix\nblack\nEOF\nRUN pip install -r /r.txt\n"),
        {},
        [6],
    ),
    (
        "cat_of_a_file",
        ("FROM python:3.11-slim\nWORKDIR /a\nCOPY . .\nRUN pip install $(cat requirements-dev.txt)\n"),
        {"requirements-dev.txt": "-r requirements.txt\npytest==8.3.2\n", "requirements.txt": "six==1.16.0\n"},
        [4],
    ),
    ("group_of_poetry", "FROM python:3.11-slim\nRUN poetry install --with dev\n", {}, [2]),
    (
        "poetry_without_the_group",
        ("FROM python:3.11-slim\nCOPY pyproject.toml .\nRUN poetry install --only main\n"),
        {"pyproject.toml": "[tool.poetry.group.dev.dependencies]\npytest='*'\n"},
        [],
    ),
    (
        "builder_whose_environment_ships",
        (
            "FROM a AS b\n"
            "RUN pip install --prefix=/install pytest\n"
            "FROM python:3.11-slim\n"
            "COPY --from=b /install /usr/local\n"
        ),
        {},
        [2],
    ),
    (
        "builder_whose_wheel_ships",
        ("FROM a AS b\nRUN pip install pytest\nFROM python:3.11-slim\nCOPY --from=b /src/dist/app.whl /tmp/\n"),
        {},
        [],
    ),
    ("name_that_only_begins_so", ("FROM python:3.11-slim\nRUN pip install blackfynn ruffus nosetest_like\n"), {}, []),
    (
        "unread_file",
        ("FROM python:3.11-slim\nRUN curl -O https://example.org/r.txt && pip install -r r.txt\n"),
        {},
        [0],
    ),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong


def test_message_names_file_and_line(ask: Ask) -> None:
    """A learner sees which line of which file brought the tool."""
    files = {"requirements.txt": "six==1\n-r more.txt\n", "more.txt": "# tools\npytest==8.3.2\n"}

    answers = ask(CHECK, "FROM a\nCOPY . /app\nRUN pip install -r /app/requirements.txt\n", files)

    assert ["pytest==8.3.2 (more.txt, line 2)"] == [answer.observed for answer in answers]


def test_list_of_tools_is_the_exercises_choice(ask: Ask) -> None:
    """What is needed to plot is a tool in one exercise and a dependency in another."""
    text = "FROM a\nRUN pip install matplotlib\n"

    assert [] == ask(CHECK, text)
    assert 1 == len(ask(CHECK, text, packages=("matplotlib",)))
