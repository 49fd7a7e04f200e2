"""Owns `dockyard reveal` and `dockyard builds`; must never say what a fault is by itself."""

from __future__ import annotations

import click

from course.commands.choice import as_named, choose_exercise, complete_exercises
from course.commands.invocation import Invocation
from course.commands.options import pass_invocation
from course.commands.output import emit
from graders.safe_text import clean_lines

CHART_COLUMNS_AT_MOST = 100


@click.command("reveal")
@click.argument("exercise", metavar="EX", shell_complete=complete_exercises)
@pass_invocation
def reveal_command(invocation: Invocation, *, exercise: str) -> None:
    """After a pass: each fault, what it costs, and your own numbers before and after.

    \b
    Examples:
      dockyard reveal first-image
    """
    from course.reveal_text import reveal_markdown

    with invocation.session() as session:
        text = reveal_markdown(session.reveal(as_named(exercise)))
    emit("\n".join(clean_lines(text)))


@click.command("builds")
@click.argument("exercise", required=False, metavar="[EX]", shell_complete=complete_exercises)
@pass_invocation
def builds_command(invocation: Invocation, *, exercise: str | None) -> None:
    """Draw your own builds of an exercise, from your recorded checks: cold, and after a change of the code.

    Without EX: the exercise in whose folder you stand, else the next one of the current lesson.

    \b
    Examples:
      dockyard builds cache-order
    """
    from course.build_chart import chart_lines

    with invocation.session() as session:
        chosen = choose_exercise(session, exercise)
        columns = min(invocation.terminal.columns or CHART_COLUMNS_AT_MOST, CHART_COLUMNS_AT_MOST)
        lines = chart_lines(chosen, session.attempts(chosen), columns)
    emit("\n".join(clean_lines("\n".join(lines))))
