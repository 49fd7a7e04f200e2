"""Owns the words of a reveal, as markdown that reads well unrendered too; must never decide when it is shown."""

from __future__ import annotations

from course.amount import human_bytes, seconds
from course.progress import Attempt
from course.reveal import Measure, Reveal

_NAMES = {
    "points": "points",
    "image": "size of the image",
    "build": "build",
    "rebuild": "build again after a change of the code",
}


def reveal_markdown(reveal: Reveal) -> str:
    """The whole reveal."""
    checks = "the first check" if reveal.tries == 1 else f"check {reveal.tries}"
    parts = [f"You passed *{reveal.title}* with {checks}. In your own numbers:", _table(reveal)]
    if any(measure.before is None for measure in reveal.measures):
        parts.append("A dash: no check of yours before the pass could measure it.")
    parts += [
        f"## {number}. {fault.title}\n\n{_met(fault.met)}\n\n{fault.markdown.strip()}"
        for number, fault in enumerate(reveal.faults, start=1)
    ]
    if reveal.slips:
        rows = [f"- {slip.claim} (`{slip.check_id}`). {slip.why}" for slip in reveal.slips]
        parts.append(
            "## Also on your way\n\nThe starter had none of these; one of your checks did.\n\n" + "\n".join(rows)
        )
    return "\n\n".join(parts) + "\n"


def _met(claims: tuple[str, ...]) -> str:
    if not claims:
        return "*None of your checks met it: you had mended it before.*"
    said = ", nor ".join(f'"{claim}"' for claim in claims)
    return f"*Your checks found it. This did not hold: {said}.*"


def _table(reveal: Reveal) -> str:
    rows = [("", "before", "now")]
    for measure in reveal.measures:
        before = "-" if measure.before is None else _value(measure, measure.before)
        rows.append((_NAMES[measure.name], before, _value(measure, measure.after)))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [f"| {row[0]:<{widths[0]}} | {row[1]:>{widths[1]}} | {row[2]:>{widths[2]}} |" for row in rows]
    rule = f"|{'-' * (widths[0] + 2)}|{'-' * (widths[1] + 1)}:|{'-' * (widths[2] + 1)}:|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _value(measure: Measure, attempt: Attempt) -> str:
    if measure.name == "points":
        return f"{attempt.points} of {attempt.max_points}"
    if measure.name == "image":
        return human_bytes(attempt.image_bytes or 0)
    if measure.name == "rebuild":
        about = "about " if attempt.rebuild_stopped else ""
        return f"{about}{seconds(attempt.rebuild_s or 0.0)}"
    kept = f", {attempt.cached_steps} of {attempt.steps} steps kept" if attempt.cached_steps else ""
    return f"{seconds(attempt.build_s or 0.0)}{kept}"
