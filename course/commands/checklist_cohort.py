"""Owns `dockyard checklist --cohort`: a level's checklist for everybody whose work was graded; must never grade."""

from __future__ import annotations

import csv
import io
import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from course.cohort_checklist import PROVED, CohortChecklist, Standing, cohort_checklist, level_of
from course.errors import ContentError
from graders.cohort.gradebook.spreadsheet import cell
from graders.errors import GradebookError
from graders.safe_text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from course.catalog import Catalog
    from graders.cohort.row import GradedRow

SCHEMA = "dockyard/cohort-checklist/v1"
MARKS = {
    Standing.DONE: "x",
    Standing.BY_HAND: "h",
    Standing.OPEN: "-",
    Standing.WAITING: "!",
    Standing.UNSEEN: "?",
}
_NAME_MAX = 40


def read_cohort_checklist(catalog: Catalog, place: Path, number: int | None) -> CohortChecklist:
    """The checklist of a level, without a number of the one that was graded, over the gradebooks in `place`.

    Raises GradebookError and ContentError.
    """
    from graders.cohort.gradebook.book import FILE_NAME, open_gradebook
    from graders.cohort.gradebook.find import find_gradebooks

    with ExitStack() as stack:
        books: dict[str, Iterable[GradedRow]] = {}
        most: dict[str, int] = {}
        places: dict[str, Path] = {}
        for folder in find_gradebooks(place):
            book = open_gradebook(folder / FILE_NAME, create=False)
            stack.callback(book.close)
            facts = book.facts()
            if facts is None:
                continue
            if facts.exercise in books:
                raise GradebookError(
                    f"Two gradebooks are of the exercise {facts.exercise}: {places[facts.exercise]} and {folder}",
                    hint="Name one of them, or a folder that holds one gradebook of each exercise.",
                )
            books[facts.exercise], most[facts.exercise], places[facts.exercise] = book.rows(), facts.max_points, folder
        level = level_of(catalog, books) if number is None else catalog.level(number)
        if level is None or not any(item.exercise in books for item in level.checklist):
            which = "No checklist asks" if level is None else f"The checklist of level {level.number} does not ask"
            raise ContentError(f"{which} for what was graded: {', '.join(books) or 'nothing yet'}", hint=_asks(catalog))
        return cohort_checklist(level, books, most)


def _asks(catalog: Catalog) -> str:
    lines = []
    for level in catalog.levels:
        asked = dict.fromkeys(item.exercise for item in level.checklist if item.exercise)
        if asked:
            lines.append(f"Level {level.number} asks for {', '.join(asked)}.")
    return "\n".join(lines)


def as_text(found: CohortChecklist) -> str:
    """A numbered list of lines, then a line for each student with a mark for each."""
    lines = [f"Level {found.level}: {clean(found.title)}", ""]
    for number, line in enumerate(found.lines, start=1):
        proved = sum(student.standings[number - 1] in PROVED for student in found.students)
        where = f"{proved} of {len(found.students)}" if line.seen else _not_here(line.exercise)
        lines.append(f"{number:>3}. {clean(line.text)}: {where}")
    numbers = " ".join(f"{number:>2}" for number in range(1, len(found.lines) + 1))
    width = max((len(_label(student.id, student.name)) for student in found.students), default=0)
    lines += ["", f"{'':<{width}}  {numbers}"]
    for student in found.students:
        marks = " ".join(f"{MARKS[standing]:>2}" for standing in student.standings)
        done = "  complete" if student.complete else ""
        lines.append(f"{_label(student.id, student.name):<{width}}  {marks}{done}")
    complete = sum(student.complete for student in found.students)
    used = {standing for student in found.students for standing in student.standings}
    words = {
        Standing.DONE: "proved",
        Standing.BY_HAND: "all points by hand",
        Standing.OPEN: "open",
        Standing.WAITING: "not graded yet, or errored",
        Standing.UNSEEN: "not to be seen here",
    }
    legend = ", ".join(f"{MARKS[standing]} {word}" for standing, word in words.items() if standing in used)
    lines += ["", legend, f"{complete} of {len(found.students)} students have every line that an exercise proves"]
    return "\n".join(lines)


def _not_here(exercise: str) -> str:
    if exercise:
        return f"{exercise} was not graded here"
    return "only on the student's own machine: dockyard checklist --format html"


def _label(student_id: str, name: str) -> str:
    return clean(f"{student_id} {name}".strip(), max_len=_NAME_MAX)


def as_csv(found: CohortChecklist) -> str:
    """A line for each student, a column for each line of the checklist; no cell is a formula."""
    file = io.StringIO()
    write = csv.writer(file, lineterminator="\n").writerow
    write([cell(head) for head in ("id", "name", "group", "complete", *(line.text for line in found.lines))])
    for student in found.students:
        complete = "yes" if student.complete else "no"
        write([cell(value) for value in (student.id, student.name, student.group, complete, *student.standings)])
    return file.getvalue()


def as_json(found: CohortChecklist) -> str:
    """The same as ASCII JSON."""
    document = {
        "schema": SCHEMA,
        "level": found.level,
        "title": found.title,
        "complete": found.complete,
        "lines": [{"text": line.text, "exercise": line.exercise, "seen": line.seen} for line in found.lines],
        "students": [
            {
                "id": student.id,
                "name": student.name,
                "group": student.group,
                "complete": student.complete,
                "standings": [str(standing) for standing in student.standings],
            }
            for student in found.students
        ],
    }
    return json.dumps(document, indent=2)


WRITERS = {"text": as_text, "json": as_json, "csv": as_csv}
