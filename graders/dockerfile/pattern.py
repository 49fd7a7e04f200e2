"""Owns whether a name is like one of many patterns with `*`; must never look at a folder.

One expression is made of all of them, once: packages are compared with dozens of patterns each.
"""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache


def is_like(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether any of the patterns fits the whole name, capitals counting; as `fnmatch.fnmatchcase`."""
    return bool(patterns) and _whole(patterns).match(name) is not None


@lru_cache(maxsize=64)
def _whole(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, patterns)))
