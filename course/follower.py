"""Owns noticing that an exercise's folder changed, and stopping what is out of date then; must never read a file."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path

from graders.cancel import Cancel

DEBOUNCE_MS = 300
"""An editor's save is several changes of a folder; they count as one."""
STEP_MS = 50
LOOK_MS = 2000
"""The folder is looked at this often whatever the system tells: some file systems tell nothing."""

Snapshot = Mapping[str, tuple[int, int, int]]
"""Path of a file in the folder -> size, and the times at which its content and its entry last changed."""


class Follower:
    """A thread that follows a folder until `close`.

    The folder is followed, not the files: many editors save by putting a new file in the old one's place. Backups,
    swap files and caches are passed over, as `watchfiles.DefaultFilter` has them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._awake = threading.Event()
        self._end = threading.Event()
        self._lock = threading.Lock()
        self._cancel = Cancel()
        self._begun: Snapshot = snapshot(folder)
        self._thread = threading.Thread(target=self._follow, name="follower", daemon=True)
        self._thread.start()

    def begin(self, cancel: Cancel) -> Snapshot:
        """The files as they are now; a change of them throws `cancel` and ends the next `wait`."""
        with self._lock:
            self._cancel = cancel
            self._awake.clear()
            self._begun = snapshot(self._folder)
            return self._begun

    def wait(self) -> None:
        """Sleep until the files are not as at the last `begin`, or somebody wakes us."""
        self._awake.wait()

    def wake(self) -> None:
        """End a wait."""
        self._awake.set()

    def close(self) -> None:
        """End the thread."""
        self._end.set()
        self._thread.join()

    def _follow(self) -> None:
        from watchfiles import watch

        try:
            for _ in watch(
                self._folder,
                watch_filter=None,
                debounce=DEBOUNCE_MS,
                step=STEP_MS,
                stop_event=self._end,
                rust_timeout=LOOK_MS,
                yield_on_timeout=True,
                raise_interrupt=False,
            ):
                self._look()
        except (OSError, RuntimeError):
            # The system can't follow it (too many watches, no such folder): then we look by ourselves.
            while not self._end.wait(LOOK_MS / 1000):
                self._look()

    def _look(self) -> None:
        with self._lock:
            if snapshot(self._folder) == self._begun:
                return
            cancel = self._cancel
        cancel.set()
        self._awake.set()


def snapshot(folder: Path) -> Snapshot:
    """The files that count, as they are now; empty when there is no folder."""
    from watchfiles import Change, DefaultFilter

    wanted = DefaultFilter()
    found: dict[str, tuple[int, int, int]] = {}
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in wanted.ignore_dirs]
        for name in names:
            if not wanted(Change.modified, name):
                continue
            path = Path(parent, name)
            try:
                at = path.lstat()
            except OSError:
                continue
            found[path.relative_to(folder).as_posix()] = (at.st_size, at.st_mtime_ns, at.st_ctime_ns)
    return found


def differing(before: Snapshot, now: Snapshot) -> tuple[str, ...]:
    """The paths that were added, changed or deleted, sorted."""
    return tuple(sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path)))
