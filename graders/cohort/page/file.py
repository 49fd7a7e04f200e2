"""Owns the report page of a cohort: one file that asks for nothing else; must never hold the parts of all students.

    with PageFile(heading) as page:
        page.add(row, score, folder) ...
        page.write(out / "report.html", alike)

Only the style and the script that stand in it may act in it: its policy names their hashes, so that not even a fault in
escaping would run anything. It reads without its script, which sorts and filters.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Self

from graders.cohort.gradebook.worth import Score
from graders.cohort.page.alike import alike_section
from graders.cohort.page.facts import PageFacts
from graders.cohort.page.student import student_part, text
from graders.cohort.page.top import Heading, students_head, top
from graders.cohort.row import GradedRow, GradeState, RowState
from graders.cohort.similarity.compare import Alike

FILES = Path(__file__).parent
IN_MEMORY_BYTES = 8_000_000
_FOOT = """\
<p id="none" class="soft" hidden>Nobody fits. <button type="button" id="all">Show all</button></p>
</section>
<footer><p>Made by Dockyard from the gradebook beside it. This page asks nothing of the network. What counts, with
lateness and points given by hand, stands in <code>gradebook.csv</code>.</p></footer>"""


class PageFile:
    """The page while its rows come."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading
        self._facts = PageFacts()
        # Rows that wait for somebody come first.
        self._errored = SpooledTemporaryFile[str](IN_MEMORY_BYTES, "w+", encoding="utf-8", errors="replace")
        self._others = SpooledTemporaryFile[str](IN_MEMORY_BYTES, "w+", encoding="utf-8", errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._errored.close()
        self._others.close()

    def add(self, row: GradedRow, score: Score, folder: str) -> None:
        """Put a row on the page; `folder` is its student's folder in `students`, empty for none."""
        place = self._facts.rows + 1
        part = student_part(row, score, place, folder, self._facts.names)
        self._facts.add(row, score, place)
        first = row.state is GradeState.ERRORED or row.row.state is RowState.UNMATCHED
        (self._errored if first else self._others).write(part)

    def write(self, path: Path, alike: Alike | None) -> int:
        """Write the page, whole at every moment; its bytes. Raises OSError."""
        before, after = _frame(f"{self._heading.title}: results of the cohort")
        part = path.with_name(f".{path.name}.part")
        try:
            with part.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
                file.write(before)
                file.writelines(top(self._facts, self._heading, has_alike=alike is not None))
                if alike is not None:
                    file.writelines(alike_section(alike, self._facts.names))
                file.writelines(students_head(self._facts))
                for spool in (self._errored, self._others):
                    spool.seek(0)
                    copyfileobj(spool, file)
                file.write(f"</div>\n{_FOOT}")
                file.write(after)
            size_bytes = part.stat().st_size
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return size_bytes


def _frame(title: str) -> tuple[str, str]:
    """What stands before and after the body."""
    style = (FILES / "report.css").read_text(encoding="utf-8")
    script = (FILES / "report.js").read_text(encoding="utf-8")
    values = {
        "title": text(title),
        "style": style,
        "script": script,
        "style_hash": _hash(style),
        "script_hash": _hash(script),
    }
    before, after = (FILES / "report.html").read_text(encoding="utf-8").split("{body}")
    return _filled(before, values), _filled(after, values)


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The template with each `{name}` replaced once; braces in a value stay what they are."""
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], template)


def _hash(text: str) -> str:
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()
