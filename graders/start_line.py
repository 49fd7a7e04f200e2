"""Owns which line of a Dockerfile is to blame for a container that can't be started; must never start one."""

from __future__ import annotations

import re

from graders.dockerfile_context import DockerfileContext
from graders.engine.start_wish import whole_path, wish_said

_NO_USER = re.compile(r"unable to find (?:user|group)|no matching entries in", re.IGNORECASE)
_WISH = re.compile(r"(?:VOLUME|WORKDIR)\b")
"""How a wish begins; an engine that does not say for which path leaves only its kind."""
_WORDS = re.compile(r"[^\s\"\[\],]+")


def start_line(source: DockerfileContext, start_error: str) -> int | None:
    """The line that asks for what the engine did not give, else that of the command; None: the base image asks for it.

    `start_error` is as in `RunResult` and `ServiceState`.
    """
    if said := wish_said(start_error):
        keyword, path = said
        asking = source.dockerfile.in_chain(keyword)
        lines = [instruction.line for instruction in asking if path in _paths(instruction.expanded)]
        return lines[-1] if lines else source.setting_line(keyword)
    if unplaced := _WISH.match(start_error):
        return source.setting_line(unplaced[0])
    if _NO_USER.search(start_error):
        return source.setting_line("USER")
    return source.setting_line("ENTRYPOINT", "CMD")


def _paths(text: str) -> set[str]:
    """Its words, as whole paths."""
    return {whole_path(word) for word in _WORDS.findall(text)}
