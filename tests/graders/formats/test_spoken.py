"""Tests of the report as it is read aloud."""

from __future__ import annotations

from dataclasses import replace

from graders.formats.spoken import render
from graders.outcome import Status
from graders.report import BuildSummary, StepSummary
from tests.graders.formats.reports import ADVICE, FAILED, HOSTILE, PASSED, SKIPPED, UNSAFE, report


def test_verdict_comes_first_and_each_finding_in_sentences() -> None:
    """Who listens hears at once how it ended, then what failed with place, found, expected, why and hint."""
    lines = render(report(PASSED, FAILED, SKIPPED)).splitlines()

    assert lines[0].endswith("Failed: 2 of 9 points.")
    assert "3 checks: 1 failed, 1 skipped, 1 passed." == lines[1]
    assert [
        "Failed: The program isn't root.",
        "Check runs-as-root, 0 of 3 points.",
        'Dockerfile line 4 to 6: "USER root" is in force.',
        "Found: USER root",
        "Expected: a user of your own",
    ] == lines[2:7]
    assert "Why: Root in a container is root." in lines
    assert "Hint: Which user?" in lines
    assert "Reason: Needs build-fails to pass first" in lines
    assert "Passed: Every base names a version." == lines[-1]


def test_advice_costs_nothing_and_says_so() -> None:
    """A failure that takes no point isn't told as one that does."""
    text = render(report(PASSED, ADVICE))

    assert "Failed: Quick. This is advice only and costs nothing." in text
    assert "Check slow-rebuild" not in text


def test_undecided_is_nobodys_fault_and_names_the_remedy() -> None:
    """An errored check leads to the verdict that nothing was decided."""
    lines = render(report(replace(PASSED, status=Status.ERRORED, reason="No engine", remedy="dockyard engine up")))

    assert "Not decided, and that is not your fault." in lines
    assert "To mend it: dockyard engine up" in lines


def test_build_is_told_by_line_with_units() -> None:
    """Bytes and seconds carry their units, since there is no heading of a column."""
    steps = (StepSummary(1, "FROM a", True, 0.0, None), StepSummary(2, "RUN b", False, 2.25, 1_500_000))
    built = replace(report(PASSED), build=BuildSummary(2.5, steps, rebuild_elapsed_s=0.5))

    lines = render(built).splitlines()

    assert "Built in 2.5 seconds, and after a source change in 0.5 seconds." in lines
    assert "Line 1: from the cache: FROM a" in lines
    assert "Line 2: 2.2 seconds, 1.5 megabytes: RUN b" in lines


def test_hostile_text_is_read_as_words() -> None:
    """No sequence of a submission reaches the terminal, and no mark or box of ours."""
    finding = replace(FAILED.findings[0], message=HOSTILE, observed=HOSTILE, expected=HOSTILE)
    text = render(report(replace(FAILED, findings=(finding,), claim=HOSTILE), notices=(HOSTILE,)))

    assert UNSAFE.search(text) is None
    assert not set("✔✘●│─") & set(text)
