"""Label texts as positive or negative by the stems of their words: one text a line in, `<label><tab><text>` out.

A stem is what "thrill", "thrilled" and "thrilling" share. The model is packed with zstd, which Python 3.11 can't
unpack: the program of that name does it. libgomp, the library that lets numeric packages use several threads, is
loaded as those packages load it. Reads standard input to its end. When nothing comes, labels a few built-in examples.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import snowballstemmer

DEFAULT_MODEL = Path(__file__).resolve().parent.parent / "models" / "stems.json.zst"
EXAMPLES = ("I was thrilled by the ending.", "It bored me from the first minute.")


def label(text: str, stems: dict[str, list[str]]) -> str:
    """The label whose stems occur more often; positive when it is a draw."""
    found = snowballstemmer.stemmer("english").stemWords(re.findall(r"[a-z]+", text.lower()))
    counts = {name: sum(found.count(stem) for stem in listed) for name, listed in stems.items()}
    return max(("positive", "negative"), key=lambda name: counts[name])


def read_texts() -> Iterator[str]:
    """Lines of standard input without the blank ones; the examples when there are none."""
    nothing_came = True
    for line in sys.stdin or ():
        if line.strip():
            nothing_came = False
            yield line.strip()
    if nothing_came:
        yield from EXAMPLES


def read_stems(model: Path) -> dict[str, list[str]]:
    """The model, unpacked."""
    unpacked = subprocess.run(["zstd", "-dcq", str(model)], check=True, capture_output=True)
    listed: dict[str, list[str]] = json.loads(unpacked.stdout)
    return listed


def main() -> int:
    """Load what is needed, then label each text at once."""
    model = Path(os.environ.get("MODEL_PATH") or DEFAULT_MODEL)
    if not model.is_file():
        print(f"predict.py: there is no model at {model}", file=sys.stderr)
        return 1
    try:
        threads = ctypes.CDLL("libgomp.so.1").omp_get_max_threads()
        stems = read_stems(model)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"predict.py: {error}", file=sys.stderr)
        return 1
    print(f"predict.py: up to {threads} threads", file=sys.stderr)
    for text in read_texts():
        print(f"{label(text, stems)}\t{text}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
