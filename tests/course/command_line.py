"""Owns running a command in the test's own process; what crashes it reaches the test, and is no exit code."""

from __future__ import annotations

import os
from collections.abc import Callable

from click.testing import CliRunner, Result

from course.cli import cli
from course.commands.invocation import Invocation
from course.paths import Paths
from graders.engine.base import Engine


def dockyard(
    *words: str, engine: Callable[[], Engine] | None = None, paths: Paths | None = None, stdin: str | bytes = ""
) -> Result:
    """Run `dockyard WORDS` for a learner at home, with the test's engine and paths or those that it finds."""
    invocation = Invocation({"HOME": os.environ["HOME"]}, open_engine=engine, fixed_paths=paths)
    result = CliRunner().invoke(cli, words, obj=invocation, input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result
