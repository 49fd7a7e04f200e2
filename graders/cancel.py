"""Owns the way to stop long work from another thread; must never know what is being stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable

from graders.errors import Cancelled


class Cancel:
    """A switch that is thrown once: long work polls it, blocking work hangs a callback on it."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def is_set(self) -> bool:
        """Whether somebody asked to stop."""
        return self._event.is_set()

    def set(self) -> None:
        """Ask to stop; safe from any thread and more than once. Each callback runs once."""
        with self._lock:
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def on_cancel(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Run `callback` when the switch is thrown (now, if it was); call the result to take it back."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks.append(callback)

                def forget() -> None:
                    with self._lock:
                        if callback in self._callbacks:
                            self._callbacks.remove(callback)

                return forget
        callback()
        return lambda: None

    def raise_if_set(self) -> None:
        """Raise `Cancelled` when somebody asked to stop."""
        if self._event.is_set():
            raise Cancelled

    def wait(self, timeout_s: float) -> bool:
        """Sleep up to `timeout_s`; True as soon as somebody asked to stop."""
        return self._event.wait(timeout_s)
