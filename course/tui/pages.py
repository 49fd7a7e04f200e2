"""Owns the texts of help, checklist, outcome and doctor pages; must never decide when one is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from course.session import ChecklistLine
from course.slash import COMMANDS, in_slash_words
from course.tui.guard import plain
from course.tui.keys import KEYS
from course.tui.marks import outcome_mark, outcome_word
from graders.finding import Finding
from graders.outcome import Outcome
from graders.safe_text import clean_lines

if TYPE_CHECKING:
    from course.doctor.line import DoctorLine

EVIDENCE_LINES = 12
_DOCTOR_MARKS = {
    "ok": ("✔", "$text-success"),
    "warning": ("▲", "$text-warning"),
    "missing": ("✘", "$text-error"),
}
"""State of what the doctor looked at -> mark and style."""


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
            rows.append(Content.assemble("      ", plain(in_slash_words(line.remedy)).stylize("$foreground 65%")))
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
        rows += _evidence(finding)
        if finding.hint:
            rows.append(Content.assemble(("  hint: ", "$foreground 65%"), plain(finding.hint)))
        rows.append(Content(""))
    if outcome.reason:
        rows += [plain(outcome.reason), Content("")]
    if outcome.remedy:
        remedy = plain(in_slash_words(outcome.remedy)).stylize("bold")
        rows += [Content.assemble(("Mend it: ", "$foreground 65%"), remedy), Content("")]
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
        rows += _evidence(finding)
    nudge = next((finding.hint for finding in findings if finding.hint), "") or hint
    rows += [Content(""), Content.styled("Why it matters", "bold"), plain(why)]
    if nudge:
        rows += [Content(""), Content.styled("A nudge", "bold"), plain(nudge)]
    return _lines(rows)


def doctor_page(lines: Sequence[DoctorLine]) -> Content:
    """What this machine has and lacks."""
    rows: list[Content] = []
    widest = max((len(line.name) for line in lines), default=0)
    for line in lines:
        mark, style = _DOCTOR_MARKS[line.state]
        name = f"{line.name:<{widest}}  "
        rows.append(Content.assemble((f"{mark} ", f"bold {style}"), (name, "bold"), plain(line.text)))
        if line.remedy and line.state != "ok":
            remedy = plain(in_slash_words(line.remedy)).stylize("bold")
            rows.append(Content.assemble(f"{'':{widest + 4}}", ("mend it: ", "$foreground 65%"), remedy))
    return _lines(rows)


def _evidence(finding: Finding) -> list[Content]:
    """What was found and what was wanted; of a program's output the last lines, one below the other."""
    rows: list[Content] = []
    for label, text in (("found", finding.observed), ("wanted", finding.expected)):
        lines = clean_lines(text)[-EVIDENCE_LINES:] if text else ()
        if len(lines) == 1:
            rows.append(Content.assemble((f"  {label}: ", "$foreground 65%"), Content(lines[0].strip())))
        elif lines:
            rows.append(Content.styled(f"  {label}:", "$foreground 65%"))
            rows += [Content.assemble(("    │ ", "$foreground 65%"), Content(line)) for line in lines]
    return rows


def _lines(rows: Sequence[Content]) -> Content:
    return Content("\n").join(rows)
