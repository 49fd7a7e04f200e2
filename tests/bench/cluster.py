"""What sending submissions to other processes costs. Run by hand.

    python -m tests.bench.cluster --count 200 --workers 2

Grades a made cohort twice on engines in memory, once in this process and once over a Dask scheduler with worker
processes of their own, so that what is left between the two is the way there and back.
"""

from __future__ import annotations

import argparse
import tempfile
from functools import cache
from pathlib import Path

from distributed import LocalCluster, Worker

from course import cluster_worker
from course.cluster import cluster_grader, settings_for
from course.version import __version__
from graders.cancel import Cancel
from graders.cohort.cluster.dask_link import RESOURCE
from graders.cohort.cluster.parcel import Order, pack_exercise, pack_files, pack_order
from graders.cohort.cluster.worker import WorkerDesk, WorkerTools
from graders.cohort.collect.unpack import read
from graders.cohort.gradebook.book import FILE_NAME, open_gradebook
from graders.cohort.lane import Grader
from graders.cohort.row import Row
from graders.cohort.run_settings import RunSettings
from graders.engine.base import Engine
from graders.engine.fake.engine import FakeEngine
from graders.exercise import ExerciseSpec, read_exercise
from graders.formats.json import dumps
from graders.report import Report
from tests.bench import cluster as named
from tests.bench.cohort import lines_of
from tests.bench.lanes import grade, rows_of
from tests.graders.cohort.local_grader import local_grader
from tests.graders.cohort.make_cohort import EXERCISES, make_cohort


@cache
def desk() -> WorkerDesk:
    """The desk of a worker process."""

    def open_engine() -> Engine:
        return engine_with_bases(("python:3.11-slim", "python:3.11-slim-bookworm"))

    return WorkerDesk(WorkerTools(open_engine, lambda spec: local_grader(spec, open_engine), __version__))


@cache
def engine_with_bases(bases: tuple[str, ...]) -> FakeEngine:
    """One engine for a process."""
    return FakeEngine(bases=bases)


async def look(question: bytes, dask_worker: Worker) -> bytes:
    """As `course.cluster_worker.look`."""
    return desk().look(question, dask_worker.state.nthreads, str(dask_worker.name))


def grade_order(order: bytes) -> bytes:
    """As `course.cluster_worker.grade`."""
    return desk().grade(order, lambda *_: None)


async def stop(job: str) -> None:
    """As `course.cluster_worker.stop`."""
    desk().stop(job)


def timed(out: Path, rows: tuple[Row, ...], spec: ExerciseSpec, grader: Grader, settings: RunSettings) -> float:
    """Milliseconds a submission."""
    book = open_gradebook(out / FILE_NAME)
    ended, _ = grade(book, rows, spec, grader, settings)
    book.close()
    return 1000 * ended.elapsed_s / max(1, ended.graded)


def sizes(rows: tuple[Row, ...], spec: ExerciseSpec, report: Report) -> tuple[int, int]:
    """Bytes of an order and of a report."""
    submission = read(rows[0], spec)
    order = Order("j" * 16, "t" * 16, "d" * 64, 1.0, pack_exercise(spec), pack_files(submission), ())
    return len(pack_order(order)), len(dumps(report))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--exercise", default="first-image")
    options = parser.parse_args()
    # Workers find functions by the names of their modules, and "__main__" is none.
    cluster_worker.look, cluster_worker.grade, cluster_worker.stop = named.look, named.grade_order, named.stop
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        spec = read_exercise(EXERCISES / options.exercise)
        cohort = make_cohort(place / "in", spec, count=options.count, seed=1)
        rows = tuple(row for row in rows_of(cohort, spec) if row.place is not None)
        here = local_grader(spec, lambda: engine_with_bases(spec.build.bases))
        settings = RunSettings(jobs=options.workers, second_look=False)
        timed(place / "warm", rows[:4], spec, here, settings)
        local_ms = timed(place / "here", rows, spec, here, settings)
        with (
            LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=options.workers,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                resources={RESOURCE: 1},
            ) as found,
            cluster_grader(found.scheduler_address, spec, print, Cancel()) as grader,
        ):
            there_ms = timed(place / "there", rows, spec, grader, settings_for(grader, settings))
        same = lines_of(place / "here") == lines_of(place / "there")
        book = open_gradebook(place / "there" / FILE_NAME, create=False)
        report = next(row.report for row in book.rows() if row.report is not None)
        book.close()
        order_bytes, report_bytes = sizes(rows, spec, report)
        print(f"in this process {local_ms:.1f} ms a submission, over the scheduler {there_ms:.1f} ms")
        print(f"an order is {order_bytes} bytes, its report {report_bytes}; gradebooks equal: {same}")


if __name__ == "__main__":
    main()
