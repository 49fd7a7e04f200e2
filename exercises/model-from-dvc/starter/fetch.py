"""Fetch a file out of the store by the fingerprint that dvc.lock has for it, as `dvc pull` does: offline, without DVC.

Usage: python fetch.py PATH...       for example: python fetch.py models/sentiment.json
Reads dvc.lock and store/ in the current folder and writes PATH there. Stops at the first thing that is wrong.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

LOCK, STORE = Path("dvc.lock"), Path("store")
OUTPUT = re.compile(r"- path: (\S+)\n\s+hash: md5\n\s+md5: ([0-9a-f]{32})\n")


def fingerprints(lock: str) -> dict[str, str]:
    """Path -> MD5 of what the stages made; what went into them stands under `deps:` and is left out."""
    outputs = re.findall(r"^    outs:\n((?:    [- ].*\n)+)", lock + "\n", flags=re.MULTILINE)
    return dict(pair for block in outputs for pair in OUTPUT.findall(block))


def fetch(path: str, md5: str) -> None:
    """Copy the object with this fingerprint to the path, and see that it has it. Raises OSError and ValueError."""
    data = (STORE / "files" / "md5" / md5[:2] / md5[2:]).read_bytes()
    found = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if found != md5:
        raise ValueError(f"the store is damaged: what should be {md5} is {found}")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(data)
    print(f"fetch.py: {path} is {md5}")


def main() -> int:
    """Fetch every path that is named."""
    try:
        locked = fingerprints(LOCK.read_text(encoding="utf-8"))
        for path in sys.argv[1:]:
            if path not in locked:
                raise ValueError(f"{LOCK} has no fingerprint for {path}")
            fetch(path, locked[path])
    except (OSError, ValueError) as error:
        print(f"fetch.py: {error}", file=sys.stderr)
        return 1
    return 0 if sys.argv[1:] else 2


if __name__ == "__main__":
    sys.exit(main())
