"""What a cohort costs as it grows, on an engine in memory: so all of it is ours.

`python -m tests.bench.cohort_growth [--counts 1,10,100,1000]` prints the figures as JSON.

Each cohort is in a process of its own, for its peak memory. It holds so many distinct submissions, right ones and wrong
ones of the exercise in turn, and then as many copies of the first one. Seconds are of the processor, on which other
programs of this machine don't work.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from graders.base_images.stand_in import STAND_INS
from graders.cohort.gradebook.book import FILE_NAME, open_gradebook
from graders.cohort.hand_back.outputs import HandBackOptions, exercise_of
from graders.cohort.hand_back.run import write_all
from graders.cohort.row import Row, RowState, Student
from graders.cohort.run_settings import RunSettings
from graders.engine.fake.engine import FakeEngine
from graders.exercise import ExerciseSpec, read_exercise
from tests.bench.lanes import grade, local
from tests.graders.cohort.make_cohort import EXERCISES

COUNTS = (1, 10, 100, 1000)
JOBS = 2
ROOT = Path(__file__).parents[2]


def answers(spec: ExerciseSpec) -> tuple[str, ...]:
    """Dockerfiles that pass and that fail."""
    wrong = sorted(spec.solution.parent.glob("wrong/*/Dockerfile"))
    return tuple(path.read_text() for path in (spec.solution / "Dockerfile", *wrong))


def hand_in(place: Path, spec: ExerciseSpec, texts: Iterable[str]) -> Iterator[Row]:
    """A folder and its row for each text."""
    for number, text in enumerate(texts):
        folder = place / f"{number:05}"
        folder.mkdir(parents=True)
        (folder / "Dockerfile").write_text(text)
        yield Row(Student(f"{place.name}-{number:05}"), RowState.READY, place=folder)


def one(count: int) -> dict[str, float]:
    """Grade, grade copies, hand back."""
    spec = read_exercise(EXERCISES / "first-image")
    kinds = answers(spec)
    grader = local(spec, lambda: FakeEngine(bases=tuple(STAND_INS)))
    settings = RunSettings(jobs=JOBS, second_look=False)
    with tempfile.TemporaryDirectory(prefix="dyg") as folder:
        place = Path(folder)
        distinct = (f"{kinds[number % len(kinds)]}\n# {number}\n" for number in range(count))
        own = tuple(hand_in(place / "own", spec, distinct))
        copies = tuple(hand_in(place / "copy", spec, (f"{kinds[0]}\n# 0\n" for _ in range(count))))
        book = open_gradebook(place / "out" / FILE_NAME)
        began_s, began_wall_s = time.process_time(), time.monotonic()
        _, planned = grade(book, own, spec, grader, settings)
        graded_s, graded_wall_s = time.process_time() - began_s, time.monotonic() - began_wall_s
        assert planned.to_grade == count
        # What there is once more, so that only the copies are new.
        began_s = time.process_time()
        grade(book, own, spec, grader, settings)
        kept_s = time.process_time() - began_s
        began_s = time.process_time()
        _, planned = grade(book, (*own, *copies), spec, grader, settings)
        same_s = time.process_time() - began_s - kept_s
        assert (planned.to_grade, planned.same) == (0, count)
        began_s = time.process_time()
        write_all(place / "out", book.rows(), exercise_of(spec), HandBackOptions(datetime.now(UTC)))
        handed_s = time.process_time() - began_s
        book.close()
    return {
        "submissions": count,
        "graded_ms_each": graded_s / count * 1000,
        "graded_a_second": count / graded_wall_s,
        "kept_ms_each": kept_s / count * 1000,
        "same_ms_each": max(0.0, same_s) / count * 1000,
        "handed_back_ms_each": handed_s / (2 * count) * 1000,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Measure each size in a process of its own and print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--counts", default=",".join(map(str, COUNTS)), help="sizes, with commas")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(one(options.one)))
        return
    rows = []
    for count in options.counts.split(","):
        command = (sys.executable, "-m", "tests.bench.cohort_growth", "--one", count)
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        rows.append(json.loads(done.stdout))
    print(json.dumps({"load": os.getloadavg()[0], "jobs": JOBS, "sizes": rows}, indent=1))


if __name__ == "__main__":
    main()
