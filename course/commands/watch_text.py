"""Owns what `dockyard watch` says of a round, in lines of words that need neither colour nor columns.

Must never print. Each line is clean: what a learner or an engine wrote cannot reach the terminal as a sequence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from course.event import CheckRecorded
from course.progress import Attempt
from course.watch import RoundFailed, RoundStarted, RoundStopped, TextRead, WatchEvent
from graders.finding import Finding
from graders.formats.in_claims import report_in_claims
from graders.formats.plain import place_in_words
from graders.outcome import Outcome, Status
from graders.report import Report, Verdict
from graders.safe_text import clean, clean_lines

FILES_NAMED = 5
CLAIMS_NAMED = 3
QUOTED_LINES = 3


class RoundText:
    """The lines of one round after another; what was said of the text is not said again of the check.

    `claims`: id -> claim of the exercise's checks.
    """

    def __init__(self, exercise: str, claims: Mapping[str, str]) -> None:
        self._exercise = exercise
        self._claims = claims
        self._before: Attempt | None = None
        self._text_before: int | None = None
        self._told: set[tuple[str, Finding]] = set()

    def lines(self, event: WatchEvent, at: datetime) -> Iterator[str]:
        """What an event means, told at this time; nothing for most."""
        match event:
            case RoundStarted(changed=changed, before=before):
                self._before = before
                self._told.clear()
                named = ", ".join(clean(path) for path in changed[:FILES_NAMED])
                more = f" and {len(changed) - FILES_NAMED} more" if len(changed) > FILES_NAMED else ""
                yield f"{at:%H:%M:%S} {f'Changed: {named}{more}' if changed else f'Checking {self._exercise}'}"
            case TextRead(findings=findings):
                yield from self._read(findings)
            case CheckRecorded():
                yield from self._recorded(event)
            case RoundStopped():
                yield "  Stopped: a file was saved meanwhile."
            case RoundFailed(error=error):
                yield f"  Error: {clean(error.message)}"
                for line in error.hint.splitlines():
                    yield f"  {clean(line)}"
            case _:
                pass

    def _read(self, findings: tuple[tuple[str, Finding], ...]) -> Iterator[str]:
        by_check: dict[str, list[Finding]] = {}
        for check_id, finding in findings:
            by_check.setdefault(check_id, []).append(finding)
        for check_id, found in by_check.items():
            yield from _failed(check_id, self._claims.get(check_id, check_id), found)
        self._told.update(findings)
        change = ""
        if self._text_before is not None and len(findings) != self._text_before:
            fewer = self._text_before - len(findings)
            change = f", {abs(fewer)} {'fewer' if fewer > 0 else 'more'} than before"
        self._text_before = len(findings)
        count = {0: "nothing found", 1: "1 finding"}.get(len(findings), f"{len(findings)} findings")
        yield f"  The text: {count}{change}."

    def _recorded(self, event: CheckRecorded) -> Iterator[str]:
        report = report_in_claims(event.report)
        for outcome in report.outcomes:
            if outcome.status is Status.FAILED:
                new = [finding for finding in outcome.findings if (outcome.id, finding) not in self._told]
                yield from _failed(outcome.id, outcome.claim, new, advice=not outcome.required)
        yield from _undecided(report)
        if self._before is not None and report.verdict is not Verdict.ERRORED:
            yield from _changes(self._before, report)
        yield f"  {self._verdict(report)}"
        if event.first_pass:
            yield f"  Passed for the first time. What each fault cost: dockyard reveal {self._exercise}"
        for number in event.unlocked:
            yield f"  Lesson {number} is open now: dockyard start {number}"

    def _verdict(self, report: Report) -> str:
        if report.verdict is Verdict.ERRORED:
            return "Not decided, and that is not your fault: nothing was recorded."
        points = f"{report.points} of {report.max_points} points"
        gained = report.points - self._before.points if self._before is not None else 0
        change = f", {abs(gained)} {'more' if gained > 0 else 'fewer'} than before" if gained else ""
        again = " Nothing had changed since it was graded." if report.from_store else ""
        return f"{report.verdict.value.capitalize()}: {points}{change}.{again}"


def _failed(check_id: str, claim: str, findings: Iterable[Finding], *, advice: bool = False) -> Iterator[str]:
    """The claim that does not hold, then each finding, what was found and expected under it; nothing without one."""
    told = False
    for finding in findings:
        if not told:
            yield f"  {'Advice' if advice else 'Failed'}: {clean(claim)} ({check_id})"
            told = True
        place = place_in_words(finding)
        yield f"    {f'{place}: ' if place else ''}{clean(finding.message)}"
        for word, text in (("found", finding.observed), ("expected", finding.expected)):
            rows = clean_lines(text)[-QUOTED_LINES:] if text else ()
            yield from (f"      {word}: {row}" for row in rows)


def _undecided(report: Report) -> Iterator[str]:
    """Checks that were skipped or errored, by their reason."""
    for status, word in ((Status.SKIPPED, "Skipped"), (Status.ERRORED, "Not decided")):
        reasons: dict[str, list[Outcome]] = {}
        for outcome in report.outcomes:
            if outcome.status is status:
                reasons.setdefault(clean(outcome.reason), []).append(outcome)
        for reason, outcomes in reasons.items():
            yield f"  {word}: {_named(outcomes)}. {reason}"
    for remedy in report.remedies:
        yield f"  To mend it: {clean(remedy)}"


def _changes(before: Attempt, report: Report) -> Iterator[str]:
    """What passes and what fails that did not at the check before."""
    then = {check_id: status for check_id, _, status in before.outcomes}
    mended = [item for item in report.outcomes if item.status is Status.PASSED and then.get(item.id) != "passed"]
    broken = [item for item in report.outcomes if item.status is Status.FAILED and then.get(item.id) == "passed"]
    if mended:
        yield f"  Now pass: {_named(mended)}"
    if broken:
        yield f"  Now fail: {_named(broken)}"


def _named(outcomes: list[Outcome]) -> str:
    """The claims, each in quotes; the count of many."""
    if len(outcomes) > CLAIMS_NAMED:
        return f"{len(outcomes)} checks"
    return ", ".join(f'"{clean(outcome.claim)}"' for outcome in outcomes)
