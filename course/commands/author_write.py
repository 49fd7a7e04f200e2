"""Owns what `dockyard author` writes or shows: a new exercise, a lesson, an autograder; must never grade."""

from __future__ import annotations

from pathlib import Path

import click

from course.commands.choice import complete_exercises
from course.commands.invocation import Invocation
from course.commands.output import emit, say


@click.command("new")
@click.argument("slug")
@click.option(
    "--in",
    "parent",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where its folder goes; else exercises/ when you stand beside one, else here.",
)
def new_command(*, slug: str, parent: Path | None) -> None:
    """Write the folder of a new exercise: small, whole, and proved by `author verify` as it stands.

    Change it from there. Standard output is the folder.

    \b
    Examples:
      dockyard author new right-folder
      dockyard author new right-folder --in drafts
    """
    from course.author.new import write_exercise

    chosen = parent if parent is not None else Path("exercises") if Path("exercises").is_dir() else Path()
    folder = write_exercise(slug, chosen)
    emit(str(folder), None)
    say(f"Prove it: dockyard author verify {_with_slash(folder)}")
    say(f"To put it into the course: name {slug} in the `exercises` of a lesson's front matter.")


@click.command("preview")
@click.argument("lesson", metavar="LESSON")
@click.option("--plain", is_flag=True, help="The text on standard output, also in a terminal.")
@click.pass_context
def preview_command(ctx: click.Context, *, lesson: str, plain: bool) -> None:
    """Show a lesson as learners will see it, and what is wrong with it.

    LESSON is its number, its folder's name, or a path: also of a lesson that course.toml does not list yet. In a
    terminal it opens in the desk, with an empty progress of its own; your own progress stays as it is.

    \b
    Examples:
      dockyard author preview 1.4
      dockyard author preview lessons/layers-and-the-cache --plain

    \b
    Exit codes: 0 nothing is wrong with it, 1 something is, 2 it can't be read.
    """
    from course.author.preview import find_lesson, lesson_problems, lone_course
    from graders.safe_text import clean

    invocation = ctx.ensure_object(Invocation)
    found = find_lesson(lesson, invocation.paths().content)
    problems = lesson_problems(found)
    if plain or not invocation.terminal.full_screen:
        emit(found.markdown, None)
    else:
        from course.paths import Paths
        from course.session import Session
        from course.tui.app import run
        from graders.temporary_folder import temporary_folder

        with temporary_folder("dockyard-preview-") as scratch:
            content = lone_course(found, scratch / "content", invocation.paths().content)
            paths = Paths(content, scratch / "state", scratch / "workspace")
            session = Session(paths, environ=invocation.environ, open_engine=invocation.open_engine, unlock_all=True)
            try:
                run(session, environ=invocation.environ, colours=invocation.terminal.colours > 0)
            finally:
                session.close()
    for problem in problems:
        say(clean(problem))
    ctx.exit(1 if problems else 0)


@click.group("export")
def export_group() -> None:
    """Hand an exercise's grader to another system."""


@export_group.command("gradescope")
@click.argument("exercise", metavar="EX", shell_complete=complete_exercises)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The zip file to write; EX-autograder.zip when left out.",
)
@click.option("--engine", "address", default="", metavar="ADDRESS", help="The engine that grades: tcp://HOST:PORT.")
@click.option("--static", "static_only", is_flag=True, help="Text checks only: comments, but no score.")
@click.pass_context
def gradescope_command(
    ctx: click.Context, *, exercise: str, output: Path | None, address: str, static_only: bool
) -> None:
    """Write the autograder that Gradescope wants: a zip file with setup.sh and run_autograder.

    Gradescope runs it in a container without an engine. Name one of yours that its machines reach with --engine, or
    take --static: students then get comments on their text, and the score is left to you.

    \b
    Examples:
      dockyard author export gradescope first-image --engine tcp://grader.example.org:2375
      dockyard author export gradescope first-image --static --output first-image.zip
    """
    from course.author.gradescope import write_autograder
    from course.catalog import read_catalog
    from course.commands.output import ensure_writable

    if bool(address) == static_only:
        raise click.UsageError("Say who grades: --engine ADDRESS, or --static for the text checks alone.")
    target = output or Path(f"{exercise}-autograder.zip")
    ensure_writable(target)
    content = ctx.ensure_object(Invocation).paths().content
    write_autograder(read_catalog(content), exercise, target, address=address)
    emit(str(target), None)
    say("Upload it in Gradescope: Programming Assignment, Configure Autograder, Zip file upload.")


def _with_slash(folder: Path) -> str:
    """The folder as `author verify` takes it for a folder."""
    text = folder.as_posix()
    return text if "/" in text else f"./{text}"
