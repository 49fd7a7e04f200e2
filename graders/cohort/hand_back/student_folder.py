"""Owns one student's folder in `--out`: feedback, report and the forms that other programs read; must never grade."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from graders.cohort.gradebook.worth import Score
from graders.cohort.hand_back.feedback import Words, feedback
from graders.cohort.row import GradedRow

FEEDBACK = "feedback.md"
REPORT = "report.json"
JUNIT = "junit.xml"
GRADESCOPE = "results.json"
OURS = (FEEDBACK, REPORT, JUNIT, GRADESCOPE)
"""Every file that a folder may hold of ours; no other is touched."""


def write_student(folder: Path, row: GradedRow, score: Score, words: Words) -> None:
    """Write what the row's student gets; files that no longer hold go. Raises OSError."""
    from graders.formats import gradescope, junit
    from graders.formats import json as report_json

    folder.mkdir(parents=True, exist_ok=True)
    texts = {FEEDBACK: feedback(row, score, words)}
    if row.report is not None:
        texts[REPORT] = indented(report_json.document_of(row.report))
        texts[JUNIT] = junit.dumps(row.report)
        texts[GRADESCOPE] = indented(gradescope.document_of(row.report))
    for name in OURS:
        if name in texts:
            replace_text(folder / name, texts[name])
        else:
            (folder / name).unlink(missing_ok=True)


def indented(document: Mapping[str, object]) -> str:
    """As the formats write their documents, in a fifth of the time: Python's own JSON indents letter by letter."""
    import msgspec

    return msgspec.json.format(json.dumps(document, ensure_ascii=True, allow_nan=False), indent=2) + "\n"


def sweep(students: Path, kept: set[str]) -> None:
    """Take our files out of folders of students who are gone; a folder that holds nothing else goes too."""
    for folder in students.iterdir() if students.is_dir() else ():
        if folder.name in kept or folder.is_symlink() or not folder.is_dir():
            continue
        for name in OURS:
            (folder / name).unlink(missing_ok=True)
        if not any(folder.iterdir()):
            shutil.rmtree(folder)


def replace_text(path: Path, text: str) -> None:
    """Make the file hold this text: whole at every moment, untouched when it does already. Raises OSError."""
    data = text.encode("utf-8", "replace")
    if path.is_file() and not path.is_symlink() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)
