"""Tests of the chart of own builds: bars in proportion, what is left out, and what it says without any build."""

from __future__ import annotations

from course.build_chart import chart_lines
from course.build_numbers import build_numbers
from course.progress import Attempt
from course.slash import in_slash_words
from graders.finding import Finding
from graders.outcome import Level, Outcome, Status
from graders.report import BuildSummary, Report, StepSummary


def attempt(verdict: str, build: float | None, rebuild: float | None, *, stopped: bool = False) -> Attempt:
    """A recorded check of cache-order."""
    return Attempt(
        "cache-order", "", verdict, 1, 2, "", 1.0, "", f"sha256:{build}", 1, build, (),
        rebuild_s=rebuild, rebuild_stopped=stopped, steps=4, cached_steps=0,
    )  # fmt: skip


def test_chart_without_builds_says_how_to_get_one() -> None:
    """The commands are there to be typed, at the desk in its own words."""
    text = "\n".join(chart_lines("cache-order", (attempt("failed", None, None),), 80))

    assert "dockyard start cache-order" in text
    assert "dockyard check cache-order builds" in text
    assert "Begin with /open cache-order, then\n/check cache-order builds" in in_slash_words(text)


def test_chart_draws_cold_and_warm_in_proportion() -> None:
    """The same width is the same time; a stopped rebuild says that the install ran again."""
    lines = chart_lines("cache-order", (attempt("failed", 4.0, 4.0, stopped=True), attempt("passed", 4.0, 0.4)), 100)
    bars = [line.count("█") for line in lines if "█" in line]

    assert bars[0] == bars[1] == bars[2] == 50
    assert 5 == bars[3]
    assert "the install again" in lines[2]
    assert max(map(len, lines)) <= 100


def test_chart_keeps_the_first_and_the_last_checks() -> None:
    """A learner with many tries sees where they began and where they are; the same builds stand once."""
    many = tuple(attempt("failed", 1.0 + number, None) for number in range(12))
    lines = chart_lines("cache-order", (*many, many[-1]), 80)

    assert "check 1 of cache-order, failed" == lines[0]
    assert "... 6 more ..." in lines
    assert "check 12 of cache-order, failed" in lines


def test_stopped_rebuild_counts_what_it_repeats() -> None:
    """What the steps from the install on took in the graded build; nothing where they came from the cache."""

    def numbers(*, cached: bool) -> tuple[float | None, bool]:
        steps = (
            StepSummary(1, "FROM a", cached=False, elapsed_s=9.0, bytes=None),
            StepSummary(2, "COPY . .", cached=False, elapsed_s=0.5, bytes=1),
            StepSummary(3, "RUN pip install", cached=cached, elapsed_s=3.0, bytes=1),
            StepSummary(4, "RUN true", cached=cached, elapsed_s=1.0, bytes=1),
        )
        outcome = Outcome(
            "cache-lost-on-source-change", "", Level.REBUILD, Status.FAILED, findings=(Finding("again", line=3),)
        )
        report = Report("x", (outcome,), "", "", 1.0, build=BuildSummary(4.5, steps))
        found = build_numbers(report)
        assert found is not None
        return found.rebuild_s, found.rebuild_stopped

    assert (4.0, True) == numbers(cached=False)
    assert (None, True) == numbers(cached=True)
