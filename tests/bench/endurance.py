"""Many checks in a row: nothing may be left of them, and the daemon may not grow. Run by hand, not by pytest.

    python -m tests.bench.endurance --checks 200 --exercise cache-order

Grades the solution, the other right answers and the mutants of an exercise over and over, and looks before and after:
what is on the engine, what is in the folder for temporary files, and the open files and memory of the daemon when it
runs on this machine. Exit code 1 when something is left or a verdict changed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import tempfile
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from graders.cancel import Cancel
from graders.engine.base import Engine
from graders.engine.docker import DockerEngine
from graders.engine.docker_wire import Wire, as_list, as_object, as_text
from graders.engine.find import find_engine
from graders.event import GradeFinished
from graders.exercise import read_exercise
from graders.pipeline import grade
from graders.report import Report
from graders.submission import read_submission

EXERCISES = Path(__file__).parents[2] / "exercises"


def main() -> int:
    """Run the checks and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--checks", type=int, default=200)
    parser.add_argument("--exercise", default="cache-order")
    options = parser.parse_args()
    folder = EXERCISES / options.exercise
    answers = [folder / "solution", *sorted(folder.glob("also-right/*")), *sorted(folder.glob("wrong/*"))]
    engine = find_engine(os.environ, Path.home())
    wire = Wire(engine.info().socket)
    for answer in answers:
        graded(folder, answer, engine.info().socket)
    before = look(wire)
    verdicts: dict[Path, tuple[tuple[str, str], ...]] = {}
    print(
        f"{options.checks} checks over {len(answers)} answers of {options.exercise} on Docker {engine.info().version}"
    )
    print(f"{'checks':>7} {'seconds':>8}  {show(before)}", flush=True)
    began, changed = time.monotonic(), 0
    for number, answer in enumerate(itertools.islice(itertools.cycle(answers), options.checks), 1):
        report = graded(folder, answer, engine.info().socket)
        seen = tuple((outcome.id, outcome.status.value) for outcome in report.outcomes)
        if verdicts.setdefault(answer, seen) != seen:
            changed += 1
            print(f"{answer.name}: {seen} where it was {verdicts[answer]}", flush=True)
        if number % 25 == 0 or number == options.checks:
            print(f"{number:>7} {time.monotonic() - began:>8.0f}  {show(look(wire))}", flush=True)
    after = look(wire)
    left = {name: sorted(after.things[name] - before.things[name]) for name in after.things}
    print(json.dumps({"left": left, "verdicts changed": changed}, indent=2))
    return 1 if changed or any(left.values()) else 0


def graded(folder: Path, answer: Path, address: str) -> Report:
    """One check, as the cohort runner does it: an engine of its own."""
    spec = read_exercise(folder)

    def open_engine() -> Engine:
        return DockerEngine(address)

    for event in grade(
        read_submission(answer, spec.limits, starter=spec.starter, editable=spec.files),
        spec,
        open_engine,
        cancel=Cancel(),
        nonce=uuid.uuid4().hex,
        now=lambda: datetime.now(UTC),
        clock=time.monotonic,
        environ=os.environ,
    ):
        if isinstance(event, GradeFinished):
            return event.report
    raise AssertionError("a grading without a report")


class Look:
    """What there is at one moment."""

    def __init__(self, things: dict[str, set[str]], open_files: int, memory_mib: float) -> None:
        self.things = things
        self.open_files = open_files
        self.memory_mib = memory_mib


def look(wire: Wire) -> Look:
    """Containers, images, networks, volumes, temporary folders; the daemon's open files and memory, 0: not seen."""

    def ids(path: str, query: dict[str, str]) -> set[str]:
        return {as_text(as_object(row).get("Id")) for row in as_list(wire.call("GET", path, query, operation="list"))}

    volumes = as_object(wire.call("GET", "/volumes", operation="list")).get("Volumes")
    things = {
        "containers": ids("/containers/json", {"all": "1"}),
        "images": ids("/images/json", {"all": "1"}),
        "networks": ids("/networks", {}),
        "volumes": {as_text(as_object(row).get("Name")) for row in as_list(volumes)},
        "temporary": {path.name for path in Path(tempfile.gettempdir()).glob("dy*")},
    }
    open_files, memory = 0, 0.0
    pid = daemon_of(wire.address)
    with suppress(OSError):
        open_files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
        memory = pages * os.sysconf("SC_PAGE_SIZE") / 1024**2
    return Look(things, open_files, memory)


def daemon_of(address: str) -> int:
    """The dockerd that was started with this socket; 0 when none can be seen."""
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            if Path(words[0]).name == "dockerd" and any(address in word for word in words):
                return int(entry.name)
    return 0


def show(now: Look) -> str:
    """A look in a line."""
    counts = "  ".join(f"{name} {len(found):>3}" for name, found in now.things.items())
    return f"{counts}  open files {now.open_files:>3}  memory {now.memory_mib:.0f} MiB"


if __name__ == "__main__":
    sys.exit(main())
