"""Owns what the program does without a command: the desk, or what to do next; must never show either itself."""

from __future__ import annotations

import gc

from course.commands.invocation import Invocation


def open_desk(invocation: Invocation, *, in_browser: bool = False) -> int | None:
    """Work at the desk until the learner leaves it; where there is no full screen, print the outline.

    Returns the exit code, or None where plain words at a prompt are wanted: nothing was done then.
    """
    if not in_browser and invocation.plain and invocation.terminal.interactive:
        return None
    if not in_browser and not invocation.terminal.full_screen:
        from course.commands.learn import print_outline

        print_outline(invocation)
        return 0
    # Nothing that is made until the first lesson shows is garbage, and to look for some takes a tenth of that time.
    gc.disable()
    from course.tui.app import run

    if in_browser:
        from course.tui.serve_process import leave_with_parent

        leave_with_parent()
    while True:
        with invocation.session() as session:
            moved = run(session, environ=invocation.environ, colours=invocation.terminal.colours > 0)
        if moved is None:
            return 0
        invocation.move_to(moved)
