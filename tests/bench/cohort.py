"""What grading a cohort takes, and that being killed changes nothing. Run by hand.

    python -m tests.bench.cohort rate --count 200 -j 2      minutes, rate, ratio to the bare engine calls, memory
    python -m tests.bench.cohort kill --count 200 -j 2      the same with kill -9 at random moments, books compared
    python -m tests.bench.cohort fake --count 10000         on an engine in memory: rate, and memory as it goes

`rate` grades the cohort once with whatever the engine has in its cache, and then compares lanes as tests.bench.lanes
does.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from graders.base_images.stand_in import STAND_INS
from graders.cancel import Cancel
from graders.cohort.collect.unpack import read
from graders.cohort.gradebook.book import FILE_NAME, open_gradebook
from graders.cohort.hand_back.outputs import HandBackOptions, exercise_of
from graders.cohort.hand_back.run import write_all
from graders.cohort.row import GradeState
from graders.cohort.run import CohortRun
from graders.cohort.run_event import GradingEnded, RunPlanned
from graders.cohort.run_settings import RunSettings
from graders.engine.fake.engine import FakeEngine
from graders.engine.find import find_engine
from graders.exercise import ExerciseSpec, read_exercise
from tests.bench.lanes import compare, grade, local, rows_of
from tests.graders.cohort.make_cohort import EXERCISES, Cohort, make_cohort

Line = tuple[object, ...]


def lines_of(out: Path) -> list[Line]:
    """All of a gradebook but times, numbers of attempts and what an engine names at random."""
    book = open_gradebook(out / FILE_NAME, create=False)
    lines: list[Line] = []
    for row in book.rows():
        outcomes = [(x.id, str(x.status), x.points) for x in row.report.outcomes] if row.report else []
        lines.append((row.row.student.id, row.row.state, row.state, row.content_sha256, row.same_as, outcomes))
    book.close()
    return lines


def wrong_verdicts(out: Path, cohort: Cohort) -> list[str]:
    """Rows whose state, verdict or checks are other than the cohort was made for."""
    book = open_gradebook(out / FILE_NAME, create=False)
    rows = {(row.row.student.id, row.row.state): row for row in book.rows()}
    book.close()
    wrong = []
    for member in cohort.members:
        row = rows.get((member.student.id, member.state))
        if row is None:
            wrong.append(f"{member.student.id} ({member.what}): no such row")
            continue
        if member.passes is not None:
            failed = {x.id for x in row.report.outcomes if x.status == "failed"} if row.report else set()
            right = row.state == (GradeState.PASSED if member.passes else GradeState.FAILED)
            if not right or (member.trips is not None and failed != member.trips):
                wrong.append(f"{member.student.id} ({member.what}): {row.state} {sorted(failed)}")
    return wrong


def memory_mib() -> float:
    """The most that this process has had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rate(spec: ExerciseSpec, place: Path, count: int, jobs: int, warm: int) -> int:
    """Grade a cohort, compare `warm` submissions of it with their bare calls."""
    cohort = make_cohort(place / "in", spec, count=count, seed=7)
    engine = find_engine(os.environ, Path.home())
    target = engine.info().socket.removeprefix("unix://")
    engine.close()
    rows = rows_of(cohort, spec)
    book = open_gradebook(place / "out" / FILE_NAME)
    settings = RunSettings(jobs=jobs)
    grader = local(spec, lambda: find_engine(os.environ, Path.home()))
    began_s = time.monotonic()
    ended, planned = grade(book, rows, spec, grader, settings)
    took_s = time.monotonic() - began_s
    print(f"cohort of {count}: {took_s / 60:.2f} min, {len(rows) / took_s * 60:.0f} rows a minute,"
          f" {planned.to_grade} graded at {planned.to_grade / took_s * 60:.0f} a minute, {planned.same} identical,"
          f" peak {memory_mib():.0f} MiB, load {os.getloadavg()[0]:.1f}")  # fmt: skip
    print("  rows:", ", ".join(f"{number} {state}" for state, number in ended.counts.items() if number))
    wrong = wrong_verdicts(place / "out", cohort)
    print(f"  wrong verdicts: {len(wrong)}", *wrong, sep="\n    ")
    began_s = time.monotonic()
    _, planned = grade(book, rows, spec, grader, settings)
    took_s = time.monotonic() - began_s
    print(f"  again, all of it kept: {took_s:.2f} s, {took_s / max(1, planned.kept) * 1000:.1f} ms a row")
    print(compare(book, rows, spec, settings, target, place, warm).told(jobs))
    book.close()
    ready = next(row for row in rows if row.place is not None and row.state == "ready")
    copies = tuple(replace(ready, student=replace(ready.student, id=f"copy-{n}")) for n in range(500))
    book = open_gradebook(place / "copies" / FILE_NAME)
    began_s = time.monotonic()
    grade(book, copies[:1], spec, grader, settings)
    one_s = time.monotonic() - began_s
    began_s = time.monotonic()
    grade(book, copies, spec, grader, settings)
    print(f"499 duplicates: {(time.monotonic() - began_s) / 499 * 1000:.2f} ms each (the first took {one_s:.1f} s)")
    book.close()
    return 1 if wrong else 0


