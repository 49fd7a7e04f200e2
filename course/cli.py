"""Owns the command group `dockyard`: global options, where each command is, how errors end.

Must never import a command before it runs.

Exit codes: 0 passed, 1 checks failed, 2 usage or content, 3 engine or infrastructure, 4 a time limit of ours,
130 interrupted.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from course.commands.invocation import Invocation
from course.commands.options import NO_COLOUR_HELP, NO_MOTION_HELP, PLAIN_HELP
from course.commands.output import allow_colours, say_end
from course.errors import CourseError
from course.version import __version__
from graders.errors import GraderError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "list": ("course.commands.learn:list_command", "The course: levels, lessons, exercises and where you stand."),
    "start": ("course.commands.learn:start_command_line", "Start an exercise (or open a lesson) and say where it is."),
    "check": ("course.commands.check:check_command", "Build, run and check your work."),
    "watch": ("course.commands.watch:watch_command", "Check again at each save, for work in your own editor."),
    "hint": ("course.commands.learn:hint_command", "Show the next hint for an exercise."),
    "read": ("course.commands.read:read_command", "Print a lesson, to read it without the desk."),
    "quiz": ("course.commands.quiz:quiz_command", "Show a lesson's questions, or answer one."),
    "status": ("course.commands.learn:status_command", "Where you stand, and what to do next."),
    "reset": ("course.commands.learn:reset_command", "Put an exercise's starter back; your files are kept."),
    "solution": ("course.commands.learn:solution_command", "Show an exercise's solution, once you passed it."),
    "reveal": ("course.commands.reveal:reveal_command", "After a pass: each fault and what it cost, in your numbers."),
    "builds": ("course.commands.reveal:builds_command", "Draw your own builds of an exercise, cold and warm."),
    "serve": ("course.commands.serve:serve_command", "The course in a browser, on this machine only."),
    "checklist": ("course.commands.checklist:checklist_command", "What a level still asks for, each line proved."),
    "grade": ("course.commands.grade:grade_command", "Grade everybody's submissions, and go on where it stopped."),
    "report": ("course.commands.report:report_command", "Write a graded cohort's tables, feedback and page again."),
    "override": ("course.commands.override:override_command", "Give a student points by hand, kept through regrades."),
    "lint": ("course.commands.lint:lint_command", "Check any Dockerfile without building it."),
    "doctor": ("course.commands.doctor:doctor_command", "What this machine lacks, and the command that mends it."),
    "engine": ("course.commands.engine:engine_group", "Start, inspect, stop and clean the container engine."),
    "images": ("course.commands.images:images_group", "Base images: list, pull, save to one file, load from one."),
    "config": ("course.commands.config:config_command", "The settings that hold here, and where each comes from."),
    "author": (
        "course.commands.author:author_group",
        "For authors: write an exercise, prove that its grader can't be fooled.",
    ),
    "help": ("course.commands.help:help_command", "The help of a command, the same as its --help."),
    "completion": ("course.commands.help:completion_command", "Print what makes bash, zsh or fish complete your line."),
}
"""Name -> where the command is, and the line that `--help` shows without importing it."""

EPILOG = """\b
Examples:
  dockyard                           the course, in a full terminal window
  dockyard doctor                    is everything here that is needed?
  dockyard start first-image
  dockyard check first-image
  dockyard check --path DIR --format json first-image
  dockyard lint path/to/Dockerfile

\b
Exit codes: 0 passed, 1 checks failed, 2 usage or content, 3 engine or
infrastructure, 4 a time limit of ours, 130 interrupted.
"""


class DockyardGroup(click.Group):
    """A group that imports a command when it runs, and turns our errors into messages and exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the module of a command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands that begin so from the table alone, before the options."""
        from click.shell_completion import CompletionItem

        named = [CompletionItem(name, help=text) for name, (_, text) in COMMANDS.items() if name.startswith(incomplete)]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; our errors and ctrl+c end here."""
        try:
            return super().invoke(ctx)
        except (CourseError, GraderError, KeyboardInterrupt, click.Abort) as error:
            raise click.exceptions.Exit(say_end(error)) from error


@click.group(
    cls=DockyardGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EPILOG,
)
@click.option(
    "--workspace",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of your exercises (else $DOCKYARD_WORKSPACE, else ~/dockyard).",
)
@click.option("--unlock-all", is_flag=True, help="Open every lesson, for instructors and for reading ahead.")
@click.option("--no-color", "no_colour", is_flag=True, help=NO_COLOUR_HELP)
@click.option("--plain", is_flag=True, help=PLAIN_HELP)
@click.option("--no-motion", is_flag=True, help=NO_MOTION_HELP)
@click.option("--in-browser", is_flag=True, hidden=True, help="What `serve` starts: the desk on Textual's web driver.")
@click.version_option(__version__, "--version", message="dockyard %(version)s")
@click.pass_context
def cli(
    ctx: click.Context,
    *,
    workspace: Path | None,
    unlock_all: bool,
    no_colour: bool,
    plain: bool,
    no_motion: bool,
    in_browser: bool,
) -> None:
    """Learn to ship models in containers; your Dockerfiles are graded by building and running them.

    Without a command: the course in a full terminal window, with --plain at a prompt, or, where there is no terminal,
    the outline and what to do next.
    """
    invocation = ctx.ensure_object(Invocation) if ctx.obj is not None else Invocation(dict(os.environ))
    ctx.obj = invocation
    invocation.workspace = workspace
    invocation.unlock_all = unlock_all
    invocation.no_colour = no_colour
    for switch, on in (("plain", plain), ("no_motion", no_motion)):
        if on:
            invocation.turn_on(switch)
    invocation.configure()
    allow_colours(allowed=invocation.terminal.colours > 0)
    if not invocation.terminal.colours:
        ctx.color = False
    if ctx.invoked_subcommand is not None:
        return
    from course.commands.desk import open_desk

    if open_desk(invocation, in_browser=in_browser) is None:
        from course.commands.plain_desk import converse

        converse(ctx, invocation)
