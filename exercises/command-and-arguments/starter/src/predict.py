"""Label texts as positive or negative by the words in them.

    predict.py TEXT...    labels each argument
    predict.py -          labels each line of standard input, or a few examples when nothing comes

Prints `<label><tab><text>`, a line for each text. MODEL_PATH names another word list.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

DEFAULT_MODEL = Path(__file__).resolve().parent.parent / "models" / "words.json"
EXAMPLES = ("A charming film with a superb soundtrack.", "Awful kettle: it leaked on the first day.")


def label(text: str, words: dict[str, list[str]]) -> str:
    """The label whose words occur more often; positive when it is a draw."""
    found = re.findall(r"[a-z]+", text.lower())
    counts = {name: sum(found.count(word) for word in listed) for name, listed in words.items()}
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


def main(arguments: list[str]) -> int:
    """Label what the arguments say, each text at once."""
    if not arguments:
        print("usage: predict.py TEXT... | predict.py -", file=sys.stderr)
        return 2
    model = Path(os.environ.get("MODEL_PATH") or DEFAULT_MODEL)
    if not model.is_file():
        print(f"predict.py: there is no model at {model}", file=sys.stderr)
        return 1
    words = json.loads(model.read_text(encoding="utf-8"))
    for argument in arguments:
        for text in read_texts() if argument == "-" else (argument,):
            print(f"{label(text, words)}\t{text}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
