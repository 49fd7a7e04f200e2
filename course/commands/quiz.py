"""Owns `dockyard quiz`, the command line's twin of a lesson's questions; must never know an answer itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from course.commands.invocation import Invocation
from course.commands.output import emit, say
from course.errors import ConfigError
from course.slash import lesson_number
from graders.safe_text import clean

if TYPE_CHECKING:
    from course.lesson import Quiz


@click.command("quiz")
@click.argument("lesson", metavar="X.Y")
@click.argument("quiz", required=False, metavar="[ID]")
@click.argument("choice", required=False, type=click.IntRange(min=1), metavar="[N]")
@click.pass_context
def quiz_command(ctx: click.Context, *, lesson: str, quiz: str | None, choice: int | None) -> None:
    """Show the questions of lesson X.Y; to answer one, give its name (ID) and the number of a choice (N).

    \b
    Examples:
      dockyard quiz 1.3
      dockyard quiz 1.3 which-steps-run-again 2

    \b
    Exit codes: 0 shown or right, 1 wrong, 2 there is no such lesson, question
    or choice.
    """
    invocation = ctx.ensure_object(Invocation)
    lesson = lesson_number(lesson) or lesson
    with invocation.session() as session:
        if quiz is None:
            asked, answers = session.lesson(lesson), session.answers(lesson)
            emit("\n\n".join(_question(item, answers.get(item.id)) for item in asked.quizzes))
            if asked.quizzes:
                say(f"To answer one, its name and a number: dockyard quiz {lesson} {asked.quizzes[0].id} 1")
            else:
                say(f"Lesson {lesson} asks nothing.")
            return
        if choice is None:
            raise ConfigError("Which choice is it?", hint=f"Give its number: dockyard quiz {lesson} {quiz} 1")
        verdict = session.answer(lesson, quiz, choice - 1)
    # Many a reason begins with the word itself.
    right = "" if verdict.why.startswith("Right") else click.style("Right. ", fg="green")
    emit(f"{right if verdict.correct else click.style('Not yet. ', fg='yellow')}{clean(verdict.why)}")
    ctx.exit(0 if verdict.correct else 1)


def _question(quiz: Quiz, answered: int | None) -> str:
    """A question with its numbered choices, the last answer marked."""
    lines = [f"{quiz.id}: {clean(quiz.question)}"]
    for number, text in enumerate(quiz.choices, start=1):
        chosen = "  <- your answer" if answered == number - 1 else ""
        lines.append(f"  {number}. {clean(text)}{chosen}")
    return "\n".join(lines)
