"""Owns folders for work that is soon over, and what is said when there is no room; must never choose the place."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graders.errors import EngineError

HINT = "Free some space there, or name another temporary folder: mkdir -p ~/tmp && export TMPDIR=~/tmp"


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn what the system says inside into an EngineError that begins with `what`, a sentence without a full stop.

    No engine is to blame, but it can't be given its work, and neither is a learner.
    """
    try:
        yield
    except OSError as error:
        raise EngineError(f"{what}: {error.strerror or error}", hint=HINT) from error


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """An empty folder that is gone afterwards. Raises EngineError when it can't be made."""
    with explained("No temporary folder can be made"):
        folder = tempfile.TemporaryDirectory(prefix=prefix)
    with folder as name:
        yield Path(name)
