"""Owns which line of a Dockerfile is to blame for a container that can't be started; must never start one."""

from __future__ import annotations

import posixpath
import re

from graders.dockerfile_context import DockerfileContext

_NAMED = re.compile(r"(VOLUME|WORKDIR) (?:at )?(/[^\s,]*)")
"""How the engine adapter begins when the image asks for what can't be."""
_NO_USER = re.compile(r"unable to find (?:user|group)|no matching entries in", re.IGNORECASE)
_WORDS = re.compile(r"[^\s\"\[\],]+")


def start_line(source: DockerfileContext, start_error: str) -> int | None:
    """The line that asks for what the engine did not give, else that of the command; None: the base image asks for it.

    `start_error` is as in `RunResult` and `ServiceState`.
    """
    if named := _NAMED.match(start_error):
        asking = source.dockerfile.in_chain(named[1])
        lines = [instruction.line for instruction in asking if named[2] in _paths(instruction.expanded)]
        return lines[-1] if lines else source.setting_line(named[1])
    if _NO_USER.search(start_error):
        return source.setting_line("USER")
    return source.setting_line("ENTRYPOINT", "CMD")


def _paths(text: str) -> set[str]:
    """Its words, as whole paths."""
    return {posixpath.normpath(f"/{word}").replace("//", "/") for word in _WORDS.findall(text)}
