"""Owns the proof that what a RUN prints to a file is known, and what only looks like it is not."""

from __future__ import annotations

import time

from graders.dockerfile.model import Instruction
from graders.dockerfile.parse import parse
from graders.dockerfile.printed import printed_to
from tests.rows import rows


def run(text: str) -> Instruction:
    return parse(f"FROM a\nRUN {text}\n".encode()).instructions[-1]


@rows(
    ("text", "expected"),
    [
        ("echo six > r.txt", ("six", False)),
        ("echo -n 'six>=1' >>/app/r.txt", ("six>=1", True)),
        ("printf '%s\\n' six flask > ./r.txt && ls", ("%s\n\nsix\nflask", False)),
        ("echo a | tee r.txt", ("a", False)),
        ("echo a | tee -a r.txt", ("a", True)),
        ("{ echo a; echo b; } > r.txt", ("a\nb", False)),
        ("(echo a && date) > r.txt", ("a", False)),
        ("echo a > r.txt; echo b >> r.txt", ("a\nb", False)),
        ("echo a > r.txt; echo b > r.txt", ("b", False)),
        ("cd /tmp && echo a > r.txt", ("a", False)),
        ("echo a > /srv/r.txt", None),
        ("echo a > other.txt && pip install -r r.txt", None),
        ("echo a; date > r.txt", None),
        ("echo 'a > r.txt'", None),
        ("cat x | tee r.txt", None),
    ],
)
def test_printed_text_is_found(text: str, expected: tuple[str, bool] | None) -> None:
    """What goes to the file, and whether what was there before stays."""

    assert expected == printed_to(run(text), "/app/r.txt", "/app")


def test_much_that_is_printed_is_read_fast() -> None:
    """Quotes that don't end and brackets that don't close cost no more than text."""
    started = time.process_time()
    for text in ("echo \"a\" 'b' " * 8000, "echo { ( " * 8000, 'echo "' * 8000):
        printed_to(run(text + "r.txt"), "/app/r.txt", "/app")

    assert 3.0 > time.process_time() - started
