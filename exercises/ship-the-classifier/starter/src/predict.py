"""Label texts as positive or negative: one text a line in, one `<label><tab><text>` a line out.

Reads standard input to its end. When nothing comes (docker run without -i), labels a few built-in
examples. MODEL_PATH names another model file.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

DEFAULT_MODEL = Path(__file__).resolve().parent.parent / "models" / "sentiment.joblib"
EXAMPLES = (
    "The ending was wonderful, I smiled all the way home.",
    "Awful kettle: it leaked on the first day.",
    "A charming film with a superb soundtrack.",
)


def read_texts() -> Iterator[str]:
    """Lines of standard input without the blank ones, as they come."""
    if sys.stdin is None:  # the caller closed it
        return
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    if sys.stdin.isatty():
        print("Type one text a line; Ctrl+D ends.", file=sys.stderr, flush=True)
    for line in sys.stdin:
        text = line.strip()
        if text:
            yield text


def main() -> int:
    """Load the model once, then answer each text at once."""
    model_path = Path(os.environ.get("MODEL_PATH") or DEFAULT_MODEL)
    if not model_path.is_file():
        print(f"predict.py: there is no model at {model_path}", file=sys.stderr)
        return 1

    import joblib  # takes a second: not before we know that there is something to load

    model = joblib.load(model_path)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")

    answered = 0
    for text in read_texts():
        print(f"{model.predict([text])[0]}\t{text}", flush=True)
        answered += 1
    if answered == 0:
        for text in EXAMPLES:
            print(f"{model.predict([text])[0]}\t{text}", flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
