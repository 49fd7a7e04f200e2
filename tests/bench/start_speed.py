"""How soon commands that need no engine answer: help, version, and a check of work that was graded before.

`python -m tests.bench.start_speed [--runs N]` prints the figures as JSON, beside those of an interpreter that does
nothing. Each program is a process of its own, started in turn; times are of the wall and of the processor.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXERCISE = "first-image"
DOCKYARD = str(Path(sys.executable).parent / "dockyard")
PROGRAMS: Mapping[str, Sequence[str]] = {
    "python": (sys.executable, "-c", "pass"),
    "version": (DOCKYARD, "--version"),
    "help": (DOCKYARD, "--help"),
    "check": (DOCKYARD, "check", EXERCISE),
}


def timed(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[float, float]:
    """Wall and processor milliseconds of a program that must end well."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(argv, capture_output=True, text=True, env=environ, check=False)
    wall_s = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(argv)} ended with {done.returncode}: {done.stderr[:500]}")
    return wall_s * 1000, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def measure(runs: int) -> dict[str, dict[str, float]]:
    """Medians of each program, and the least and the most of the wall."""
    with tempfile.TemporaryDirectory() as home:
        environ = {
            "HOME": home,
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "DOCKYARD_WORKSPACE": f"{home}/work",
            **{name: os.environ[name] for name in ("DOCKER_HOST",) if name in os.environ},
        }
        subprocess.run((DOCKYARD, "--unlock-all", "start", EXERCISE), env=environ, capture_output=True, check=True)
        shutil.copytree(ROOT / "exercises" / EXERCISE / "solution", f"{home}/work/{EXERCISE}", dirs_exist_ok=True)
        timed(PROGRAMS["check"], environ)
        walls: dict[str, list[float]] = {name: [] for name in PROGRAMS}
        burned: dict[str, list[float]] = {name: [] for name in PROGRAMS}
        for _ in range(runs):
            for name, argv in PROGRAMS.items():
                wall_ms, processor_ms = timed(argv, environ)
                walls[name].append(wall_ms)
                burned[name].append(processor_ms)
    return {
        name: {
            "median_ms": round(statistics.median(walls[name]), 1),
            "least_ms": round(min(walls[name]), 1),
            "most_ms": round(max(walls[name]), 1),
            "median_processor_ms": round(statistics.median(burned[name]), 1),
        }
        for name in PROGRAMS
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    print(json.dumps({"load": os.getloadavg()[0], **measure(options.runs)}, indent=1))


if __name__ == "__main__":
    main()