def kill(spec: ExerciseSpec, place: Path, count: int, jobs: int, times: int) -> int:
    """Grade once in peace and once with kill -9 at random moments; compare the books."""
    cohort = make_cohort(place / "in", spec, count=count, seed=7)

    def command(out: Path) -> list[str]:
        words = ["grade", str(cohort.place), "--exercise", spec.id, "--roster", str(cohort.roster)]
        return [sys.executable, "-m", "course", *words, "--out", str(out), "-j", str(jobs)]

    began_s = time.monotonic()
    subprocess.run(command(place / "peace"), check=False, capture_output=True)
    peace_s = time.monotonic() - began_s
    chance = random.Random(11)
    kills, work_s = [], 0.0
    for _ in range(times):
        after_s = chance.uniform(0.3, max(3.0, 1.5 * peace_s / times))
        child = subprocess.Popen(
            command(place / "war"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        began_s = time.monotonic()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(after_s)
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            kills.append(round(after_s, 1))
        work_s += time.monotonic() - began_s
    began_s = time.monotonic()
    last = subprocess.run(command(place / "war"), check=False, capture_output=True, text=True)
    work_s += time.monotonic() - began_s
    peace, war = lines_of(place / "peace"), lines_of(place / "war")
    wrong = wrong_verdicts(place / "war", cohort)
    engine = find_engine(os.environ, Path.home())
    left = engine.leftovers()
    engine.close()
    print(f"cohort of {count}: in peace {peace_s:.0f} s; killed {len(kills)} times (after {kills} s) {work_s:.0f} s,"
          f" last exit {last.returncode}, load {os.getloadavg()[0]:.1f}")  # fmt: skip
    print(f"  gradebooks {'identical' if peace == war else 'DIFFER'}, {len(war)} rows,"
          f" wrong verdicts {len(wrong)}, left on the engine {len(left)}")  # fmt: skip
    for one, other in zip(peace, war, strict=False):
        if one != other:
            print("   ", one, other, sep="\n    ")
    return 0 if peace == war and not wrong else 1


def fake(spec: ExerciseSpec, place: Path, count: int, jobs: int) -> int:
    """Grade on engines in memory and watch our own."""
    words = [str(place / "in"), "--exercise", spec.id, "--count", str(count), "--seed", "7"]
    # In a process of its own, so that what it takes is not counted as ours.
    subprocess.run([sys.executable, "-m", "tests.graders.cohort.make_cohort", *words], check=True)
    began_s = time.monotonic()
    rows = rows_of(Cohort(place / "in" / "submissions", place / "in" / "roster.csv", ()), spec)
    print(f"collected {len(rows)} rows in {time.monotonic() - began_s:.1f} s, {now_mib():.0f} MiB", flush=True)
    book = open_gradebook(place / "out" / FILE_NAME)
    run = CohortRun(
        book,
        rows,
        spec,
        RunSettings(jobs=jobs, second_look=False),
        read=lambda row: read(row, spec),
        grader=local(spec, lambda: FakeEngine(bases=tuple(STAND_INS))),
        cancel=Cancel(),
        clock=time.monotonic,
    )
    done, grown = 0, list[float]()
    began_s = time.monotonic()
    for event in run.events():
        if isinstance(event, RunPlanned):
            print(f"planned in {time.monotonic() - began_s:.1f} s: {event}; {now_mib():.0f} MiB", flush=True)
            began_s = time.monotonic()
        if isinstance(event, GradingEnded):
            done += 1
            if done % max(1, count // 10) == 0:
                grown.append(now_mib())
                print(
                    f"{done:>6}  {done / (time.monotonic() - began_s):6.1f} a second  {grown[-1]:6.1f} MiB", flush=True
                )
    began_s = time.monotonic()
    total = sum(1 for _ in book.rows())
    size_mb = (place / "out" / FILE_NAME).stat().st_size / 1e6
    print(f"read back {total} rows in {time.monotonic() - began_s:.1f} s, {now_mib():.0f} MiB,"
          f" gradebook {size_mb:.1f} MB, load {os.getloadavg()[0]:.1f}")  # fmt: skip
    began_s = time.monotonic()
    written = write_all(place / "out", book.rows(), exercise_of(spec), HandBackOptions(datetime.now(UTC)))
    print(f"handed back {written.students} students in {time.monotonic() - began_s:.1f} s, {now_mib():.0f} MiB,"
          f" page {written.page_bytes / 1e6:.1f} MB; peak of all {memory_mib():.0f} MiB")  # fmt: skip
    book.close()
    return 0 if grown[-1] - grown[0] < 30 else 1


def now_mib() -> float:
    """What this process has in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024**2


def main() -> int:
    """Measure one thing and print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=("rate", "kill", "fake"))
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("--warm", type=int, default=60, help="submissions that are compared with their bare calls")
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--exercise", default="first-image")
    options = parser.parse_args()
    spec = read_exercise(EXERCISES / options.exercise)
    socket.setdefaulttimeout(None)
    with tempfile.TemporaryDirectory(prefix="dyc") as folder:
        place = Path(folder)
        (place / "in").mkdir()
        match options.what:
            case "rate":
                return rate(spec, place, options.count, options.jobs, options.warm)
            case "kill":
                return kill(spec, place, options.count, options.jobs, options.times)
            case _:
                return fake(spec, place, options.count, options.jobs)


if __name__ == "__main__":
    sys.exit(main())
