"""What changed since the last check, the bars of two builds, and the solution beside the learner's files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from course.progress import Attempt
from course.tui.changes import build_bars, changes_since
from graders.finding import Finding
from graders.report import BuildSummary, ImageSummary, Report
from tests.course.tui.conftest import DeskDriver, report_of
from tests.rows import rows

BAD = report_of("tiny", (("unpinned-base", Finding("x", line=1)),))
GOOD = report_of("tiny", ())
FIXED = "FROM python:3.11-slim\n"


OUTCOMES = tuple((item.id, str(item.level), str(item.status)) for item in BAD.outcomes)
ALL_PASSED = tuple((check, level, "passed") for check, level, _ in OUTCOMES)
THEN = Attempt("tiny", "", "failed", 1, 3, "0" * 64, 3.0, "", "", 123_203_700, 2.5, OUTCOMES)
"""The recorded attempt of the bad report."""


@rows(
    ("before", "report", "words"),
    [
        (None, BAD, ""),
        (THEN, BAD, "Since your last check: the same files as then"),
        (THEN._replace(content_sha256="1"), BAD, "Since your last check: the same result as then"),
        (THEN, GOOD, "Since your last check: +1 now passes, 1 -> 3 points"),
        (
            THEN._replace(outcomes=ALL_PASSED, points=3),
            BAD,
            "Since your last check: -1 now fails, 3 -> 1 points",
        ),
        (
            THEN,
            replace(BAD, image=ImageSummary("sha256:2", 83_203_700)),
            "Since your last check: image 40.0 MB smaller",
        ),
    ],
)
def test_changes_are_told_in_one_line(before: Attempt | None, report: Report, words: str) -> None:
    """Better and worse are counted, with the points and the size of the image."""
    assert words == changes_since(before, report).plain


def test_bars_compare_two_builds() -> None:
    """The longer build fills the room; one build alone has no bar."""
    assert "" == build_bars(GOOD, 20).plain
    rows = build_bars(replace(GOOD, build=BuildSummary(20.0, (), 2.0)), 20).plain.split("\n")

    assert [20, 2] == [row.count("█") for row in rows]
    assert "20 s" in rows[0]
    assert "after one source line changed" in rows[1]


@pytest.mark.asyncio(loop_scope="session")
async def test_second_check_says_what_changed(desk: DeskDriver) -> None:
    """The line stands with the verdict."""
    for _ in range(2):
        await desk.check("Not yet")

    assert "Since your last check: the same files as then" in desk.text()


@pytest.mark.asyncio(loop_scope="session")
async def test_solution_stands_beside_the_learners_files(desk: DeskDriver) -> None:
    """After a pass: yours and the solution, side by side where there is room."""
    desk.dockerfile.editor.load_text(FIXED + "# my own remark\n")
    await desk.check("Passed, for the first time")
    for size in ((140, 40), (80, 24)):
        await desk.pilot.resize_terminal(*size)
        await desk.enter("/solution")
        await desk.until(lambda: desk.shows("Dockerfile, the solution"))

        assert desk.shows("Dockerfile, yours")
        assert desk.shows("# my own remark")
        beside = any("yours" in row and "the solution" in row for row in desk.text().split("\n"))
        assert (size[0] >= 100) == beside
        await desk.press("escape")
