"""Plain data becomes our types, whoever asks for it at the same moment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXERCISE = Path(__file__).resolve().parents[2] / "exercises" / "first-image"

PROGRAM = f"""
import json, os, sys, threading
from pathlib import Path
from graders.cohort.cluster.parcel import Looked, ParcelError, unpack, unpack_order
from graders.exercise import read_exercise
from graders.formats.json import SCHEMA, loads

sys.setswitchinterval(1e-6)

def read(start, refused, function, *arguments):
    start.wait()
    try:
        function(*arguments)
    except refused:
        pass

def read_all():
    start = threading.Barrier(4)
    for call in (
        ((), read_exercise, Path({str(EXERCISE)!r})),
        (ValueError, loads, json.dumps(dict(schema=SCHEMA))),
        (ParcelError, unpack, b"{{}}", Looked),
        (ParcelError, unpack_order, b"{{}}"),
    ):
        threads = [threading.Thread(target=read, args=(start, *call)) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()

for _ in range(4):
    child = os.fork()
    if not child:
        read_all()
        os._exit(0)
    if ended := os.waitpid(child, 0)[1]:
        sys.exit(f"A process ended with {{ended}}")
"""
"""What is imported once is read by four processes, none of which has read any of it before."""


def test_data_is_read_in_several_threads_at_once() -> None:
    """In a process that has read none before: msgspec looks at a type once, and two looks at a time end the process."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], timeout=60, capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)
