"""Build this project four times and draw how long each build took.

Run it in the project's folder: python3 measure.py
Your files stay as they are: a copy is changed and built. The image that it makes is removed again.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
TAG = "dockyard-measure"
WIDTH = 44
BUILDS = (
    ("the first build", ("--no-cache",), ""),
    ("nothing changed", (), ""),
    ("src/predict.py changed", (), "src/predict.py"),
    ("requirements.txt changed", (), "requirements.txt"),
)


def settings() -> dict[str, str]:
    """The environment for docker: before version 23 it has to be told to use BuildKit, later ones choose by themselves."""
    said = subprocess.run(["docker", "--version"], capture_output=True, text=True).stdout
    found = re.search(r"version (\d+)", said)
    old = found is not None and int(found[1]) < 23
    return {**os.environ, "DOCKER_BUILDKIT": "1"} if old else dict(os.environ)


def build(folder: Path, flags: tuple[str, ...], environment: dict[str, str]) -> float:
    """Seconds that one build takes; ends the program when it fails."""
    began = time.monotonic()
    done = subprocess.run(
        ["docker", "build", "--quiet", "--tag", TAG, *flags, str(folder)],
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"The build failed:\n{done.stderr.strip()}")
    return time.monotonic() - began


def main() -> None:
    """Measure, then draw."""
    if shutil.which("docker") is None:
        sys.exit("There is no docker command here. Ask: dockyard doctor")
    took = []
    environment = settings()
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "project"
        shutil.copytree(PROJECT, copy)
        for title, flags, changed in BUILDS:
            if changed:
                with (copy / changed).open("a", encoding="utf-8") as file:
                    file.write(f"# changed at {time.time_ns()}\n")
            print(f"building: {title} ...", file=sys.stderr, flush=True)
            took.append((title, build(copy, flags, environment)))
    subprocess.run(["docker", "rmi", "--force", TAG], capture_output=True)
    longest = max(seconds for _, seconds in took)
    for title, seconds in took:
        bar = "█" * max(1, round(WIDTH * seconds / longest))
        print(f"{title:<25} {bar} {seconds:.1f} s")


if __name__ == "__main__":
    main()
