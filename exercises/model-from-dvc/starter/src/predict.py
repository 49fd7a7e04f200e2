"""Label texts with the trained model: one text a line in, one `<label><tab><text>` a line out.

Reads standard input to its end. When nothing comes, labels a few built-in examples. MODEL_PATH may name another model.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

MODEL = Path(__file__).resolve().parent.parent / "models" / "sentiment.json"
EXAMPLES = ("A charming film.", "Awful kettle: it leaked.", "An ordinary lamp, neither good nor bad.")

Weights = dict[str, dict[str, float]]


def label(text: str, weights: Weights) -> str:
    """The label under which the words of the text weigh most; words that the model has never seen weigh nothing."""
    words = re.findall(r"[a-z]+", text.lower())
    return max(weights, key=lambda name: sum(weights[name].get(word, 0.0) for word in words))


def read_model(path: Path) -> Weights:
    """The model; ends the program with one plain sentence when there is none."""
    try:
        weights = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        sys.exit(f"predict.py: the model {path} can't be read: {error.strerror}")
    except ValueError:
        weights = None
    if not isinstance(weights, dict) or not weights:
        sys.exit(f"predict.py: {path} is no model")
    return weights


def read_texts() -> Iterator[str]:
    """Lines of standard input without the blank ones."""
    for line in sys.stdin or ():
        if line.strip():
            yield line.strip()


def main() -> int:
    """Label what comes, each text at once."""
    weights = read_model(Path(os.environ.get("MODEL_PATH", MODEL)))
    answered = False
    for text in read_texts():
        print(f"{label(text, weights)}\t{text}", flush=True)
        answered = True
    for text in () if answered else EXAMPLES:
        print(f"{label(text, weights)}\t{text}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
