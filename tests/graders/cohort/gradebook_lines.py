"""Owns what two gradebooks of the same cohort must have in common, however their runs went."""

from __future__ import annotations

from pathlib import Path

from graders.cohort.gradebook.book import FILE_NAME, open_gradebook


def book_lines(out: Path) -> list[tuple[object, ...]]:
    """A gradebook without times and attempts."""
    book = open_gradebook(out / FILE_NAME, create=False)
    lines: list[tuple[object, ...]] = []
    for row in book.rows():
        assert row.report is not None
        outcomes = [(x.id, x.status, x.points, x.findings) for x in row.report.outcomes]
        lines.append((row.row, row.state, row.content_sha256, row.same_as, outcomes))
    book.close()
    return lines
