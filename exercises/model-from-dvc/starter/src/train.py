"""Train the labeller: count which words stand in texts of which label, and write their weights as JSON.

Usage: python src/train.py DATA MODEL        `dvc repro` calls it, and notes in dvc.lock what went in and what came out.
"""

from __future__ import annotations

import csv
import json
import math
import re
import sys
from collections import Counter
from pathlib import Path


def words_of(text: str) -> list[str]:
    """The words of a text in lower case."""
    return re.findall(r"[a-z]+", text.lower())


def train(rows: list[tuple[str, str]]) -> dict[str, dict[str, float]]:
    """Label -> word -> logarithm of the word's share in that label, each word counted once more than it occurs."""
    counts: dict[str, Counter[str]] = {}
    for label, text in rows:
        counts.setdefault(label, Counter()).update(words_of(text))
    vocabulary = sorted(set().union(*counts.values()))
    return {
        label: {word: round(math.log((found[word] + 1) / (found.total() + len(vocabulary))), 4) for word in vocabulary}
        for label, found in sorted(counts.items())
    }


def main() -> int:
    """Read the data, write the model."""
    data, model = (Path(name) for name in sys.argv[1:3])
    with data.open(encoding="utf-8", newline="") as file:
        rows = [(row["label"], row["text"]) for row in csv.DictReader(file)]
    model.parent.mkdir(exist_ok=True)
    model.write_text(json.dumps(train(rows), indent=1) + "\n", encoding="utf-8")
    print(f"train.py: {len(rows)} texts, {len({label for label, _ in rows})} labels", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
