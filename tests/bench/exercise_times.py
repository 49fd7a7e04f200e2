"""What a full check of each exercise takes: cold, with an empty build cache, and warm, the same once more. Run by hand.

    python -m tests.bench.exercise_times

On a private engine of its own, which needs root and is removed afterwards: the base images are copied to it from the
engine that is in use, and nothing else is there, also in the program's memory of layers. The answer is the exercise's
solution; warm is the median of three. Exit code 1 when an exercise other than the last of level 1 is over its target.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from graders.base_images.bundle import load_bundle, save_bundle
from graders.base_images.stand_in import STAND_INS
from graders.cancel import Cancel
from graders.engine.find import find_engine
from graders.engine.private import daemon as private
from graders.engine.private.daemon import PrivatePaths
from graders.engine.private.network import Bridge
from graders.layers.store import FolderStore, LayerStore
from graders.report import Verdict
from tests.bench.endurance import EXERCISES, graded

COLD_S, WARM_S = 15.0, 3.0
_WITHOUT_TARGET = "ship-the-classifier"


def main() -> int:
    """Measure and print a table, or JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("exercises", nargs="*", help="ids; all of them when none is given")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    names = options.exercises or sorted(file.parent.name for file in EXERCISES.glob("*/exercise.toml"))
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="dyt", ignore_cleanup_errors=True) as place:
        bases = Path(place) / "bases.tar"
        mine = find_engine(os.environ, Path.home())
        for _ in save_bundle(mine, tuple(name for name in STAND_INS if mine.image(name)), bases, Cancel()):
            pass
        for number, name in enumerate(names):
            layers = FolderStore(Path(place) / f"layers-{number}")
            with own_engine(Path(place) / str(number), bases) as address:
                cold_s, *warm_s = (seconds(name, address, layers) for _ in range(4))
            rows.append({"exercise": name, "cold_s": round(cold_s, 2), "warm_s": round(statistics.median(warm_s), 2)})
            if not options.json:
                print(f"{name:<24} cold {cold_s:6.2f} s   warm {rows[-1]['warm_s']:6.2f} s", flush=True)
    late = [
        row["exercise"]
        for row in rows
        if row["exercise"] != _WITHOUT_TARGET and (row["cold_s"] > COLD_S or row["warm_s"] > WARM_S)
    ]
    if options.json:
        print(json.dumps({"load": os.getloadavg()[0], "exercises": rows}, indent=1))
    else:
        print(f"over the target ({COLD_S:.0f} s cold, {WARM_S:.0f} s warm): {', '.join(late) or 'none'}")
    return 1 if late else 0


def seconds(exercise: str, address: str, layers: LayerStore) -> float:
    """One check of the solution, which has to pass."""
    folder = EXERCISES / exercise
    began = time.monotonic()
    report = graded(folder, folder / "solution", address, layers)
    took_s = time.monotonic() - began
    if report.verdict is not Verdict.PASSED:
        raise SystemExit(f"the solution of {exercise} does not pass: {report.verdict}")
    return took_s


@contextmanager
def own_engine(place: Path, bases: Path) -> Iterator[str]:
    """The address of an engine that has the base images and has never built anything."""
    place.mkdir()
    environ: Mapping[str, str] = dict(os.environ)
    paths = PrivatePaths(
        data=place / "engine", runtime=place / "r", bridge=Bridge("dytimes", "172.29.175.1"), cgroup="dytimes"
    )
    try:
        for _ in private.up(environ, Cancel(), paths=paths):
            pass
        for _ in load_bundle(private.connect(paths), bases, frozenset(STAND_INS), Cancel()):
            pass
        yield f"unix://{paths.socket}"
    finally:
        for _ in private.down(environ, paths=paths):
            pass


if __name__ == "__main__":
    sys.exit(main())
