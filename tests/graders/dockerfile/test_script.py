"""What a RUN runs from a script of the submission counts as if it stood in the line."""

from __future__ import annotations

import pytest

from graders.dockerfile.model import Instruction
from graders.dockerfile.parse import parse
from graders.dockerfile.script import with_scripts
from graders.dockerfile.wrapper import interpreter, is_for_shell
from tests.rows import rows

HEAD = "FROM python:3.11-slim\nWORKDIR /app\nCOPY a.sh b.sh tool.py ./\n"
FILES = {
    "a.sh": b"#!/bin/sh\nset -e\npip install six  # not flask\n",
    "b.sh": b'if [ "$1" = all ]; then pip install flask; fi\n',
    "tool.py": b"pip install six\n",
}


def run_of(line: str, files: dict[str, bytes] | None = None) -> Instruction:
    dockerfile = with_scripts(parse(f"{HEAD}{line}\n".encode()), FILES if files is None else files, None)

    assert dockerfile.instructions[-1] is dockerfile.stages[-1].instructions[-1]
    return dockerfile.instructions[-1]


@rows(
    "line",
    [
        "RUN sh a.sh",
        "RUN bash -eux /app/a.sh",
        "RUN bash -o pipefail a.sh",
        "RUN ./a.sh",
        "RUN chmod +x a.sh && /app/a.sh",
        'RUN ["sh", "a.sh"]',
        "RUN --mount=type=bind,source=a.sh,target=/tmp/a.sh sh /tmp/a.sh",
        "RUN cd / && sh app/a.sh",
    ],
)
def test_commands_of_a_script_stand_in_its_place(line: str) -> None:
    """With the line that runs it, and its comments left out."""
    run = run_of(line)
    (install,) = [command for command in run.commands if command.words[0] == "pip"]

    assert ("pip", "install", "six") == install.words
    assert 4 == install.line
    assert ["a.sh"] == [script.path for script in run.scripts]


@rows(
    "line", ["RUN sh c.sh", "RUN echo a.sh", "RUN python tool.py", "RUN cat a.sh", "ONBUILD RUN sh a.sh", "CMD sh a.sh"]
)
def test_what_runs_no_known_script_stays_as_it_is(line: str) -> None:
    """Neither the name of a script nor another kind of program runs one."""
    run = run_of(line)

    assert () == run.scripts
    assert run == parse(f"{HEAD}{line}\n".encode()).instructions[-1]


def test_script_that_goes_by_its_arguments_is_known_and_not_read() -> None:
    """Which branch it takes can't be told from its text."""
    run = run_of("RUN sh b.sh all")

    assert ["b.sh"] == [script.path for script in run.scripts]
    assert ["sh"] == [command.words[0] for command in run.commands]


def test_script_that_is_kept_out_is_not_there() -> None:
    """Without the file there is nothing to read."""
    assert () == run_of("RUN sh a.sh", {"b.sh": b"pip install six\n"}).scripts


@pytest.mark.parametrize(
    ("script", "program"),
    [
        ("#!/bin/sh\n", "sh"),
        ("#! /usr/bin/env bash\n", "bash"),
        ("#!/usr/bin/env -S A=1 bash -e\n", "bash"),
        ("#!/bin/busybox sh\n", "sh"),
        ("#!/opt/bash/bin/python3 sh\n", "python3"),
        ("#!\nsh\n", ""),
        ("# !/bin/sh\n", None),
    ],
)
def test_first_line_names_the_program(script: str, program: str | None) -> None:
    """Not a folder on the way to it, a word after it or the next line."""
    assert program == interpreter(script)
    assert (program in (None, "sh", "bash")) == is_for_shell(script)


@pytest.mark.parametrize(("first", "count"), [("#!/bin/bash -e", 1), ("#!/usr/bin/python3 sh", 0), ("set -e", 1)])
def test_same_holds_for_a_heredoc(first: str, count: int) -> None:
    """A script that stands in the Dockerfile is read by what its first line names, too."""
    run = parse(f"FROM a\nRUN <<EOF\n{first}\npip install six\nEOF\n".encode()).instructions[-1]

    assert count == sum(command.words[0] == "pip" for command in run.commands)
