"""Owns the lock files that name other content than the learner's; must never make up content for them.

What is stored under a fingerprint is found by it, so another one asks for other content. One that was made up names
nothing that exists. Other content that the store does hold is what only the store can name, and the lock itself names
some: what went into a model lies there as well as the model. So each takes the place of the next, the last that of
the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from graders.build_context import PreparedContext

FINGERPRINT = re.compile(rb"(?<![0-9A-Za-z])[0-9a-f]{32,128}(?![0-9A-Za-z])")
"""An MD5 sum or a longer one, in hexadecimal digits."""


def with_other_lock(context: PreparedContext, path: str, probe: str) -> PreparedContext | None:
    """The context with made-up fingerprints of the same lengths, equal ones staying equal; None when there are none."""

    def other(old: bytes) -> bytes:
        digits = sha256(probe.encode() + old).hexdigest().encode()
        return (digits * 2)[: len(old)]

    return _with_fingerprints(context, path, other)


def with_swapped_lock(context: PreparedContext, path: str) -> PreparedContext | None:
    """The context with that lock; None when the lock is missing or names fewer than two contents."""
    found = [name for file in context.files if file.path == path for name in FINGERPRINT.findall(file.data)]
    names = list(dict.fromkeys(found))
    taken = {old: names[(index + 1) % len(names)] for index, old in enumerate(names)}
    return _with_fingerprints(context, path, taken.__getitem__)


def _with_fingerprints(context: PreparedContext, path: str, other: Callable[[bytes], bytes]) -> PreparedContext | None:
    """The context with each fingerprint of a file exchanged; None when that changes nothing."""
    files = tuple(
        replace(file, data=FINGERPRINT.sub(lambda match: other(match[0]), file.data)) if file.path == path else file
        for file in context.files
    )
    return replace(context, files=files) if files != context.files else None
