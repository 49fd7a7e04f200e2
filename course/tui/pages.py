"""Owns the texts of help, checklist, outcome and doctor pages; must never decide when one is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.content import Content

from course.doctor import DoctorLine, State
from course.session import ChecklistLine
from course.slash import COMMANDS
from course.tui.guard import plain
from course.tui.keys import KEYS
from course.tui.marks import outcome_mark, outcome_word
from graders.finding import Finding
from graders.outcome import Outcome

_DOCTOR_MARKS = {
    State.OK: ("✔", "$text-success"),
    State.WARNING: ("▲", "$text-warning"),
    State.MISSING: ("✘", "$text-error"),
}


def help_page() -> Content:
    """Keys and commands, from their tables."""
    widest_key = max(len(key.shown) for key in KEYS) + 2
    widest_command = max(len(command.usage) for command in COMMANDS) + 2
    rows = [Content.styled("Keys", "bold $text-primary")]
    rows += [Content.assemble((key.shown.ljust(widest_key), "bold"), key.help) for key in KEYS]
    rows += [Content(""), Content.styled("Commands", "bold $text-primary")]
    rows += [Content.assemble((command.usage.ljust(widest_command), "bold"), command.help) for command in COMMANDS]
    rows += [Content(""), Content.styled("The same without this window", "bold $text-primary")]
    rows += [
        Content.assemble((command.usage.ljust(widest_command), "bold"), command.twin)
        for command in COMMANDS
        if command.twin
    ]
    return _lines(rows)


def checklist_page(lines: Sequence[ChecklistLine], intro: str) -> Content:
    """What is done and what is missing, with the command that gets it done."""
    rows = [Content(intro), Content("")] if intro else []
    for line in lines:
        mark = ("[x] ", "$text-success") if line.done else ("[ ] ", "bold $text-warning")
        rows.append(Content.assemble(mark, plain(line.text)))
        if not line.done and line.remedy:
            rows.append(Content.assemble("      ", plain(line.remedy).stylize("$foreground 65%")))
    return _lines(rows)


def outcome_page(outcome: Outcome) -> Content:
    """All there is to say about one outcome."""
    mark, style = outcome_mark(outcome)
    word = outcome_word(outcome) or "passed"
    rows = [
        Content.assemble((f"{mark} {word}", f"bold {style}"), ("   check: ", "$foreground 65%"), outcome.id),
        Content(""),
    ]
    for finding in outcome.findings:
        where = finding.file + (f", line {finding.line}" if finding.line is not None else "") if finding.file else ""
        rows.append(plain(finding.message))
        if where:
            rows.append(Content.assemble("  ", plain(where).stylize("$foreground 65%")))
        for label, text in (("found", finding.observed), ("wanted", finding.expected)):
            if text:
                rows.append(Content.assemble((f"  {label}: ", "$foreground 65%"), plain(text)))
        if finding.hint:
            rows.append(Content.assemble(("  hint: ", "$foreground 65%"), plain(finding.hint)))
        rows.append(Content(""))
    if outcome.reason:
        rows += [plain(outcome.reason), Content("")]
    if outcome.remedy:
        rows += [Content.assemble(("Mend it: ", "$foreground 65%"), plain(outcome.remedy).stylize("bold")), Content("")]
    if outcome.why:
        rows += [Content.styled("Why it matters", "bold"), plain(outcome.why), Content("")]
    if outcome.hint and outcome.findings:
        rows += [Content.styled("A nudge", "bold"), plain(outcome.hint)]
    return _lines(rows)


def explain_page(findings: Sequence[Finding], *, claim: str, why: str, hint: str) -> Content:
    """What is asked, what was found instead, why it matters, and a nudge."""
    rows = [Content.assemble(("What is asked   ", "bold"), plain(claim)), Content("")]
    for finding in findings:
        rows.append(Content.assemble(("✘ ", "bold $text-error"), plain(finding.message)))
        for label, text in (("found", finding.observed), ("wanted", finding.expected)):
            if text:
                rows.append(Content.assemble((f"  {label}: ", "$foreground 65%"), plain(text)))
    nudge = next((finding.hint for finding in findings if finding.hint), "") or hint
    rows += [Content(""), Content.styled("Why it matters", "bold"), plain(why)]
    if nudge:
        rows += [Content(""), Content.styled("A nudge", "bold"), plain(nudge)]
    return _lines(rows)


def doctor_page(lines: Iterable[DoctorLine]) -> Content:
    """What this machine has and lacks."""
    rows: list[Content] = []
    for line in lines:
        mark, style = _DOCTOR_MARKS[line.state]
        rows.append(Content.assemble((f"{mark} ", f"bold {style}"), (f"{line.name:<11}", "bold"), plain(line.text)))
        if line.remedy and line.state is not State.OK:
            rows.append(
                Content.assemble(f"{'':13}", ("mend it: ", "$foreground 65%"), plain(line.remedy).stylize("bold"))
            )
    return _lines(rows)


def _lines(rows: Sequence[Content]) -> Content:
    return Content("\n").join(rows)
