"""Services without a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graders.check import AnyCheck
from graders.checks.dockerfile.missing_healthcheck import CHECK
from graders.dockerfile.wrapper import SHELLS

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]
Ask = Callable[..., list[Any]]

SERVICE = "FROM python:3.11-slim\nEXPOSE 80\n"
CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    ("commented_out", ("FROM python:3.11-slim\n# HEALTHCHECK CMD curl -f localhost\nEXPOSE 80\n"), {}, [3]),
    (
        "stage_that_nothing_is_taken_from",
        ("FROM a AS t\nHEALTHCHECK CMD x\nFROM python:3.11-slim\nEXPOSE 80\n"),
        {},
        [4],
    ),
    ("word_in_a_string", ('FROM python:3.11-slim\nRUN echo HEALTHCHECK CMD x\nCMD ["uvicorn", "a:b"]\n'), {}, [3]),
    ("variable", "FROM python:3.11-slim\nENV PORT=80\nEXPOSE $PORT\n", {}, [3]),
    ("onbuild", ('FROM python:3.11-slim\nONBUILD HEALTHCHECK CMD x\nCMD ["uvicorn", "a:b"]\n'), {}, [3]),
    ("heredoc", ('FROM python:3.11-slim\nRUN <<EOF\nHEALTHCHECK CMD x\nEOF\nCMD ["uvicorn", "a:b"]\n'), {}, [5]),
    ("mixed_case", ('FROM python:3.11-slim\nhealthcheck cmd curl -f localhost\nCMD ["uvicorn", "a:b"]\n'), {}, []),
    ("parent_stage", ('FROM a AS p\nHEALTHCHECK CMD curl -f localhost\nFROM p\nCMD ["uvicorn", "a:b"]\n'), {}, []),
    (
        "taken_back",
        ('FROM a AS p\nHEALTHCHECK CMD curl -f localhost\nFROM p\nHEALTHCHECK NONE\nCMD ["uvicorn", "a:b"]\n'),
        {},
        [4],
    ),
    ("true", ('FROM python:3.11-slim\nHEALTHCHECK CMD /bin/true\nCMD ["uvicorn", "a:b"]\n'), {}, [2]),
    (
        "excused",
        ('FROM python:3.11-slim\nHEALTHCHECK CMD curl -f localhost || exit 0\nCMD ["uvicorn", "a:b"]\n'),
        {},
        [2],
    ),
    ("echo_in_a_list", ('FROM python:3.11-slim\nHEALTHCHECK CMD ["echo", "ok"]\nCMD ["uvicorn", "a:b"]\n'), {}, [2]),
    *(
        (f"excused_by_{shell}", f"{SERVICE}HEALTHCHECK CMD {shell} -c 'curl -f localhost; true'\n", {}, [3])
        for shell in sorted(SHELLS)
    ),
    *(
        (f"{shell}_in_a_list", f'{SERVICE}HEALTHCHECK CMD ["/usr/bin/{shell}","-ec","exit 0"]\n', {}, [3])
        for shell in sorted(SHELLS)
    ),
    ("shell_that_runs_a_file", f'{SERVICE}HEALTHCHECK CMD ["sh", "/check.sh"]\n', {}, []),
    (
        "honest_exit",
        ('FROM python:3.11-slim\nHEALTHCHECK CMD curl -f localhost || exit 1\nCMD ["uvicorn", "a:b"]\n'),
        {},
        [],
    ),
    ("batch_program", "FROM python:3.11-slim\nCMD python predict.py\n", {}, []),
    ("python_m", ("FROM python:3.11-slim\nENTRYPOINT exec python -m uvicorn a:b\n"), {}, [2]),
    ("name_as_an_argument", ('FROM python:3.11-slim\nCMD ["python", "bench.py", "uvicorn"]\n'), {}, []),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong


def test_healthcheck_is_asked_for_in_any_case(ask: Ask) -> None:
    """With `always`, no sign of a port is needed."""

    assert [1] == [answer.line for answer in ask(CHECK, "FROM a\nCMD python serve.py\n", always=True)]
