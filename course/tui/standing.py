"""Owns what is told of an exercise that was not checked since the desk was opened; must never read the record."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from course.progress import Attempt
from graders.recall import to_the_minute
from graders.report import Verdict

OPEN_NOW = "/reveal tells what each fault cost, /solution shows one way to write it"
"""What is open after a pass."""

_QUIET = "$foreground 65%"


def standing(attempts: Sequence[Attempt]) -> Content:
    """How the recorded checks of an exercise, oldest first, went, and what another one would do."""
    if not attempts:
        return Content.styled("Not checked yet. F5 checks, /files shows what is given.", _QUIET)
    last = attempts[-1]
    passed = next((attempt for attempt in attempts if attempt.verdict == Verdict.PASSED), None)
    rows: list[Content] = []
    if passed is not None:
        when = f"✔ Passed on {to_the_minute(passed.at)}"
        rows.append(Content.assemble((when, "bold $text-success"), (_points(passed), "bold")))
    if last.verdict != Verdict.PASSED:
        when = "✘ Not yet: last checked on" if passed is None else "✘ Not passed when last checked, on"
        rows.append(Content.assemble((f"{when} {to_the_minute(last.at)}", "bold $text-error"), (_points(last), _QUIET)))
    rows.append(Content.styled("F5 checks again; unchanged work is answered at once.", _QUIET))
    rows.append(Content.styled(OPEN_NOW if passed is not None else "/hint helps.", _QUIET))
    return Content("\n").join(rows)


def _points(attempt: Attempt) -> str:
    return f"   {attempt.points} of {attempt.max_points} points" if attempt.max_points else ""
