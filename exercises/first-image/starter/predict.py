"""Label texts as positive or negative by the words in them: one text a line in, one `<label><tab><text>` a line out.

Reads standard input to its end. When nothing comes, labels a few built-in examples.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

WORDS = Path(__file__).resolve().parent / "words.json"
EXAMPLES = ("A charming film with a superb soundtrack.", "Awful kettle: it leaked on the first day.")


def label(text: str, words: dict[str, list[str]]) -> str:
    """The label whose words occur more often; positive when it is a draw."""
    found = re.findall(r"[a-z]+", text.lower())
    counts = {name: sum(found.count(word) for word in listed) for name, listed in words.items()}
    return max(("positive", "negative"), key=lambda name: counts[name])


def read_texts() -> Iterator[str]:
    """Lines of standard input without the blank ones."""
    for line in sys.stdin or ():
        if line.strip():
            yield line.strip()


def main() -> int:
    """Label what comes, each text at once."""
    if not WORDS.is_file():
        print(f"predict.py: there is no word list at {WORDS}", file=sys.stderr)
        return 1
    words = json.loads(WORDS.read_text(encoding="utf-8"))
    answered = False
    for text in read_texts():
        print(f"{label(text, words)}\t{text}", flush=True)
        answered = True
    for text in () if answered else EXAMPLES:
        print(f"{label(text, words)}\t{text}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
