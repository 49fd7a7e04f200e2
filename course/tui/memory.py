"""Owns what the desk remembers between visits, for comfort only; must never hold progress or refuse to start.

One small JSON file beside the progress file. What can't be read is as if it had never been; what can't be written
is forgotten at the end of the visit.
"""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from pathlib import Path


class Memory:
    """The desk's own memory. Each change is written at once, the whole file or nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        values: object = None
        with suppress(OSError, ValueError):
            values = json.loads(path.read_text(encoding="utf-8"))
        known = values if isinstance(values, dict) else {}
        places = known.get("places")
        self._welcomed = known.get("welcomed") is True
        self._theme = str(known.get("theme") or "")
        self._places = {
            str(slug): block
            for slug, block in (places.items() if isinstance(places, dict) else ())
            if isinstance(block, int) and block > 0
        }

    @property
    def welcomed(self) -> bool:
        """Whether the learner has seen the welcome."""
        return self._welcomed

    def welcome(self) -> None:
        """The learner has seen the welcome."""
        self._welcomed = True
        self._write()

    @property
    def theme(self) -> str:
        """Name of the chosen theme; empty when none was."""
        return self._theme

    def choose_theme(self, name: str) -> None:
        """Keep the theme."""
        self._theme = name
        self._write()

    def place(self, slug: str) -> int:
        """Number of the block at which the learner stopped reading a lesson; 0 for its top."""
        return self._places.get(slug, 0)

    def keep_place(self, slug: str, block: int) -> None:
        """Keep where the learner stopped reading."""
        if block != self.place(slug):
            self._places[slug] = block
            self._write()

    def _write(self) -> None:
        values = {"welcomed": self._welcomed, "theme": self._theme, "places": self._places}
        temporary = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}.tmp")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(values, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            temporary.replace(self._path)
        except OSError:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
