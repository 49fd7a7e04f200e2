"""Owns the report as a person reads it in a terminal; must never print, nor pass on an escape sequence.

Marks and words carry the meaning; colour, when asked for, only repeats it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from graders.finding import Finding
from graders.formats.in_claims import report_in_claims
from graders.formats.same_reason import same_reason
from graders.limits import in_mb
from graders.outcome import Level, Outcome, Status
from graders.recall import graded_before
from graders.report import BuildSummary, Report, Verdict
from graders.safe_text import clean, clean_lines

WIDTH = 80
MARKS = {Status.PASSED: "✔", Status.FAILED: "✘", Status.SKIPPED: "-", Status.ERRORED: "!"}
COLOURS = {Status.PASSED: "32", Status.FAILED: "31", Status.SKIPPED: "2", Status.ERRORED: "33"}
TITLES = {
    Level.DOCKERFILE: "Dockerfile, as it reads",
    Level.IMAGE: "Image, as it was built",
    Level.REBUILD: "Rebuild, after a change",
    Level.CONTAINER: "Container, as it ran",
}
SLOWEST_SHOWN = 5
OBSERVED_LINES = 8


def render(report: Report, *, colour: bool) -> str:
    """The whole report, at most 80 columns wide but for single long words."""
    return "\n".join(_Page(report, colour=colour).lines()) + "\n"


class _Page:
    def __init__(self, report: Report, *, colour: bool) -> None:
        self.report = report_in_claims(report)
        self.colour = colour
        shown = [outcome for level in Level for outcome in self.of_level(level)]
        self.sharing = same_reason(shown)
        self.told = {other.id for others in self.sharing.values() for other in others}

    def of_level(self, level: Level) -> list[Outcome]:
        report = self.report
        return [outcome for outcome in report.outcomes if outcome.level is level and report.in_scope(outcome)]

    def lines(self) -> Iterator[str]:
        for level in Level:
            outcomes = self.of_level(level)
            if outcomes:
                yield TITLES[level]
                for outcome in outcomes:
                    yield from self.outcome(outcome)
                yield ""
        if self.report.build is not None:
            yield from self.build(self.report.build)
            yield ""
        for notice in self.report.notices:
            yield from _wrapped("Note: " + clean(notice), "", "      ")
        if self.report.notices:
            yield ""
        yield from self.verdict()

    def outcome(self, outcome: Outcome) -> Iterator[str]:
        points = f"{outcome.points}/{outcome.max_points}" if outcome.required else "advice"
        words = {Status.SKIPPED: " (skipped)", Status.ERRORED: " (errored)"}.get(outcome.status, "")
        rows = list(_wrapped(clean(outcome.claim) + words, f"  {MARKS[outcome.status]} ", "    ", WIDTH - 8))
        rows[0] = f"{rows[0]:<{WIDTH - 8}}{points:>8}"
        yield self.painted(rows[0], COLOURS[outcome.status])
        yield from rows[1:]
        if outcome.status is Status.PASSED:
            return
        yield f"      {outcome.id}"
        for finding in outcome.findings:
            yield from _finding(finding)
        if outcome.id not in self.told:
            yield from self.reason(outcome)
        if outcome.status is Status.FAILED:
            hint = outcome.told_hint
            if outcome.why:
                yield from _wrapped(clean(outcome.why), "      Why: ", "           ")
            if hint:
                yield from _wrapped(clean(hint), "      Hint: ", "            ")

    def reason(self, outcome: Outcome) -> Iterator[str]:
        """Why it is undecided, and which others are for the same reason."""
        if outcome.reason:
            yield from _wrapped(clean(outcome.reason), "      ", "      ")
        if outcome.remedy:
            yield from _wrapped(clean(outcome.remedy), "      To mend it: ", "        ")
        if others := self.sharing.get(outcome.id):
            yield from _wrapped(", ".join(other.id for other in others), "      The same holds for: ", "        ")

    def build(self, build: BuildSummary) -> Iterator[str]:
        image = self.report.image
        parts = [f"Built in {build.elapsed_s:.1f} s"]
        if build.rebuild_elapsed_s is not None:
            parts.append(f"again after a source change in {build.rebuild_elapsed_s:.1f} s")
        if image is not None:
            size = in_mb(image.size_bytes)
            if image.base_size_bytes is not None:
                size += f", {in_mb(max(0, image.size_bytes - image.base_size_bytes))} of it yours"
            parts.append(size)
        yield from _wrapped("; ".join(parts), "", "  ")
        steps = [step for step in build.steps if step.line is not None]
        largest = sorted(steps, key=lambda step: (-(step.bytes or 0), -step.elapsed_s))[:SLOWEST_SHOWN]
        for step in sorted(largest, key=lambda step: step.line or 0):
            size = "" if step.bytes is None else in_mb(step.bytes)
            time = "cached" if step.cached else f"{step.elapsed_s:.1f} s"
            yield f"  line {step.line:<4}{time:>8} {size:>10}  {clean(step.instruction, max_len=46)}"

    def verdict(self) -> Iterator[str]:
        report = self.report
        if report.from_store:
            yield from _wrapped(f"{graded_before(report, '--fresh')}.", "", "")
        points = f"{report.points} of {report.max_points} points"
        failed = sum(outcome.status is Status.FAILED for outcome in report.outcomes)
        if report.static_only:
            found = f"{failed} checks failed" if failed else "nothing found"
            yield f"Static checks only: {found}. Nothing was built or run."
            yield "Next: run the whole check."
        elif report.verdict is Verdict.PASSED:
            yield self.painted(f"✔ PASSED: {points}.", COLOURS[Status.PASSED])
        elif report.verdict is Verdict.ERRORED:
            yield self.painted("! ERRORED: not decided, and that is not your fault.", COLOURS[Status.ERRORED])
            for remedy in report.remedies:
                yield from _wrapped(clean(remedy), "Next: ", "      ")
        else:
            yield self.painted(f"✘ FAILED: {points}.", COLOURS[Status.FAILED])
            first = next((outcome for outcome in report.outcomes if outcome.status is Status.FAILED), None)
            if first is not None:
                yield from _wrapped(
                    f"start with {first.id}, the first that failed, then check again.", "Next: ", "      "
                )
            else:
                yield from _wrapped("a check could not be decided; its reason stands above.", "Next: ", "      ")

    def painted(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text


def _finding(finding: Finding) -> Iterator[str]:
    place = clean(finding.file, max_len=60)
    if finding.line is not None:
        place += f":{finding.line}"
        if finding.end_line is not None and finding.end_line > finding.line:
            place += f"-{finding.end_line}"
    yield from _wrapped((f"{place}: " if place else "") + clean(finding.message), "      ", "        ")
    if finding.observed:
        yield from _quoted("found", finding.observed)
    if finding.expected:
        yield from _quoted("expected", finding.expected)


def _quoted(word: str, text: str) -> Iterator[str]:
    rows = clean_lines(text)[-OBSERVED_LINES:]
    if len(rows) == 1:
        yield from _wrapped(rows[0], f"        {word + ':':<10}", " " * 18)
        return
    yield f"        {word}:"
    for row in rows:
        yield from _wrapped(row, "          | ", "          | ")


def _wrapped(text: str, first: str, then: str, width: int = WIDTH) -> list[str]:
    rows = textwrap.wrap(
        text, width=width, initial_indent=first, subsequent_indent=then, break_on_hyphens=False, break_long_words=True
    )
    return rows or [first.rstrip()]
