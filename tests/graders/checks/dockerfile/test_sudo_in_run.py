"""Calls of sudo."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graders.check import AnyCheck
from graders.checks.dockerfile.sudo_in_run import CHECK

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]

CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    ("commented_out", ("FROM python:3.11-slim\n# RUN sudo a\nRUN true \\\n # && sudo a\n && true\n"), {}, []),
    ("stage_that_nothing_is_taken_from", "FROM a AS t\nRUN sudo a\nFROM python:3.11-slim\n", {}, []),
    ("word_in_a_string", ("FROM python:3.11-slim\nRUN echo \"a && sudo b\" 'c; sudo d'\n"), {}, []),
    ("variable_hides_the_call", "FROM python:3.11-slim\nENV S='sudo -E'\nRUN ${S} a\n", {}, [3]),
    ("onbuild", "FROM python:3.11-slim\nONBUILD RUN sudo a\n", {}, []),
    ("heredoc", "FROM python:3.11-slim\nRUN <<EOF\ntrue\nsudo a\nEOF\n", {}, [4]),
    ("mixed_case", "FROM python:3.11-slim\nrUn sudo a\n", {}, [2]),
    ("exact_line", ("FROM python:3.11-slim\nRUN true && \\\n    true && \\\n    A=b sudo c\n"), {}, [4]),
    ("subshell", "FROM python:3.11-slim\nRUN (cd /a && (sudo b))\n", {}, [2]),
    ("sh_c", 'FROM python:3.11-slim\nRUN bash -ec "cd /a; sudo b"\n', {}, [2]),
    ("full_path", "FROM python:3.11-slim\nRUN /usr/bin/sudo a\n", {}, [2]),
    ("list", 'FROM python:3.11-slim\nRUN ["sh", "-c", "sudo a"]\n', {}, [2]),
    ("doas", "FROM python:3.11-slim\nRUN doas a\n", {}, [2]),
    ("through_time_and_if", "FROM python:3.11-slim\nRUN if a; then time sudo b; fi\n", {}, [2]),
    ("installing_it", "FROM python:3.11-slim\nRUN apt-get install -y sudo\n", {}, []),
    ("user_instead", "FROM python:3.11-slim\nUSER root\nRUN a\nUSER app\n", {}, []),
    ("its_settings", ("FROM python:3.11-slim\nRUN echo x > /etc/sudoers.d/x && usermod -aG sudo app\n"), {}, []),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong
