"""Label texts as positive or negative by the words in them: one text a line in, one `<label><tab><text>` a line out.

MODEL_PATH names the word list and must be set. The program works in the folder for temporary files, as
programs do that unpack or download things: a path that is relative to another folder means nothing there.
Reads standard input to its end. When nothing comes, labels a few built-in examples.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

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


def main() -> int:
    """Find the model, then label each text at once."""
    os.chdir(tempfile.gettempdir())
    if not os.environ.get("MODEL_PATH"):
        print("predict.py: MODEL_PATH is not set, so I don't know which model to use", file=sys.stderr)
        return 1
    model = Path(os.environ["MODEL_PATH"]).absolute()
    if not model.is_file():
        print(f"predict.py: there is no model at {model}", file=sys.stderr)
        return 1
    words = json.loads(model.read_text(encoding="utf-8"))
    for text in read_texts():
        print(f"{label(text, words)}\t{text}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
