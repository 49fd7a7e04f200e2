"""Owns command lines that need no reading: a command and plain words; must never do what course.cli would not.

To read a command line takes longer than all else of a check that is answered from the store, and a twentieth of the
time until the desk shows. So the function behind a command of the table is called as the command calls it when no
option is given; every other line is left to course.cli.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence

COMMANDS = {None: ("course.commands.desk:open_desk", 0), "check": ("course.commands.check_work:check_work", 1)}
"""Name -> where its function is, and how many words it takes at most; each of them may be left out.

None is a line without a command. The function returns the exit code, or None when it did nothing and course.cli has to.
"""
COMPLETION = "_DOCKYARD_COMPLETE"
"""Set by a shell that completes a line: then nothing is to be run."""


def run_bare(words: Sequence[str], environ: Mapping[str, str]) -> int | None:
    """Run a line without options; its exit code, or None when course.cli has to read it, and nothing was done."""
    name, given = (words[0], words[1:]) if words else (None, ())
    place, most = COMMANDS.get(name, ("", 0))
    if not place or len(given) > most or any(word.startswith("-") for word in given) or COMPLETION in environ:
        return None
    from course.commands.invocation import Invocation
    from course.commands.output import allow_colours, say_end
    from course.errors import CourseError
    from graders.errors import GraderError

    module, _, function = place.partition(":")
    arguments = [*given, *[None] * (most - len(given))]
    try:
        invocation = Invocation(dict(environ))
        invocation.configure()
        allow_colours(allowed=invocation.terminal.colours > 0)
        run: Callable[..., int | None] = getattr(importlib.import_module(module), function)
        return run(invocation, *arguments)
    except (CourseError, GraderError, KeyboardInterrupt) as error:
        return say_end(error)
