"""What a lane of a cohort adds to the calls to the engine that it makes: lanes beside lanes.

    python -m tests.bench.lanes --count 20 -j 2 [--json]

A cohort is graded once, so that the engine has every step in its cache. Then its distinct submissions are graded with
each call to the engine recorded, and lanes that grade take turns with lanes that send these calls again, bare, as many
submissions at once. No build's own work hides what we add, so the ratio is the strictest there is. A submission whose
calls can't be sent again, or that was looked at twice, is left out. On a busy machine a round says little: look at the
median of many, and at the processor time, which others' work does not blur.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from graders.cancel import Cancel
from graders.cohort.collect.kept_listing import KeptListing
from graders.cohort.collect.roster import read_roster
from graders.cohort.collect.rows import collect
from graders.cohort.collect.unpack import read
from graders.cohort.gradebook.book import FILE_NAME, Gradebook, open_gradebook
from graders.cohort.lane import Graded, Grader, LocalGrader, Tell
from graders.cohort.plan import Choice
from graders.cohort.row import GradeState, Row
from graders.cohort.run import CohortRun
from graders.cohort.run_event import GradingEnded, RunEnded, RunPlanned
from graders.cohort.run_settings import RunSettings
from graders.engine.base import Engine
from graders.engine.find import find_engine
from graders.exercise import ExerciseSpec, read_exercise
from graders.outcome import Level
from graders.submission import Submission
from tests.bench.check_overhead import Call, Passing, Recorder, in_order, replay
from tests.graders.cohort.local_grader import local_grader
from tests.graders.cohort.make_cohort import EXERCISES, Cohort, make_cohort

ROUND = 6
"""Submissions that are graded before the turn of their bare calls: few, so that both see the same machine."""
TURNS = 4
"""How often the two take turns over a round."""


def local(spec: ExerciseSpec, open_engine: Callable[[], Engine]) -> LocalGrader:
    """The grader of this machine."""
    return local_grader(spec, open_engine, environ=os.environ, nonce=lambda: secrets.token_hex(8))


def rows_of(cohort: Cohort, spec: ExerciseSpec) -> tuple[Row, ...]:
    """What collecting finds."""
    return collect(cohort.place, read_roster(cohort.roster), limits=spec.limits, exercise=spec.id)


def grade(
    book: Gradebook,
    rows: tuple[Row, ...],
    spec: ExerciseSpec,
    grader: Grader,
    settings: RunSettings,
    took: dict[str, list[float]] | None = None,
) -> tuple[RunEnded, RunPlanned]:
    """Grade; how it ended and what was to do. `took` gets the seconds of each student's gradings."""
    kept = KeptListing()
    run = CohortRun(
        book,
        rows,
        spec,
        settings,
        read=lambda row: read(row, spec, kept=kept),
        grader=grader,
        cancel=Cancel(),
        clock=time.monotonic,
    )
    planned: RunPlanned | None = None
    for event in run.events():
        if isinstance(event, RunPlanned):
            planned = event
        if isinstance(event, GradingEnded) and event.state is GradeState.ERRORED:
            print(f"  errored {event.student_id}: {event.why}", file=sys.stderr, flush=True)
        if isinstance(event, GradingEnded) and took is not None:
            took.setdefault(event.student_id, []).append(event.elapsed_s)
        if isinstance(event, RunEnded):
            assert planned is not None
            return event, planned
    raise AssertionError("A run ended without saying so")


@dataclass
class Recording:
    """A grader that notes each submission's calls to the engine."""

    spec: ExerciseSpec
    target: str
    place: Path
    calls: dict[str, list[list[Call]]] = field(default_factory=dict)
    """By the sum of the submission's content; several when it was graded again."""

    def prepare(self) -> None:
        """Nothing to see to."""

    def probe(self) -> None:
        """Nothing to see to."""

    def grade(self, submission: Submission, cancel: Cancel, tell: Tell) -> Graded:
        """Grade through a socket of its own."""
        path = self.place / secrets.token_hex(4)
        with Recorder(str(path), Passing) as server:
            server.target, server.calls = self.target, []
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
            environ = {**os.environ, "DOCKER_HOST": f"unix://{path}"}
            graded = local(self.spec, lambda: find_engine(environ, Path.home())).grade(submission, cancel, tell)
            server.shutdown()
        self.calls.setdefault(submission.content_sha256, []).append(in_order(server.calls))
        return graded


