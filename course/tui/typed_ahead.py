"""Owns delivering keys in the order of the fingers: each goes where the ones before it led; must never drop one.

Textual hands a key to the focused widget and takes the next one at once, while the widget's own task, in which
bindings run and the focus moves, may not have begun. What is typed fast, or sent by a program, would then reach
the place that the learner has just left. So a key waits until the one before has had its effect.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from textual.app import App
from textual.events import Event, Key, Paste
from textual.message_pump import MessagePump
from textual.widget import Widget

PATIENCE_S = 0.5
"""A widget that is busy for longer holds the keys up no more."""

OPENING_PATIENCE_S = 5.0
"""An exercise that takes longer to open holds the keys up no more."""

_LOOK_S = 0.01
_ROUNDS = 3
"""A key makes a widget send a message (an entered line), which makes its parent send another, which is acted on."""


class TypedAhead:
    """The keys and pastes that were typed ahead."""

    def __init__(
        self, app: App[None], deliver: Callable[[Event], Awaitable[None]], opening: Callable[[], bool]
    ) -> None:
        """`opening` tells whether the place that the next key is meant for is still being made."""
        self._app = app
        self._deliver = deliver
        self._opening = opening
        self._waiting: deque[Event] = deque()
        self._settling: asyncio.Task[None] | None = None
        self._behind_text: list[MessagePump] = []
        """Where text is on its way that no key was waited for since."""

    @property
    def idle(self) -> bool:
        """Whether every key that was taken has had its effect."""
        return self._settling is None

    async def take(self, event: Key | Paste) -> None:
        """Deliver a key, now or when it is its turn; called in the app's own task."""
        self._waiting.append(event)
        if self._settling is not None:
            return
        if self._opening():
            self._settling = asyncio.create_task(self._settle([]))
        else:
            await self._deliver_on()

    def again(self, event: Key) -> None:
        """Deliver a key once more, before those that were typed after it: it closed what it went to."""
        self._waiting.appendleft(Key(event.key, event.character))
        if self._settling is None:
            self._settling = asyncio.create_task(self._settle([]))

    async def _deliver_on(self) -> None:
        """Deliver up to the first key that may lead elsewhere; one that acts on text waits for the text."""
        from textual.widgets import Input, TextArea  # not before the first key: the lesson shows sooner

        while self._waiting:
            if self._behind_text and not _is_text(self._waiting[0]):
                self._settling = asyncio.create_task(self._settle(self._behind_text))
                return
            event = self._waiting.popleft()
            focused = self._app.focused
            path = self._path(focused)
            await self._deliver(event)
            if not (isinstance(focused, Input | TextArea) and focused is self._app.focused and _is_text(event)):
                self._settling = asyncio.create_task(self._settle(path))
                return
            self._behind_text = path

    async def _settle(self, path: list[MessagePump]) -> None:
        """Wait until what the key set off has passed through the widgets, then deliver the next."""
        self._behind_text = []
        try:
            async with asyncio.timeout(PATIENCE_S):
                for _ in range(_ROUNDS):
                    await _pass_through(path)
                await _pass_through(self._path(self._app.focused))
        except TimeoutError:
            pass
        waited_s = 0.0
        while self._opening() and waited_s < OPENING_PATIENCE_S:
            await asyncio.sleep(_LOOK_S)
            waited_s += _LOOK_S
        if not self._app.call_later(self._settled):
            self._settling = None

    async def _settled(self) -> None:
        self._settling = None
        await self._deliver_on()

    def _path(self, focused: Widget | None) -> list[MessagePump]:
        """The focused widget, all that it stands in, and the app."""
        start = focused or self._app.screen
        return list(start.ancestors_with_self)


async def _pass_through(path: list[MessagePump]) -> None:
    """Wait until each in turn has done what it had been sent so far."""
    for pump in path:
        passed = asyncio.Event()
        if pump.is_running and pump.call_later(passed.set):
            await passed.wait()


def _is_text(event: Event) -> bool:
    """Whether it only writes into a field that has the focus."""
    return isinstance(event, Paste) or (isinstance(event, Key) and event.is_printable)
