"""Owns the desk of `--plain`: a prompt that takes the slash commands; must never do what a command of ours does.

A screen that is drawn in panes can't be read aloud. Here every answer is a few lines after the question.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import click

from course import spoken
from course.commands.choice import choose_exercise, next_lesson
from course.commands.invocation import Invocation
from course.commands.output import emit, say, say_error
from course.errors import CourseError
from course.slash import COMMANDS, Action, Call, Unknown, complete, parse
from graders.errors import GraderError
from graders.safe_text import clean

if TYPE_CHECKING:
    from course.session import Session

PROMPT = "dockyard> "


def converse(ctx: click.Context, invocation: Invocation, read_line: Callable[[str], str] = input) -> None:
    """Ask for commands until /quit or the end of the input."""
    with invocation.session() as session:
        here = session.current()
        _complete_with_tab(session)
    emit(spoken.lesson_line(here))
    emit("Type a command and Enter. /next goes on, /help names all commands, /quit leaves.")
    emit("What a shell takes works here too, such as dockyard quiz 1.1.")
    while True:
        try:
            line = read_line(PROMPT)
        except EOFError:
            emit("")
            return
        except KeyboardInterrupt:
            say("/quit leaves.")
            continue
        if not line.strip():
            continue
        words = _words_of_ours(ctx, line)
        call = parse(line, has_keys=False)
        if words:
            _answer(ctx, partial(list, [words]))
        elif isinstance(call, Unknown):
            say_error(call.message, f"Try {' or '.join(call.nearest)}." if call.nearest else "")
        elif call.action is Action.QUIT:
            return
        else:
            _answer(ctx, partial(_command_lines, invocation, call))


def _words_of_ours(ctx: click.Context, line: str) -> list[str]:
    """A line of the command line, such as "dockyard quiz 1.1" or "/status"; empty when the slash bar has it."""
    words = line.split()
    if words[0] == "dockyard":
        words = words[1:]
    else:
        words[0] = words[0].removeprefix("/")
        if words[0] in {command.action.value for command in COMMANDS}:
            return []
    group = ctx.command
    assert isinstance(group, click.Group)
    return words if words and words[0] in group.list_commands(ctx) else []


def _answer(ctx: click.Context, find_command_lines: Callable[[], list[list[str]]]) -> None:
    """Carry command lines out; an error of one is told, and the conversation goes on."""
    try:
        for words in find_command_lines():
            _run(ctx, words)
    except (CourseError, GraderError) as error:
        say_error(error.message, error.hint)
    except click.ClickException as error:
        say_error(error.format_message())
    except (KeyboardInterrupt, click.Abort):
        say("Stopped.")


def _command_lines(invocation: Invocation, call: Call) -> list[list[str]]:
    """The command lines that a slash command stands for."""
    match call.action:
        case Action.HELP:
            emit("\n".join(f"{command.usage}: {command.help}." for command in COMMANDS))
        case Action.START:
            return [["read", call.argument]]
        case Action.NEXT:
            return _next(invocation)
        case Action.OPEN:
            return [["start", call.argument]]
        case Action.THEME:
            say("There are no panes to colour here. --no-color takes all colours away.")
        case Action.CHECKLIST | Action.DOCTOR:
            return [[call.action.value, *([call.argument] if call.argument else [])]]
        case Action.EDIT | Action.SHELL | Action.FILES:
            _outside(invocation, call)
        case Action.EXPLAIN:
            say("/check says the why and the hint of each finding.")
        case _:
            with invocation.session() as session:
                exercise = call.argument or choose_exercise(session, None)
                session.start_exercise(exercise)
            return [[call.action.value, exercise, *([call.flag] if call.flag else [])]]
    return []


def _next(invocation: Invocation) -> list[list[str]]:
    """The next exercise of the lesson that isn't passed; else the next lesson, to read."""
    with invocation.session() as session:
        lesson = session.current()
        unsolved = [row.id for row in lesson.exercises if not row.passed]
        following = next_lesson(session, lesson.number)
        if unsolved and not session.is_started(unsolved[0]):
            return [["start", unsolved[0]]]
        if unsolved:
            return [["check", unsolved[0]]]
    if not following:
        emit("This is the last lesson. /checklist says what is done.")
        return []
    return [["read", following]]


def _outside(invocation: Invocation, call: Call) -> None:
    """What is beside the desk: the editor with the file, a shell in the folder, the paths of the other files."""
    from course.outside import editor, shell, start

    with invocation.session() as session:
        exercise = choose_exercise(session, None)
        folder = session.start_exercise(exercise)
        files = session.exercise_files(exercise)
    if call.action is Action.FILES:
        others = (path for path in sorted(folder.rglob("*")) if path.is_file() and path not in files)
        emit("\n".join(clean(str(path)) for path in others) or "This exercise has no other files.")
    elif call.action is Action.EDIT and files:
        start(editor(invocation.environ, files[0]), invocation.environ)
    else:
        say(f"A shell in {clean(str(folder))}. exit comes back.")
        start(shell(invocation.environ, folder), invocation.environ)


def _run(ctx: click.Context, words: list[str]) -> None:
    """Run one of our commands as the command line would."""
    group = ctx.command
    assert isinstance(group, click.Group)
    command = group.get_command(ctx, words[0])
    assert command is not None
    with suppress(click.exceptions.Exit), command.make_context(words[0], words[1:], parent=ctx) as inner:
        command.invoke(inner)


def _complete_with_tab(session: Session) -> None:
    """Let Tab complete the commands, the open lessons and their exercises, where the system can."""
    if not sys.stdin.isatty():
        return
    try:
        import readline
    except ImportError:
        return
    rows = [row for level in session.outline() for row in level.lessons]
    lessons = [(row.number, row.title) for row in rows]
    exercises = [(item.id, item.title) for row in rows if row.state.value != "locked" for item in row.exercises]

    def completed(text: str, state: int) -> str | None:
        found = complete(text, lessons=lessons, exercises=exercises)
        return found[state].text if state < len(found) else None

    readline.set_completer_delims("")
    readline.set_completer(completed)
    readline.parse_and_bind("tab: complete")
