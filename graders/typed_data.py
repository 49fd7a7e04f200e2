"""Owns turning plain data into our types, in any thread; must never accept what does not fit the type.

msgspec 0.22 looks at a type when it is asked for it the first time, and two threads that do so at the same moment can
end the whole process.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

T = TypeVar("T")
_ONE_AT_A_TIME = Lock()


def converted(data: object, target: type[T], *, from_text: Callable[[type, object], object] | None = None) -> T:
    """`data`, of dictionaries, lists, texts and numbers, as the type. Raises msgspec.ValidationError, a ValueError.

    `from_text` makes what msgspec doesn't know, given the wanted type and the text.
    """
    import msgspec

    with _ONE_AT_A_TIME:
        return msgspec.convert(data, target, strict=True, dec_hook=from_text)
