"""Owns how a signal stops long work cleanly; must never know what is being stopped."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from graders.cancel import Cancel

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def cancel_on_signal() -> Iterator[Cancel]:
    """A `Cancel` that ctrl+c (or a polite kill, or a closed terminal) throws; a second one interrupts at once.

    Only the main thread gets signals; elsewhere the Cancel is just never thrown.
    """
    cancel = Cancel()
    if threading.current_thread() is not threading.main_thread():
        yield cancel
        return

    def throw(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  the signature of a handler
        if cancel.is_set:
            raise KeyboardInterrupt
        # The handler runs between two instructions of the main thread, which may hold the Cancel's lock.
        threading.Thread(target=cancel.set, name="cancel").start()

    before = {
        number: signal.signal(number, throw) for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
