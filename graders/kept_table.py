"""Owns tables of TOML as they were read before, by their text; must never give back those of another text.

The course's table of contents and an exercise's terms are read by nearly every command, and change with an update.
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256

from graders.entry_folder import EntryFolder

FORMAT = 1
"""Counted up whenever the same text is kept in another form."""


def table_of(text: str, kept: EntryFolder | None = None) -> dict[str, object]:
    """The tables of a TOML text, by key. Raises ValueError, as `tomllib.TOMLDecodeError`, for a text that is none.

    What was read is put into `kept`, unless it holds what only TOML has, such as a date.
    """
    key = json.dumps([FORMAT, sys.version_info[:3], sha256(text.encode("utf-8", "surrogatepass")).hexdigest()])
    known = None if kept is None else kept.load(key)
    if known is not None:
        found = json.loads(known)
        assert isinstance(found, dict)
        return found
    import tomllib

    table = tomllib.loads(text)
    if kept is not None:
        try:
            kept.save(key, json.dumps(table).encode())
        except TypeError:
            return table
    return table
