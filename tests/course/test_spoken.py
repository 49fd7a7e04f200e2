"""Tests of what `--plain` and `--no-motion` change, through the command line and the prompt."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from course import spoken
from course.cli import cli
from course.commands.invocation import Invocation
from course.commands.plain_desk import converse
from course.errors import WorkspaceError
from course.lesson import read_lesson
from course.outside import editor, shell, start
from course.paths import Paths
from course.session import Session
from course.terminal import Terminal
from tests.course.conftest import no_engine, write
from tests.rows import rows

LESSON = """\
---
title: Words
minutes: 5
objectives: [Say it]
---

Opening with `code`, **weight** and a [link](https://example.org).

> [!WARNING]
> Never do that.

| layer | size |
|---|--:|
| base | 122 MB |

- [x] Read this
- [ ] Do that
- a point

<details><summary>The answer</summary>

Hidden.

</details>

```dockerfile
FROM a  # | kept | `as` it is
```

```quiz
id: order
question: What is first?
choices:
  - The source
  - The requirements
answer: 1
why:
  - No.
  - Right.
```
"""
BOXES = set("[]|│─✔✘●▸")


@pytest.fixture
def invocation(paths: Paths) -> Invocation:
    """A call of the program over the small course, without an engine."""
    return Invocation({"HOME": os.environ["HOME"]}, open_engine=no_engine, fixed_paths=paths)


@pytest.fixture
def run(invocation: Invocation) -> Callable[..., Result]:
    """Runs `dockyard ARGS`."""

    def invoke(*args: str) -> Result:
        result = CliRunner().invoke(cli, args, obj=invocation)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture
def say(invocation: Invocation, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Types lines at the prompt of the plain desk; what it answered."""

    def answers(*lines: str) -> str:
        typed = iter(lines)

        def read_line(_prompt: str) -> str:
            try:
                return next(typed)
            except StopIteration:
                raise EOFError from None

        invocation.turn_on("plain")
        with click.Context(cli, obj=invocation) as ctx:
            converse(ctx, invocation, read_line)
        told = capsys.readouterr()
        return told.out + told.err

    return answers


def test_lesson_is_told_without_markup(tmp_path: Path) -> None:
    """Tables, callouts, tasks, reveals and quizzes are sentences; code stays as it is written."""
    path = write(tmp_path / "lesson.md", LESSON)

    told = [line for line in spoken.lesson(read_lesson(path, number="1.1", slug="words")) if line]

    assert [
        "Lesson 1.1: Words. 5 minutes.",
        "You learn to: Say it.",
        "Opening with code, weight and a link (link: https://example.org).",
        "Warning:",
        "Never do that.",
        "layer: base; size: 122 MB.",
        "Done: Read this",
        "To do: Do that",
        "Item: a point",
        "Look at this when you have thought about it: The answer",
        "Hidden.",
        "Code, dockerfile:",
        "FROM a  # | kept | `as` it is",
        "End of code.",
        "Question order: What is first?",
        "Answer 1: The source",
        "Answer 2: The requirements",
        "To answer: dockyard quiz 1.1 order and the number of your answer.",
    ] == told


@rows("command", ["list", "status", "checklist"])
def test_commands_speak_in_sentences_when_plain(run: Callable[..., Result], command: str) -> None:
    """No box and no column; the flag may stand on either side of the command, or be a setting."""
    after = run(command, "--plain").stdout

    assert after
    assert not BOXES & set(after)
    assert "   " not in after


def test_plain_is_a_flag_or_a_setting(run: Callable[..., Result], invocation: Invocation) -> None:
    """The flag before the command, the flag after it and the variable say the same."""
    before = run("--plain", "list").stdout
    invocation.environ = {"HOME": os.environ["HOME"]}
    unset = run("list").stdout
    invocation.environ = {"HOME": os.environ["HOME"], "DOCKYARD_PLAIN": "yes"}

    assert before == run("list").stdout
    assert before != unset
    assert "Exercise tiny, not passed, never checked: A tiny image. 5 minutes.\n" in before


def test_check_speaks_when_plain_and_formats_stay(run: Callable[..., Result]) -> None:
    """The text for people is spoken; a format for programs is what it was."""
    run("start", "tiny")

    assert "Failed: Every base image names a fixed version." in run("check", "tiny", "--static", "--plain").stdout
    assert run("check", "tiny", "--static", "--plain", "--format", "json").stdout.startswith("{")


@pytest.mark.parametrize("name", ["plain", "no_motion"])
def test_nothing_moves_when_asked(invocation: Invocation, name: str) -> None:
    """There is no status line with a clock, though there is a terminal."""
    terminal = Terminal(True, True, True, columns=80, lines=24, colours=256, encoding="utf-8")
    invocation._terminal = terminal
    moved = invocation.has_status_line

    invocation.turn_on(name)

    assert (True, False) == (moved, invocation.has_status_line)


def test_dumb_terminal_gets_no_screen_and_no_status_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """What can only print is never asked to move a cursor."""
    from course import terminal

    monkeypatch.setattr(terminal, "_is_tty", lambda _stream: True)

    assert [False, True] == [terminal.look({"TERM": name}).full_screen for name in ("dumb", "xterm")]
    assert not terminal.look({"TERM": "dumb"}).moves


def test_read_prints_the_lesson_and_remembers_it(run: Callable[..., Result], session: Session) -> None:
    """A lesson can be read without the desk; one that is locked says what is missing."""
    result = run("read", "1.1")

    assert result.stdout.startswith("# 1.1 Why containers\n")
    assert "It works on my machine." in result.stdout
    assert "1.1" == session.current().number
    locked = run("read", "1.2")
    assert (1, "") == (locked.exit_code, locked.stdout)
    assert "dockyard check tiny" in locked.stderr
    assert "not open yet" in locked.stderr
    assert 2 == run("read", "one").exit_code


@pytest.mark.parametrize("plain", [(), ("--plain",)])
def test_read_says_the_commands_of_the_desk_for_a_shell(
    run: Callable[..., Result], content: Path, plain: tuple[str, ...]
) -> None:
    """A lesson is written for the desk; what it has you type there has another name in a shell."""
    said = "The commands with a slash are the desk's. In a shell, "
    assert said not in run("read", "1.1", *plain).stdout
    path = content / "lessons" / "why" / "lesson.md"
    path.write_text(f"{path.read_text()}\nThen `/open tiny`, and `/hint` helps.\n")

    last = run("read", "1.1", *plain).stdout.splitlines()[-1]

    assert f"{said}/hint [EX] is dockyard hint [EX]; /open EX is dockyard start EX." == last


def test_prompt_takes_slash_commands_and_our_own(say: Callable[..., str], paths: Paths) -> None:
    """Reading, starting, hints and questions all work at the prompt; a slip names what may be meant."""
    told = say("/start-1-1", "/next", "/hint", "/hnt", "dockyard status", "quiz 1.1", "/help", "", "/quit", "/hint")

    assert "It works on my machine." in told
    assert (paths.workspace / "tiny" / "Dockerfile").is_file()
    assert 1 == told.count("Which tag did you write?")
    assert "Try /hint [EX]" in told
    assert "Exercise tiny, not passed" in told
    assert "/check [EX]: Build, run and check your work." in told


def test_prompt_has_no_keys_to_answer_by(say: Callable[..., str]) -> None:
    """What the full desk does by a key is a command here, with a slash or without, or is said not to be there."""
    told = say("/status", "/builds tiny", "/quiz 1.2", "/log", "/stop", "/undo")

    assert "What a shell takes works here too" in told
    assert "0 of 2 exercises of the course passed." in told
    assert "No build of yours to draw yet." in told
    assert "layer-order: What is copied first?" in told
    assert "There is no command /log" in told
    assert not re.search(r"\bF\d|Ctrl\+", told)


def test_prompt_goes_on_after_an_error(say: Callable[..., str]) -> None:
    """A locked lesson, a solution too early and a wrong name are told; the end of the input ends it."""
    told = say("/start-2-1", "/solution tiny", "/open nope", "/theme dark", "/checklist 1")

    assert "Lesson 2.1 is not open yet" in told
    assert "shown after you passed" in told
    assert "nope" in told
    assert "Missing: The image builds" in told


def test_prompt_opens_editor_and_shell_with_the_files(
    say: Callable[..., str], invocation: Invocation, tmp_path: Path, paths: Paths
) -> None:
    """/edit opens the Dockerfile, /shell begins in its folder."""
    program = write(tmp_path / "program", f'#!/bin/sh\necho "$PWD $1" >> {tmp_path}/seen\n')
    program.chmod(0o755)
    invocation.environ = {**invocation.environ, "EDITOR": str(program), "SHELL": str(program), "PATH": os.defpath}

    told = say("/edit", "/shell", "/files")

    assert str(paths.workspace / "tiny" / "app.py") in told
    edited, stood = (tmp_path / "seen").read_text().splitlines()
    assert str(paths.workspace / "tiny" / "Dockerfile") == edited.split()[1]
    assert str(paths.workspace / "tiny") == stood.split()[0]


def test_program_that_is_missing_or_misspelt_is_our_error(tmp_path: Path) -> None:
    """Neither ends the desk with a traceback."""
    with pytest.raises(WorkspaceError, match="no-such-editor can't be started"):
        start(editor({"EDITOR": "no-such-editor"}, tmp_path / "a"), {"PATH": os.defpath})
    with pytest.raises(WorkspaceError, match="EDITOR is"):
        editor({"EDITOR": "vim '"}, tmp_path / "a")

    assert ["code", "--wait", "a"] == editor({"VISUAL": "code --wait", "EDITOR": "vi"}, Path("a"))
    assert 1 == start(shell({"SHELL": "false"}, tmp_path), {"PATH": os.defpath})
