"""Plain data becomes our types, whoever asks for it at the same moment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXERCISE = Path(__file__).resolve().parents[2] / "exercises" / "first-image"

PROGRAM = f"""
import json, sys, threading
from pathlib import Path
from graders.cohort.cluster.parcel import Looked, ParcelError, unpack, unpack_order
from graders.exercise import read_exercise
from graders.formats.json import SCHEMA, loads

sys.setswitchinterval(1e-6)
start = threading.Barrier(4)

def read(refused, function, *arguments):
    start.wait()
    try:
        function(*arguments)
    except refused:
        pass

for call in (
    ((), read_exercise, Path({str(EXERCISE)!r})),
    (ValueError, loads, json.dumps(dict(schema=SCHEMA))),
    (ParcelError, unpack, b"{{}}", Looked),
    (ParcelError, unpack_order, b"{{}}"),
):
    threads = [threading.Thread(target=read, args=call) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
"""


def test_data_is_read_in_several_threads_at_once() -> None:
    """In a process that has read none before: msgspec looks at a type once, and two looks at a time end the process."""
    for _ in range(4):
        assert 0 == subprocess.run([sys.executable, "-c", PROGRAM], timeout=60, check=False).returncode
