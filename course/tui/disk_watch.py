"""Owns noticing that files changed on the disk; must never read or write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from course.errors import WorkspaceError

DEBOUNCE_MS = 300
STEP_MS = 50


async def watch_files(
    folder: Path, paths: frozenset[Path], changed: Callable[[], None], failed: Callable[[WorkspaceError], None]
) -> None:
    """Call `changed` after each burst of changes to `paths` in `folder`; runs until it is cancelled.

    The folder is watched, not the files: many editors save by putting a new file in the old one's place.
    """
    from watchfiles import awatch

    names = {str(path) for path in paths}
    try:
        async for _ in awatch(
            folder, watch_filter=lambda _change, path: path in names, debounce=DEBOUNCE_MS, step=STEP_MS, recursive=True
        ):
            changed()
    except OSError as error:
        failed(
            WorkspaceError(
                f"{folder} can't be watched: {error.strerror or error}",
                hint="Edits by another program are seen when you come back to this window or check.",
            )
        )