@dataclass
class Compared:
    """Lanes that graded beside lanes of bare calls, round by round."""

    distinct: int
    graded_cpu_s: float = 0.0
    bare_cpu_s: float = 0.0
    rounds: list[tuple[float, float]] = field(default_factory=list)
    """Seconds of the lanes, graded and bare, over the submissions that both did once."""
    submissions: int = 0
    _bare: dict[str, float] = field(default_factory=dict)

    def note_bare(self, calls: dict[str, list[list[Call]]], target: str, jobs: int) -> None:
        """Send the calls again, bare."""
        cpu_s = time.process_time()
        self._bare = replayed(calls, target, jobs)
        self.bare_cpu_s += time.process_time() - cpu_s

    def end_round(self, took: dict[str, list[float]]) -> None:
        """Set what was graded beside the bare calls of the same submissions."""
        both = [name for name in self._bare if len(took[name]) == 1]
        self.submissions += len(both)
        if both:
            self.rounds.append((sum(took[name][0] for name in both), sum(self._bare[name] for name in both)))

    @property
    def times(self) -> int:
        """How often a submission was graded in turn with its bare calls."""
        return TURNS * self.distinct

    @property
    def rates(self) -> list[float]:
        """Rate of each round, in percent of the bare one."""
        return [bare_s / graded_s * 100 for graded_s, bare_s in self.rounds]

    @property
    def rate(self) -> float:
        """Rate over all rounds, in percent of the bare one."""
        return sum(bare_s for _, bare_s in self.rounds) / sum(graded_s for graded_s, _ in self.rounds) * 100

    def quartiles(self) -> tuple[float, float, float]:
        """Of the rates of the rounds."""
        low, middle, high = statistics.quantiles(self.rates, n=4) if len(self.rates) > 1 else self.rates * 3
        return low, middle, high

    def told(self, jobs: int) -> str:
        """All of it for a person."""
        low, middle, high = self.quartiles()
        return (
            f"warm, {self.distinct} distinct, -j {jobs}: median rate {middle:.0f} % of the bare one"
            f" (half of {len(self.rounds)} rounds from {low:.0f} to {high:.0f}), all in all {self.rate:.0f} %;"
            f" {self.submissions} of {self.times} gradings compared, load {os.getloadavg()[0]:.1f}\n"
            f"  our processor time, which others' work does not blur: graded {self.graded_cpu_s / self.times:.3f} s"
            f" each, bare {self.bare_cpu_s / self.times:.3f} s each"
        )


def compare(
    book: Gradebook,
    rows: tuple[Row, ...],
    spec: ExerciseSpec,
    settings: RunSettings,
    target: str,
    place: Path,
    most: int,
) -> Compared:
    """Grade at most so many distinct submissions of a graded cohort beside their bare calls.

    Raises SystemExit for an exercise that can't be compared.
    """
    if any(use.check.level is Level.REBUILD for use in spec.checks):
        # A bare build would find in the cache what a rebuild of a line that is new each time has to run.
        raise SystemExit(f"{spec.id} builds again after a change: such calls can't be sent twice")
    alone = [(row.row.student.id, row.content_sha256) for row in book.rows() if row.report and not row.same_as][:most]
    grader = local(spec, lambda: find_engine(os.environ, Path.home()))
    compared = Compared(distinct=len(alone))
    for start in range(0, len(alone), ROUND):
        turn = alone[start : start + ROUND]
        fresh = replace(settings, choice=Choice(fresh=True, only=tuple(name for name, _ in turn)))
        recording = Recording(spec, target, place)
        grade(book, rows, spec, recording, fresh)
        calls = {name: recording.calls[content] for name, content in turn}
        for number in range(TURNS):
            # Who begins alternates: what the machine is doing beside changes within a round, too.
            if number % 2:
                compared.note_bare(calls, target, settings.jobs)
            took: dict[str, list[float]] = {}
            cpu_s = time.process_time()
            grade(book, rows, spec, grader, fresh, took)
            compared.graded_cpu_s += time.process_time() - cpu_s
            if not number % 2:
                compared.note_bare(calls, target, settings.jobs)
            compared.end_round(took)
    return compared


def replayed(recorded: dict[str, list[list[Call]]], target: str, jobs: int) -> dict[str, float]:
    """Seconds of sending each student's calls again, so many students at once.

    Left out is who was graded more than once, and whose calls meant something only at their own moment.
    """
    waiting = [(name, calls[0]) for name, calls in recorded.items() if len(calls) == 1]
    found: dict[str, float] = {}
    lock = threading.Lock()

    def lane() -> None:
        while True:
            with lock:
                if not waiting:
                    return
                name, calls = waiting.pop()
            seconds = replay(calls, target)
            if seconds is not None:
                found[name] = seconds

    threads = [threading.Thread(target=lane) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def main() -> int:
    """Measure and print; exit code 1 when the median rate is below 95 % of the bare one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=20, help="submissions of the cohort that is made")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("--exercise", default="first-image")
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    options = parser.parse_args()
    spec = read_exercise(EXERCISES / options.exercise)
    with tempfile.TemporaryDirectory(prefix="dyl") as folder:
        place = Path(folder)
        (place / "in").mkdir()
        rows = rows_of(make_cohort(place / "in", spec, count=options.count, seed=7), spec)
        engine = find_engine(os.environ, Path.home())
        target = engine.info().socket.removeprefix("unix://")
        engine.close()
        book = open_gradebook(place / "out" / FILE_NAME)
        settings = RunSettings(jobs=options.jobs)
        grade(book, rows, spec, local(spec, lambda: find_engine(os.environ, Path.home())), settings)
        compared = compare(book, rows, spec, settings, target, place, options.count)
        book.close()
    low, middle, high = compared.quartiles()
    if not options.json:
        print(compared.told(options.jobs))
        return 0 if middle >= 95 else 1
    figures = {"exercise": spec.id, "jobs": options.jobs, "distinct": compared.distinct, "rounds": len(compared.rounds)}
    rates = {"low_percent": low, "median_percent": middle, "high_percent": high}
    processor = {"ours_s": compared.graded_cpu_s / compared.times, "bare_s": compared.bare_cpu_s / compared.times}
    print(json.dumps({**figures, **rates, **processor}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
