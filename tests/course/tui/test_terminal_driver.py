"""What is written to a terminal that went away is dropped."""

from __future__ import annotations

import os
from contextlib import suppress
from threading import Thread
from typing import TextIO, cast

from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread
from textual.drivers.headless_driver import HeadlessDriver
from textual.drivers.linux_driver import LinuxDriver

from course.tui.terminal_driver import Mortal, TerminalDriver, lasting


def test_text_for_a_terminal_that_is_gone_is_dropped() -> None:
    """Before, it arrives; after, neither writing nor flushing fails."""
    main, side = os.openpty()
    terminal = os.fdopen(side, "w", encoding="utf-8")
    file = Mortal(terminal)
    written = file.write("here")
    file.flush()
    read = os.read(main, 100)
    number = file.fileno()
    os.close(main)

    assert (4, b"here", side) == (written, read, number)
    assert 4 == file.write("gone")
    file.flush()
    assert 5 == file.write("again")
    assert not file.isatty()
    with suppress(OSError):
        terminal.close()


def test_toolkits_writer_ends_after_its_terminal() -> None:
    """More than its queue holds is written to a terminal that is gone; it takes all of it, and stops."""
    main, side = os.openpty()
    terminal = os.fdopen(side, "w", encoding="utf-8")
    writer = WriterThread(cast("TextIO", Mortal(terminal)))
    writer.start()
    os.close(main)

    def write_and_stop() -> None:
        for _ in range(10 * MAX_QUEUED_WRITES):
            writer.write("x" * 10_000)
        writer.stop()

    ending = Thread(target=write_and_stop, daemon=True)
    ending.start()
    ending.join(30.0)

    assert not ending.is_alive()
    with suppress(OSError):
        terminal.close()


def test_only_the_driver_of_terminals_is_replaced() -> None:
    """A test's driver and a browser's stay the toolkit's own."""
    assert (TerminalDriver, HeadlessDriver) == (lasting(LinuxDriver), lasting(HeadlessDriver))
