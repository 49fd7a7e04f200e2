"""Tests of the runner on the real engine: the verdicts, two at once, and that nothing is left."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

import pytest

from course.author.case import lay_out, read_cases
from graders.cancel import Cancel
from graders.cohort.collect.unpack import read
from graders.cohort.gradebook.book import FILE_NAME, Gradebook, open_gradebook
from graders.cohort.row import GradeState, Row, RowState, Student
from graders.cohort.run import CohortRun
from graders.cohort.run_event import Ending, GradingStage, RunEnded
from graders.cohort.run_settings import RunSettings
from graders.engine.base import Engine
from graders.engine.find import find_engine
from graders.exercise import ExerciseSpec, read_exercise
from tests.conftest import REAL_ENVIRON
from tests.graders.cohort.local_grader import local_grader

EXERCISES = Path(__file__).parents[3] / "exercises"
NAMES = ("solution", "no-command", "misspelt-file", "words-left-behind")


def reach() -> Engine:
    """The real engine, a new connection to it."""
    return find_engine(REAL_ENVIRON, Path(REAL_ENVIRON.get("HOME", "/root")))


def run_over(book: Gradebook, rows: list[Row], spec: ExerciseSpec, cancel: Cancel) -> CohortRun:
    """A run of two lanes on the real engine."""
    grader = local_grader(spec, reach, environ=os.environ, nonce=lambda: secrets.token_hex(8))
    return CohortRun(
        book,
        rows,
        spec,
        RunSettings(jobs=2),
        read=lambda row: read(row, spec),
        grader=grader,
        cancel=cancel,
        clock=time.monotonic,
    )


@pytest.mark.engine
@pytest.mark.usefixtures("python_base")
def test_cohort_gets_its_verdicts_two_at_once(tmp_path: Path, engine: Engine) -> None:
    """Known answers and their copies, two side by side, each trip exactly what they are known to trip."""
    spec = read_exercise(EXERCISES / "first-image")
    cases = {case.name: case for case in read_cases(spec) if case.name in NAMES}
    rows, expected = [], []
    for copy in ("a", "b"):
        for name, case in cases.items():
            place = tmp_path / "in" / f"{copy}-{name}"
            lay_out(case, place)
            rows.append(Row(Student(place.name), RowState.READY, place=place))
            expected.append((GradeState.PASSED if case.right else GradeState.FAILED, set(case.trips)))
    before = set(engine.leftovers())
    book = open_gradebook(tmp_path / FILE_NAME)
    *_, last = run_over(book, rows, spec, Cancel()).events()
    graded = list(book.rows())
    book.close()

    assert isinstance(last, RunEnded)
    assert (Ending.DONE, len(NAMES)) == (last.ending, last.graded)
    found = [(row.state, {x.id for x in row.report.outcomes if x.status == "failed"}) for row in graded if row.report]
    assert expected == found
    assert [f"a-{name}" for name in cases] == [row.same_as for row in graded[len(NAMES) :]]
    assert set() == set(engine.leftovers()) - before


@pytest.mark.engine
@pytest.mark.usefixtures("python_base")
def test_stopped_cohort_leaves_nothing_on_the_engine(tmp_path: Path, engine: Engine) -> None:
    """A stop while builds are running ends them, removes what they made, and leaves their rows waiting."""
    spec = read_exercise(EXERCISES / "first-image")
    rows = []
    for name in ("a", "b", "c"):
        place = tmp_path / "in" / name
        lay_out(next(case for case in read_cases(spec) if case.name == "solution"), place)
        text = (place / "Dockerfile").read_text()
        (place / "Dockerfile").write_text(f"{text}RUN sleep 60 && echo {secrets.token_hex(4)}\n")
        rows.append(Row(Student(name), RowState.READY, place=place))
    before = set(engine.leftovers())
    book, cancel = open_gradebook(tmp_path / FILE_NAME), Cancel()
    building: set[str] = set()
    stopped_s, last = 0.0, None
    for event in run_over(book, rows, spec, cancel).events():
        last = event
        if isinstance(event, GradingStage) and event.text == "Building the image":
            building.add(event.student_id)
            if len(building) == 2:
                cancel.set()
                stopped_s = time.monotonic()
    took_s = time.monotonic() - stopped_s
    states = [row.state for row in book.rows()]
    book.close()

    assert isinstance(last, RunEnded)
    assert Ending.STOPPED is last.ending
    assert [GradeState.WAITING] * 3 == states
    assert set() == set(engine.leftovers()) - before
    assert took_s < 30, "The builds were waited for"
