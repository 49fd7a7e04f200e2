"""Tests of what the results say beside the outcomes' own words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.content import Content

from course.tui.screens.page import Page
from course.tui.widgets.results import Results
from graders.event import CheckFinished
from tests.course.tui.conftest import PLANNED, DeskDriver, report_of
from tests.graders.formats.reports import SKIPPED

TOLD = 'Needs "The image builds" to pass first'


@pytest.mark.asyncio(loop_scope="session")
async def test_skipped_check_names_the_claim_that_stands_beside_it(desk: DeskDriver) -> None:
    """While the check runs, in the report, and on the outcome's own page: never an id, which the list doesn't show."""
    results = desk.desk.query_one(Results)
    waiting = replace(SKIPPED, id="user-is-root", claim="The user is not root")
    results.apply([PLANNED, CheckFinished(waiting)])
    await desk.settle()
    report = report_of("tiny", ())
    while_running = list(results._outcomes.values())

    results.show_report(replace(report, outcomes=(*report.outcomes, waiting)), Content("Done"), passed=False)
    await desk.settle()
    assert [TOLD] == [outcome.reason for outcome in while_running]
    assert desk.shows(TOLD)

    results.focus_content()
    await desk.press("end", "enter")
    await desk.until(lambda: isinstance(desk.app.screen, Page))
    assert desk.shows(TOLD)
