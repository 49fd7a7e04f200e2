"""Owns `dockyard read`, a lesson in a plain terminal; must never judge an answer."""

from __future__ import annotations

import click

from course.commands.checklist import say_missing
from course.commands.invocation import Invocation
from course.commands.options import colour_option, spoken_options
from course.commands.output import emit
from course.errors import ContentError
from course.slash import lesson_number, twins_named
from graders.safe_text import clean, clean_lines


@click.command("read")
@click.argument("lesson", required=False, metavar="[X.Y]")
@colour_option
@spoken_options
@click.pass_context
def read_command(ctx: click.Context, *, lesson: str | None) -> None:
    """Print lesson X.Y, else the current one, as markdown; with --plain in sentences, without any markup.

    Its questions: dockyard quiz X.Y

    \b
    Examples:
      dockyard read 1.1 | less
      dockyard read --plain

    \b
    Exit codes: 0 printed, 1 the lesson is not open yet, 2 there is no such lesson.
    """
    invocation = ctx.ensure_object(Invocation)
    with invocation.session() as session:
        number = session.current().number if lesson is None else lesson_number(lesson)
        if number is None:
            raise ContentError(
                f"{lesson!r} is no lesson's number", hint="A lesson is read by its number: dockyard read 1.1"
            )
        result = session.start_lesson(number)
        if result.lesson is None:
            say_missing(number, result.missing, plain=invocation.plain)
            ctx.exit(1)
        shown = result.lesson
    if invocation.plain:
        from course import spoken

        lines = list(spoken.lesson(shown))
    else:
        lines = [f"# {shown.number} {clean(shown.title)}", "", *clean_lines(shown.markdown)]
    twins = "; ".join(f"{command.usage} is {command.twin}" for command in twins_named(shown.markdown))
    if twins:
        lines += ["", f"The commands with a slash are the desk's. In a shell, {twins}."]
    emit("\n".join(lines))
