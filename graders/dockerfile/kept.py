"""Owns how answers about short texts and commands are kept; must never keep a long one.

Checks ask the same over and over. What is handed in may be as long as it likes, and memory has to stay small.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

KEPT_WORDS = 100
"""Of a command."""
KEPT_CHARACTERS = 4096
"""Of a text."""
_Function = TypeVar("_Function", bound=Callable[..., Any])


def kept(*, at_most: int, answers: int) -> Callable[[_Function], _Function]:
    """Keep so many answers of a pure function, of those whose first argument is no longer than `at_most`."""

    def keeping(function: _Function) -> _Function:
        remembered = lru_cache(maxsize=answers)(function)

        @wraps(function)
        def ask(asked: Any, *more: Any) -> Any:
            return (remembered if len(asked) <= at_most else function)(asked, *more)

        return cast("_Function", ask)

    return keeping
