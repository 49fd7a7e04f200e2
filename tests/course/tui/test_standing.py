"""What the desk tells of an exercise that was checked before the desk was opened."""

from __future__ import annotations

import re

import pytest

from course.progress import Attempt
from course.tui.screens.desk_checks import DeskChecks
from course.tui.standing import standing
from course.tui.widgets.results import Results
from tests.course.tui.conftest import DeskDriver

NOT_YET = Attempt("tiny", "2026-03-14T15:09:26+00:00", "failed", 1, 3, "0" * 64, 3.0, "", "", None, None, ())
PASS = NOT_YET._replace(at="2026-03-15T09:30:00+00:00", verdict="passed", points=3)
AGAIN = PASS._replace(at="2026-03-16T11:00:00+00:00")
SPOILT = NOT_YET._replace(at="2026-03-17T12:00:00+00:00")
FIRST_PASS = "✔ Passed on 2026-03-15 09:30 UTC   3 of 3 points"
AGAIN_AT_ONCE = "F5 checks again; unchanged work is answered at once."


@pytest.mark.parametrize(
    ("attempts", "lines"),
    [
        ((), ["Not checked yet. F5 checks, /files shows what is given."]),
        (
            (NOT_YET,),
            ["✘ Not yet: last checked on 2026-03-14 15:09 UTC   1 of 3 points", AGAIN_AT_ONCE, "/hint helps."],
        ),
        ((NOT_YET, PASS, AGAIN), [FIRST_PASS, AGAIN_AT_ONCE]),
        (
            (PASS, SPOILT),
            [FIRST_PASS, "✘ Not passed when last checked, on 2026-03-17 12:00 UTC   1 of 3 points", AGAIN_AT_ONCE],
        ),
        ((PASS._replace(points=0, max_points=0),), ["✔ Passed on 2026-03-15 09:30 UTC", AGAIN_AT_ONCE]),
    ],
)
def test_standing_tells_the_pass_and_the_last_check(attempts: tuple[Attempt, ...], lines: list[str]) -> None:
    """When it was passed for the first time, how the last check went where it did not pass, and what F5 does."""
    told = standing(attempts).plain.splitlines()

    assert lines == told[: len(lines)]
    assert ("/solution" in told[-1]) == any(attempt.verdict == "passed" for attempt in attempts)


@pytest.mark.asyncio(loop_scope="session")
async def test_exercise_of_an_earlier_session_says_when_it_was_passed(
    desk: DeskDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened anew, it stands there as the record has it; until it is checked no outcome is shown."""
    screen = desk.desk
    screen.exercise_opened("tiny")
    await desk.settle()
    assert desk.shows("Not checked yet. F5 checks")

    desk.dockerfile.editor.load_text("FROM python:3.11-slim\n")
    await desk.check("✔ Passed")
    assert isinstance(screen, DeskChecks)
    monkeypatch.setattr(screen, "_reports", {})
    screen.exercise_opened("tiny")
    await desk.settle()

    assert desk.shows("✔ Passed on 2026-03-14 15:09 UTC   3 of 3 points")
    assert not re.search("Not checked yet", desk.text())
    assert () == tuple(screen.query_one(Results)._outcomes)
