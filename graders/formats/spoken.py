"""Owns the report as it is read aloud: the verdict first, then a sentence a line; must never use a mark or a column.

For screen readers, Braille lines and logs. Nothing is wrapped: the terminal does that.
"""

from __future__ import annotations

from collections.abc import Iterator

from graders.finding import Finding
from graders.formats.in_claims import report_in_claims
from graders.formats.plain import place_in_words
from graders.formats.same_reason import same_reason
from graders.limits import MB
from graders.outcome import Outcome, Status
from graders.recall import graded_before
from graders.report import BuildSummary, Report, Verdict
from graders.safe_text import clean, clean_lines

OBSERVED_LINES = 8
WORDS = {Status.FAILED: "Failed", Status.ERRORED: "Not decided", Status.SKIPPED: "Skipped", Status.PASSED: "Passed"}
"""What is said of a check, in the order in which the checks are told: first what needs the learner."""


def render(report: Report) -> str:
    """The whole report, one statement a line."""
    return "\n".join(_lines(report_in_claims(report))) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield _verdict(report)
    yield _counts(report)
    if report.from_store:
        yield f"{graded_before(report, '--fresh')}."
    sharing = same_reason(report.outcomes)
    told = {other.id for others in sharing.values() for other in others}
    for status in WORDS:
        for outcome in report.outcomes:
            if outcome.status is status:
                yield from _outcome(outcome)
                if outcome.id not in told:
                    yield from _reason(outcome, sharing.get(outcome.id, ()))
    if report.build is not None:
        yield from _build(report, report.build)
    for notice in report.notices:
        yield f"Note: {clean(notice)}"


def _verdict(report: Report) -> str:
    if report.static_only:
        return f"Exercise {report.exercise}. Only the text was read: nothing was built or run."
    if report.verdict is Verdict.ERRORED:
        return f"Exercise {report.exercise}. Not decided, and that is not your fault."
    word = "Passed" if report.verdict is Verdict.PASSED else "Failed"
    return f"Exercise {report.exercise}. {word}: {report.points} of {report.max_points} points."


def _counts(report: Report) -> str:
    numbers = {status: sum(outcome.status is status for outcome in report.outcomes) for status in WORDS}
    total = f"{len(report.outcomes)} checks" if len(report.outcomes) != 1 else "1 check"
    return f"{total}: {', '.join(f'{number} {WORDS[status].lower()}' for status, number in numbers.items() if number)}."


def _outcome(outcome: Outcome) -> Iterator[str]:
    advice = "" if outcome.required else " This is advice only and costs nothing."
    yield f"{WORDS[outcome.status]}: {_sentence(clean(outcome.claim))}{advice}"
    if outcome.status is Status.PASSED:
        return
    if outcome.status is Status.FAILED and outcome.required:
        yield f"Check {outcome.id}, {outcome.points} of {outcome.max_points} points."
    for finding in outcome.findings:
        yield from _finding(finding)
    if outcome.status is Status.FAILED:
        hint = outcome.told_hint
        for word, text in (("Why", outcome.why), ("Hint", hint)):
            if text:
                yield f"{word}: {clean(text)}"


def _reason(outcome: Outcome, others: tuple[Outcome, ...]) -> Iterator[str]:
    """Why it is undecided, and which others are for the same reason."""
    if outcome.status is Status.PASSED:
        return
    for word, text in (("Reason", outcome.reason), ("To mend it", outcome.remedy)):
        if text:
            yield f"{word}: {clean(text)}"
    if others:
        claims = ", ".join(f'"{clean(other.claim)}"' for other in others)
        yield f"The same holds for: {claims}."


def _finding(finding: Finding) -> Iterator[str]:
    place = place_in_words(finding)
    yield f"{f'{place}: ' if place else ''}{_sentence(clean(finding.message))}"
    for word, text in (("Found", finding.observed), ("Expected", finding.expected)):
        rows = clean_lines(text)[-OBSERVED_LINES:] if text else ()
        yield from (f"{word}: {row}" for row in rows if row.strip())


def _build(report: Report, build: BuildSummary) -> Iterator[str]:
    again = ""
    if build.rebuild_elapsed_s is not None:
        again = f", and after a source change in {build.rebuild_elapsed_s:.1f} seconds"
    yield f"Built in {build.elapsed_s:.1f} seconds{again}."
    image = report.image
    if image is not None:
        yours = ""
        if image.base_size_bytes is not None:
            yours = f", {max(0, image.size_bytes - image.base_size_bytes) / MB:.1f} of them yours"
        yield f"The image has {image.size_bytes / MB:.1f} megabytes{yours}."
    for step in build.steps:
        if step.line is not None:
            took = "from the cache" if step.cached else f"{step.elapsed_s:.1f} seconds"
            size = "" if step.bytes is None else f", {step.bytes / MB:.1f} megabytes"
            yield f"Line {step.line}: {took}{size}: {clean(step.instruction, max_len=80)}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."
