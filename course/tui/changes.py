"""Owns what differs between two checks of one exercise, in words; must never read the progress file."""

from __future__ import annotations

from textual.content import Content

from course.progress import Attempt
from course.tui.marks import human_bytes, seconds
from graders.outcome import Status
from graders.report import Report

SMALLEST_CHANGE_BYTES = 500_000
"""An image that grew or shrank by less is told as unchanged."""


def changes_since(before: Attempt | None, report: Report) -> Content:
    """One line on what is better and what is worse than at the check before; empty when there was none."""
    if before is None:
        return Content("")
    then = {check: status for check, _, status in before.outcomes}
    mended = [item for item in report.outcomes if item.status is Status.PASSED and then.get(item.id) == Status.FAILED]
    broken = [item for item in report.outcomes if item.status is Status.FAILED and then.get(item.id) == Status.PASSED]
    parts: list[Content] = []
    if mended:
        parts.append(Content.styled(f"+{len(mended)} now pass{'es' if len(mended) == 1 else ''}", "$text-success"))
    if broken:
        parts.append(Content.styled(f"-{len(broken)} now fail{'s' if len(broken) == 1 else ''}", "$text-error"))
    if report.points != before.points:
        parts.append(Content(f"{before.points} -> {report.points} points"))
    image = report.image
    if image is not None and before.image_bytes is not None:
        grown = image.size_bytes - before.image_bytes
        if abs(grown) >= SMALLEST_CHANGE_BYTES:
            parts.append(Content(f"image {human_bytes(abs(grown))} {'larger' if grown > 0 else 'smaller'}"))
    if not parts:
        same = before.content_sha256 == report.content_sha256
        parts.append(Content("the same files as then" if same else "the same result as then"))
    return Content.assemble(("Since your last check: ", "$foreground 65%"), Content(", ").join(parts))


def build_bars(report: Report, cells: int) -> Content:
    """The seconds of the graded build and of the rebuild after one source line changed, as two bars.

    Empty when there was no rebuild: one bar compares nothing.
    """
    build = report.build
    if build is None or build.rebuild_elapsed_s is None:
        return Content("")
    cached = sum(step.cached for step in build.steps)
    first = f"first build{f', {cached} steps cached' if cached else ''}"
    rows = (
        (first, build.elapsed_s, "$text-warning"),
        ("after one source line changed", build.rebuild_elapsed_s, "$text-success"),
    )
    longest = max(elapsed_s for _, elapsed_s, _ in rows) or 1.0
    return Content("\n").join(
        Content.assemble(
            f"{label:<30} {seconds(elapsed_s):>9} ", ("█" * max(round(elapsed_s / longest * cells), 1), style)
        )
        for label, elapsed_s, style in rows
    )
