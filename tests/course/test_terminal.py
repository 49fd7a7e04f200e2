"""What moves in a terminal goes on by itself while the work is silent, and is gone when the work is done."""

from __future__ import annotations

import threading

from course.terminal import Clockwork, StatusLine

LONGEST_S = 10.0
"""Only a broken clock lets anybody wait that long."""


def test_clockwork_paints_until_it_is_stopped() -> None:
    """Again and again beside the work, and never after `stop`; nobody else paints while it does."""
    painted = threading.Semaphore(0)
    held = []

    def paint() -> None:
        held.append(clockwork.lock.locked())
        painted.release()

    clockwork = Clockwork("test", paint, 0.001)
    clockwork.start()
    came = [painted.acquire(timeout=LONGEST_S) for _ in range(3)]
    clockwork.stop()
    count = len(held)

    assert [True] * 3 == came
    assert [True] * count == held
    assert not [thread for thread in threading.enumerate() if thread.name == "test"]


def test_status_line_goes_on_and_goes_away() -> None:
    """Its clock moves without a word from the work, a finished line goes above it, and nothing of it stays."""
    written: list[str] = []
    moved = threading.Event()

    def write(text: str) -> None:
        written.append(text)
        if text.endswith("5 s"):
            moved.set()

    times = iter([0.0, 0.0, 0.0])
    with StatusLine(write, 80, clock=lambda: next(times, 5.0)) as status:
        status.show("Building")
        status.print("A line")
        is_moving = moved.wait(LONGEST_S)

    assert is_moving
    assert written[0].endswith("Building  0 s")
    assert "\r\x1b[KA line\n" in written
    assert "\r\x1b[K" == written[-1]
