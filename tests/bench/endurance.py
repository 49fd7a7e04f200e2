"""Many checks in a row: nothing may be left of them, and the daemon may not grow. Run by hand, not by pytest.

    python -m tests.bench.endurance --checks 200 --exercise cache-order

Grades the solution, the other right answers and the mutants of an exercise over and over, and looks before and after:
what is on the engine, what is in the folder for temporary files, what is mounted below the engine's data, and the open
files and memory of the daemon, its containerd and this process. Exit code 1 when something is left, a verdict changed,
or open files grew.
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
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from graders.cancel import Cancel
from graders.engine.base import Engine
from graders.engine.docker.adapter import DockerEngine
from graders.engine.docker.wire import Wire, as_list, as_object, as_text
from graders.engine.find import find_engine
from graders.event import GradeFinished
from graders.exercise import read_exercise
from graders.layers.store import LayerStore
from graders.pipeline import grade
from graders.report import Report
from graders.submission import read_submission

EXERCISES = Path(__file__).parents[2] / "exercises"
_OPEN_FILES_MORE = 8
"""By how much open files may differ from one moment to another: connections that are just being closed."""


def main() -> int:
    """Run the checks and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--checks", type=int, default=200)
    parser.add_argument("--exercise", default="cache-order")
    parser.add_argument("--every", type=int, default=50, help="checks between two lines of the table")
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
        if number % options.every == 0 or number == options.checks:
            print(f"{number:>7} {time.monotonic() - began:>8.0f}  {show(look(wire))}", flush=True)
    after = look(wire)
    left = {name: sorted(after.things[name] - before.things[name]) for name in after.things}
    grown = {
        name: [had.open_files, after.processes[name].open_files]
        for name, had in before.processes.items()
        if after.processes[name].open_files > had.open_files + _OPEN_FILES_MORE
    }
    print(json.dumps({"left": left, "verdicts changed": changed, "open files grown": grown}, indent=2))
    return 1 if changed or grown or any(left.values()) else 0


def graded(folder: Path, answer: Path, address: str, layer_store: LayerStore | None = None) -> Report:
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
        layer_store=layer_store,
    ):
        if isinstance(event, GradeFinished):
            return event.report
    raise AssertionError("a grading without a report")


@dataclass(frozen=True)
class Used:
    """What one process holds."""

    open_files: int
    memory_mib: float


@dataclass(frozen=True)
class Look:
    """What there is at one moment."""

    things: dict[str, set[str]]
    processes: dict[str, Used]


def look(wire: Wire) -> Look:
    """Containers, images, networks, volumes, mounts, temporary folders; what the processes hold, zeros: not seen."""

    def ids(path: str, query: dict[str, str]) -> set[str]:
        return {as_text(as_object(row).get("Id")) for row in as_list(wire.call("GET", path, query, operation="list"))}

    volumes = as_object(wire.call("GET", "/volumes", operation="list")).get("Volumes")
    root = as_text(as_object(wire.call("GET", "/info", operation="look")).get("DockerRootDir"))
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines()]
    things = {
        "containers": ids("/containers/json", {"all": "1"}),
        "images": ids("/images/json", {"all": "1"}),
        "networks": ids("/networks", {}),
        "volumes": {as_text(as_object(row).get("Name")) for row in as_list(volumes)},
        "mounts": {mount for mount in mounts if root and mount.startswith(f"{root}/")},
        "temporary": {path.name for path in Path(tempfile.gettempdir()).glob("dy*")},
    }
    daemon = daemon_of(wire.address)
    processes = {"dockerd": used(daemon), "containerd": used(child_of(daemon, "containerd")), "we": used(os.getpid())}
    return Look(things, processes)


def used(pid: int) -> Used:
    """Open files and memory of a process, without the files that it has mapped; zeros for one that can't be seen."""
    with suppress(OSError, KeyError):
        open_files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
        about = {name: value for name, _, value in (line.partition(":") for line in lines)}
        return Used(open_files, int(about["RssAnon"].split()[0]) / 1024)
    return Used(0, 0.0)


def daemon_of(address: str) -> int:
    """The dockerd that was started with this socket; 0 when none can be seen."""
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            if Path(words[0]).name == "dockerd" and any(address in word for word in words):
                return int(entry.name)
    return 0


def child_of(parent: int, program: str) -> int:
    """The child of a process that runs this program; 0 when there is none."""
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            name, _, rest = (entry / "stat").read_text("utf-8", "replace").rpartition(")")
            if parent and rest.split()[1] == str(parent) and name.partition("(")[2] == program:
                return int(entry.name)
    return 0


def show(now: Look) -> str:
    """A look in a line."""
    counts = "  ".join(f"{name} {len(found)}" for name, found in now.things.items())
    held = "  ".join(
        f"{name} {process.open_files} files {process.memory_mib:.0f} MiB" for name, process in now.processes.items()
    )
    return f"{counts} | {held}"


if __name__ == "__main__":
    sys.exit(main())
