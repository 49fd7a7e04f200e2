"""Owns writing to a terminal that may go away; must never decide when the desk ends.

Textual writes in a thread, which dies with the terminal. What is written then waits for ever, so that a desk whose
window was closed would never end.
"""

from __future__ import annotations

from io import TextIOWrapper
from typing import TextIO, cast

from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver


def lasting(driver: type[Driver]) -> type[Driver]:
    """The driver for terminals in place of the toolkit's; any other, such as a browser's, as it is."""
    return TerminalDriver if driver is LinuxDriver else driver


class TerminalDriver(LinuxDriver):
    """Textual's driver, for as long as the terminal is there; after that, what is written is dropped."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        if self._file is not None:
            self._file = cast("TextIOWrapper", Mortal(self._file))


class Mortal:
    """A file that drops what can't be written any more."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._gone = False

    def write(self, text: str) -> int:
        """Write the text, or drop it."""
        if not self._gone:
            try:
                self._file.write(text)
            except OSError:
                self._gone = True
        return len(text)

    def flush(self) -> None:
        """Hand on what was written, or drop it."""
        if not self._gone:
            try:
                self._file.flush()
            except OSError:
                self._gone = True

    def fileno(self) -> int:
        """The terminal's number."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._file.isatty()
