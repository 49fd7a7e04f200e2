"""Owns the checklist record as JSON, Markdown and one HTML page; must never let text in them be markup."""

from __future__ import annotations

import json
import re
from html import escape

from course.amount import human_bytes, seconds
from course.checklist_record import AnswerEvidence, AttemptEvidence, ChecklistRecord, RecordLine
from graders.safe_text import clean

SCHEMA = "dockyard/checklist/v1"
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~!&])")

_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; }
h1 { margin-bottom: 0; } .state { font-weight: 600; } ul { list-style: none; padding: 0; }
li { border-top: 1px solid #d0d7de; padding: .6rem 0; } .mark { display: inline-block; width: 1.6em; font-weight: 700; }
dl { display: grid; grid-template-columns: 10rem 1fr; margin: .3rem 0 0 1.6em; font-size: .85em; color: #57606a; }
dt, dd { margin: 0; } dd { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
footer { font-size: .85em; color: #57606a; margin-top: 2rem; }
@media (prefers-color-scheme: dark) { body { background: #0d1117; color: #e6edf3; } li { border-color: #30363d; }
dl, footer { color: #9198a1; } }
"""


def to_json(record: ChecklistRecord) -> str:
    """The record as indented JSON by `checklist-v1.schema.json`; only ASCII, so that no terminal is moved by it."""
    value = {
        "schema": SCHEMA,
        "level": record.level,
        "title": record.title,
        "complete": record.complete,
        "made_at": record.made_at,
        "dockyard": record.dockyard,
        "unlock_all": record.unlock_all,
        "lines": [
            {
                "text": line.text,
                "proof": line.proof,
                "done": line.done,
                "remedy": "" if line.done else line.remedy,
                "evidence": _json_evidence(line.evidence),
            }
            for line in record.lines
        ],
    }
    return json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def to_markdown(record: ChecklistRecord) -> str:
    """The record as Markdown with a task list."""
    parts = [f"# Checklist of level {record.level}: {_plain(record.title)}", f"{_state(record)}."]
    items = []
    for line in record.lines:
        rows = [f"- [{'x' if line.done else ' '}] {_plain(line.text)}"]
        rows += [f"  - {name}: `{_code(value)}`" for name, value in _facts(line)]
        items.append("\n".join(rows))
    parts.append("\n".join(items))
    parts.append(_plain(_footer(record)))
    return "\n\n".join(parts) + "\n"


def to_html(record: ChecklistRecord) -> str:
    """The record as one page that needs nothing else: no script, no font, no picture from elsewhere."""
    title = escape(clean(f"Checklist of level {record.level}: {record.title}"))
    items = []
    for line in record.lines:
        facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(clean(value))}</dd>" for name, value in _facts(line))
        mark, word = ("✔", "done") if line.done else ("○", "open")
        items.append(
            f'<li><span class="mark" role="img" aria-label="{word}">{mark}</span>{escape(clean(line.text))}'
            f"{f'<dl>{facts}</dl>' if facts else ''}</li>"
        )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        f'<p class="state">{escape(_state(record))}</p>\n<ul>\n' + "\n".join(items) + "\n</ul>\n"
        f"<footer>{escape(clean(_footer(record)))}</footer>\n</body>\n</html>\n"
    )


WRITERS = {"markdown": to_markdown, "json": to_json, "html": to_html}
"""Name of a format -> how it is written."""


def _state(record: ChecklistRecord) -> str:
    done = sum(line.done for line in record.lines)
    return "Complete" if record.complete else f"Not complete: {done} of {len(record.lines)} lines are proved"


def _footer(record: ChecklistRecord) -> str:
    unlocked = " Lessons were unlocked regardless of progress; that proves no line." if record.unlock_all else ""
    return f"Made at {record.made_at} by Dockyard {record.dockyard} from what it recorded on this machine.{unlocked}"


def _facts(line: RecordLine) -> list[tuple[str, str]]:
    """What proves a line, name and value; what is missing when it isn't proved."""
    match line.evidence:
        case AnswerEvidence() as answer:
            return [
                ("quiz", f"{answer.quiz} (lesson {answer.lesson})"),
                ("answered right", f"{answer.at}, answer {answer.tries}"),
            ]
        case AttemptEvidence(attempt=attempt, number=number):
            image = attempt.image_bytes
            facts = [
                ("exercise", f"{attempt.exercise}, check {number}: {attempt.verdict}"),
                ("points", f"{attempt.points} of {attempt.max_points}"),
                ("checked at", attempt.at),
                ("image", attempt.image_id),
                ("image size", f"{human_bytes(image)} ({image} bytes)" if image is not None else ""),
                ("build", seconds(attempt.build_s) if attempt.build_s is not None else ""),
                ("engine", attempt.engine),
                ("dockyard", attempt.dockyard),
                ("files sha256", attempt.content_sha256),
                ("report sha256", attempt.report_sha256),
            ]
            return [(name, value) for name, value in facts if value]
        case None:
            return [] if line.done else [("to do", line.remedy)]


def _json_evidence(evidence: AttemptEvidence | AnswerEvidence | None) -> dict[str, object] | None:
    match evidence:
        case AnswerEvidence() as answer:
            return {
                "kind": "answer",
                "lesson": answer.lesson,
                "quiz": answer.quiz,
                "at": answer.at,
                "tries": answer.tries,
            }
        case AttemptEvidence(attempt=attempt, number=number):
            return {
                "kind": "check",
                "exercise": attempt.exercise,
                "number": number,
                "at": attempt.at,
                "status": attempt.verdict,
                "points": attempt.points,
                "max_points": attempt.max_points,
                "elapsed_s": attempt.elapsed_s,
                "build_s": attempt.build_s,
                "image_id": attempt.image_id,
                "image_bytes": attempt.image_bytes,
                "engine": attempt.engine,
                "dockyard": attempt.dockyard,
                "content_sha256": attempt.content_sha256,
                "report_sha256": attempt.report_sha256,
            }
        case None:
            return None


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _MARKUP.sub(r"\\\1", clean(text))


def _code(text: str) -> str:
    """Text for a code span: without what would end it."""
    return clean(text).replace("`", "'")
