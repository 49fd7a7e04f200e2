"""Label texts as positive or negative by the stems of their words: one text a line in, `<label><tab><text>` out.

A stem is what "thrill", "thrilled" and "thrilling" share. Reads standard input to its end. When nothing comes,
labels a few built-in examples. MODEL_PATH names another model. The program works in the folder for temporary files,
so a path that is relative to another folder means nothing there.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import snowballstemmer

DEFAULT_MODEL = Path(__file__).resolve().parent.parent / "models" / "stems.json"
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


def main() -> int:
    """Find the model, then label each text at once."""
    os.chdir(tempfile.gettempdir())
    model = Path(os.environ.get("MODEL_PATH") or DEFAULT_MODEL).absolute()
    if not model.is_file():
        print(f"predict.py: there is no model at {model}", file=sys.stderr)
        return 1
    stems = json.loads(model.read_text(encoding="utf-8"))
    for text in read_texts():
        print(f"{label(text, stems)}\t{text}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
