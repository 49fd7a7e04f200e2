"""Owns a lock whose fingerprints have changed places; must never make one up.

Other content that the store holds is what only the store can name. The lock itself names some: what went into a
model lies there as well as the model. So each fingerprint takes the place of the next, the last that of the first.
"""

from __future__ import annotations

from dataclasses import replace

from graders.build_context import FINGERPRINT, PreparedContext


def with_swapped_lock(context: PreparedContext, path: str) -> PreparedContext | None:
    """The context with that lock; None when the lock is missing or names fewer than two contents."""
    lock = next((file for file in context.files if file.path == path), None)
    if lock is None:
        return None
    found = list(dict.fromkeys(FINGERPRINT.findall(lock.data)))
    taken = {old: found[(index + 1) % len(found)] for index, old in enumerate(found)}
    data = FINGERPRINT.sub(lambda match: taken[match[0]], lock.data)
    if data == lock.data:
        return None
    return replace(
        context, files=tuple(replace(file, data=data) if file.path == path else file for file in context.files)
    )
