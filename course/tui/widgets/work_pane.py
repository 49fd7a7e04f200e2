"""Owns the bench with the results below it, made once the first lesson shows; must never act on either."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical

from course.session import Session
from course.tui.widgets.results import Results
from course.tui.widgets.workbench import Workbench


class WorkPane(Vertical):
    """The pane on the right."""

    def __init__(self, session: Session, clock: Callable[[], float], *, id: str) -> None:  # noqa: A002 - the toolkit's name
        super().__init__(id=id)
        self._session = session
        self._clock = clock
        self.is_filled = False

    def compose(self) -> ComposeResult:
        """Both, empty."""
        yield Workbench(self._session, id="workbench")
        yield Results(self._clock, id="results")

    async def fill(self) -> None:
        """Make the tabs of both, once."""
        if self.is_filled:
            return
        self.is_filled = True
        await self.query_one(Workbench).fill()
        await self.query_one(Results).fill()
