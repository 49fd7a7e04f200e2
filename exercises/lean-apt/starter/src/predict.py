"""Label texts as positive or negative by the words in them: one text a line in, one `<label><tab><text>` a line out.

The word list is packed with zstd, which Python 3.11 can't unpack: the program of that name does it. libgomp, the
library that lets numeric packages use several threads, is loaded as those packages load it. Neither is in the slim
base. Reads standard input to its end. When nothing comes, labels a few built-in examples.
"""

from __future__ import annotations

import ctypes
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MODELS = Path(__file__).resolve().parent.parent / "models"
EXAMPLES = ("A charming film with a superb soundtrack.", "Awful kettle: it leaked on the first day.")


def label(text: str, words: dict[str, list[str]]) -> str:
    """The label whose words occur more often; positive when it is a draw."""
    found = re.findall(r"[a-z]+", text.lower())
    counts = {name: sum(found.count(word) for word in listed) for name, listed in words.items()}
    return max(("positive", "negative"), key=lambda name: counts[name])


def read_words() -> dict[str, list[str]]:
    """The word list: unpacked already, or unpacked here."""
    plain, packed = MODELS / "words.json", MODELS / "words.json.zst"
    if plain.is_file():
        data = plain.read_bytes()
    else:
        data = subprocess.run(["zstd", "-dcq", str(packed)], check=True, capture_output=True).stdout
    listed: dict[str, list[str]] = json.loads(data)
    return listed


def read_texts() -> Iterator[str]:
    """Lines of standard input without the blank ones; the examples when there are none."""
    nothing_came = True
    for line in sys.stdin or ():
        if line.strip():
            nothing_came = False
            yield line.strip()
    if nothing_came:
        yield from EXAMPLES


def main() -> int:
    """Load what is needed, then label each text at once."""
    try:
        threads = ctypes.CDLL("libgomp.so.1").omp_get_max_threads()
        words = read_words()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"predict.py: {error}", file=sys.stderr)
        return 1
    print(f"predict.py: up to {threads} threads", file=sys.stderr)
    for text in read_texts():
        print(f"{label(text, words)}\t{text}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
