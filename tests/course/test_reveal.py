"""Tests of the reveal: what is explained after a pass, and the learner's own numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.catalog import read_catalog
from course.errors import ContentError, LockedError
from course.progress import Attempt
from course.reveal import make_reveal, read_reveal
from course.reveal_text import reveal_markdown
from course.session import Session
from tests.rows import rows

ROOT = Path(__file__).resolve().parents[2]
USED = ("unpinned-base", "shell-form-command")


def attempt(verdict: str, points: int, *failed: str, image: int | None = None, rebuild: float | None = None) -> Attempt:
    """A recorded check of broken-a."""
    outcomes = tuple((check_id, "dockerfile", "failed") for check_id in failed)
    build = 4.0 if image else None
    return Attempt("broken-a", "", verdict, points, 19, "", 1.0, "", "", image, build, outcomes, rebuild_s=rebuild)


def test_reveal_tells_each_fault_with_numbers_before_and_after() -> None:
    """The first check that had a number stands before, the passing one after; a fault that was met says so."""
    spec = read_catalog(ROOT).exercise("broken-a")
    attempts = (
        attempt("failed", 2, "unpinned-base", "runs-as-root"),
        attempt("failed", 9, "runs-as-root", "fat-base", image=190_000_000, rebuild=3.5),
        attempt("passed", 19, image=131_800_000, rebuild=0.4),
    )
    reveal = make_reveal(spec, attempts)

    assert reveal is not None
    assert (3, 5) == (reveal.tries, len(reveal.faults))
    claims = {use.check.id: use.check.claim for use in spec.checks}
    met = [fault.met for fault in reveal.faults if fault.met]
    assert [(claims["unpinned-base"],), (claims["runs-as-root"],)] == met
    assert f'This did not hold: "{claims["unpinned-base"]}".' in reveal_markdown(reveal)
    assert ["fat-base"] == [slip.check_id for slip in reveal.slips]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in reveal_markdown(reveal).splitlines()]
    assert ["points", "2 of 19", "19 of 19"] in rows
    assert ["size of the image", "190 MB", "132 MB"] in rows
    assert ["build again after a change of the code", "3.5 s", "0.4 s"] in rows


def test_reveal_without_earlier_checks_has_no_numbers_before() -> None:
    """Who passes at once is told the faults, and a dash for what was never measured."""
    reveal = make_reveal(read_catalog(ROOT).exercise("broken-a"), (attempt("passed", 19, image=131_800_000),))

    assert reveal is not None
    assert all(measure.before is None for measure in reveal.measures)
    assert "A dash" in reveal_markdown(reveal)


def test_reveal_is_locked_before_a_pass(session: Session) -> None:
    """Nothing is told before."""
    with pytest.raises(LockedError, match="is told after you passed it"):
        session.reveal("tiny")


@rows(
    ("text", "problem"),
    [
        ("Nothing here.\n", "explains no fault"),
        ("## A\n\nText.\n", "names no check"),
        ("## A\nchecks: unpinned-bass\n\nText.\n", "does not use 'unpinned-bass'"),
        ("## A\nchecks: unpinned-base\n", "explains nothing"),
    ],
)
def test_reveal_file_that_is_wrong_says_where(tmp_path: Path, text: str, problem: str) -> None:
    """The file, the line and the nearest id."""
    path = tmp_path / "reveal.md"
    path.write_text(text)
    with pytest.raises(ContentError, match=problem):
        read_reveal(path, USED)
