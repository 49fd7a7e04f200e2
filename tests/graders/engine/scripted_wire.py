"""Owns a wire to no engine at all, whose answers a test writes."""

from __future__ import annotations

from graders.cancel import Cancel
from graders.engine.docker.wire import CONTROL_S, Json, Query, Wire


class ScriptedWire(Wire):
    """A subclass says what each call is answered with."""

    def __init__(self) -> None:
        super().__init__("unix:///nowhere")

    def call(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Json | None = None,
        *,
        operation: str,
        timeout_s: float = CONTROL_S,
        cancel: Cancel | None = None,
    ) -> object:
        return self.answer(method, path, query, body)

    def answer(self, method: str, path: str, query: Query | None, body: Json | None) -> object:
        """What the engine answers."""
        raise NotImplementedError
