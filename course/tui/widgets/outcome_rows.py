"""Owns what the list of outcomes says, row after row; must never know a widget."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content

from course.slash import in_slash_words
from course.tui.marks import outcome_mark, outcome_word, seconds
from graders.event import PlannedCheck
from graders.finding import Finding
from graders.formats.same_reason import same_reason
from graders.outcome import Outcome, Status
from graders.safe_text import clean

Target = Outcome | tuple[Outcome, Finding] | None
"""What Enter on a row leads to: all about an outcome, the line of a finding, or nothing."""


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One row of the list."""

    content: Content
    target: Target = None


def outcome_rows(
    planned: Sequence[PlannedCheck], outcomes: Mapping[str, Outcome], notices: Sequence[str], *, width: int
) -> list[OutcomeRow]:
    """The checks in their order, decided (id -> outcome) or not; those that share a reason follow the first of them."""
    sharing = same_reason(outcomes[check.id] for check in planned if check.id in outcomes)
    told = {other.id for others in sharing.values() for other in others}
    rows: list[OutcomeRow] = []
    for check in planned:
        outcome = outcomes.get(check.id)
        if outcome is None:
            rows.append(OutcomeRow(_waiting_row(check, width)))
        elif outcome.id not in told:
            rows += _about(outcome, sharing.get(outcome.id, ()), width)
    return rows + [OutcomeRow(_notice_row(notice, width)) for notice in notices]


def _about(outcome: Outcome, others: Sequence[Outcome], width: int) -> Iterator[OutcomeRow]:
    yield OutcomeRow(_outcome_row(outcome, width), outcome)
    if outcome.status is Status.FAILED:
        for finding in outcome.findings:
            yield OutcomeRow(_finding_row(finding, width), (outcome, finding))
    elif outcome.reason:
        yield OutcomeRow(_reason_row(outcome, width, sharing=len(others)), outcome)
    for other in others:
        yield OutcomeRow(_outcome_row(other, width), other)


def _outcome_row(outcome: Outcome, width: int) -> Content:
    mark, style = outcome_mark(outcome)
    word = outcome_word(outcome)
    time = f"  {seconds(outcome.elapsed_s)}" if outcome.elapsed_s >= 0.05 else ""
    claim = _hanging(outcome.claim, 2, width - len(word) - len(time) - 2)
    return Content.assemble(
        (f"{mark} ", f"bold {style}"), claim, (f"  {word}" if word else "", style), (time, "$foreground 65%")
    )


def _waiting_row(planned: PlannedCheck, width: int) -> Content:
    return Content.assemble("· ", _hanging(planned.claim, 2, width)).stylize("$foreground 65%")


def _finding_row(finding: Finding, width: int) -> Content:
    where = f"line {finding.line}: " if finding.line is not None else ""
    if finding.file and finding.file != "Dockerfile":
        where = f"{clean(finding.file)}, {where}" if where else f"{clean(finding.file)}: "
    text = _hanging(where + finding.message, 4, width)
    return Content("    ") + text.stylize("bold", 0, len(where.rstrip()))


def _reason_row(outcome: Outcome, width: int, *, sharing: int) -> Content:
    rows = [_hanging(outcome.reason, 4, width).stylize("$foreground 65%")]
    if outcome.remedy:
        rows.append(_hanging(f"mend it: {in_slash_words(outcome.remedy)}", 4, width).stylize("bold"))
    if sharing:
        next_ones = f"the next {sharing}" if sharing > 1 else "the next one"
        rows.append(Content.styled(f"The same holds for {next_ones}:", "$foreground 65%"))
    return Content("    ") + Content("\n    ").join(rows)


def _notice_row(notice: str, width: int) -> Content:
    return Content.assemble(("i ", "$text-accent"), _hanging(notice, 2, width))


def _hanging(text: str, indent: int, width: int) -> Content:
    """Untrusted text that goes on below its own beginning."""
    lines = textwrap.wrap(clean(text), max(width - indent, 16), break_on_hyphens=False)
    return Content(f"\n{' ' * indent}".join(lines))
