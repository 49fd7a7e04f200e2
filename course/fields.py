"""Owns reading typed values out of parsed TOML and YAML content; must never read a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from course.errors import ContentError


def nearest(word: str, candidates: Iterable[str]) -> str:
    """A hint that names what `word` may have been meant to be; without a near match, all there is."""
    from difflib import get_close_matches

    names = sorted(set(candidates))
    close = get_close_matches(word, names, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return f"There is {', '.join(names)}." if names else ""


class Fields:
    """One table of a content file: every key must be known, and every value of the type that is asked for.

    Each method raises `ContentError` that names the file, the line where it is known, and the key.
    """

    def __init__(
        self,
        values: Mapping[str, object],
        known: Iterable[str],
        *,
        path: Path,
        lines: Mapping[str, int] | None = None,
        inside: str = "",
    ) -> None:
        self.values = values
        self.path = path
        self.inside = inside
        self._lines = lines or {}
        known = tuple(known)
        for key in values:
            if key not in known:
                raise self.wrong(key, "is not a known key", hint=nearest(key, known))

    def wrong(self, key: str, problem: str, *, hint: str = "") -> ContentError:
        """The error for one key: file, line and key first, then what is wrong."""
        line = self._lines.get(key, self._lines.get("", 0))
        place = f"{self.path}:{line}" if line else str(self.path)
        name = f"{self.inside}.{key}" if self.inside else key
        return ContentError(f"{place}: {name} {problem}", hint=hint)

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not blank; `default` when the key is absent."""
        if key not in self.values and default is not None:
            return default
        value = self._required(key)
        if not isinstance(value, str):
            raise self.wrong(key, "must be a text", hint="Put quotes round it.")
        if not value.strip():
            raise self.wrong(key, "must not be empty")
        return value.strip()

    def whole(self, key: str, *, least: int = 0) -> int:
        """A whole number, at least `least`."""
        value = self._required(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(key, "must be a whole number")
        if value < least:
            raise self.wrong(key, f"must be at least {least}")
        return value

    def texts(self, key: str, *, least: int = 0) -> tuple[str, ...]:
        """A list of texts, none blank; an absent key is an empty list."""
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise self.wrong(key, "must be a list")
        for item in value:
            if not isinstance(item, str) or not item.strip():
                raise self.wrong(key, "must be a list of texts", hint="Put quotes round each of them.")
        if len(value) < least:
            raise self.wrong(key, f"must have at least {least} entries")
        return tuple(item.strip() for item in value)

    def tables(self, key: str) -> tuple[dict[str, object], ...]:
        """A list of tables; an absent key is an empty list."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.wrong(key, "must be a list of tables")
        return tuple(value)

    def _required(self, key: str) -> object:
        if key not in self.values:
            raise self.wrong(key, "is missing")
        return self.values[key]
