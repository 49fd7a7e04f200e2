"""Owns telling whether it is the image's fault that a container can't be started; must never start one.

An engine answers a misspelt program, a VOLUME that covers what every container needs, and a broken machine with the
same kind of refusal. What an image asks for is looked at only where the engine's words alone don't tell. Words and
outcomes: docker.io 20.10.24 with runc 1.1, 2026-11.
"""

from __future__ import annotations

import re

from graders.engine.docker.errors import EngineRefused
from graders.engine.docker.wire import Wire, as_object, as_text
from graders.engine.start_wish import impossible_wish, volume_on_file, wish_said
from graders.safe_text import clean

_IMAGE = re.compile(
    r"exec: |executable file not found|exec format error|unable to find (?:user|group)|no matching entries|chdir to cwd"
    r"|no command specified|working directory|mkdir .*not a directory|invalid user|permission denied: unknown",
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(
    r"executable file not found|no such file or directory|not a directory|no command specified", re.IGNORECASE
)
_NOT_ALLOWED = re.compile(
    r"permission denied|is a directory|exec format error|unable to find (?:user|group)|no matching",
    re.IGNORECASE,
)
_VOLUME_ON_FILE = re.compile(r"cannot mount volume over existing file(?:.*?/merged(?P<path>/\S+))?")
_UNCLEAR = re.compile(r"OCI runtime|container init|^Could not find the file")
"""Words of a runtime that did not get on; the last of a volume at / that hides where our files were to go."""
_RUNTIME_NOISE = re.compile(
    r"^(?:(?:failed to create shim task|OCI runtime create failed|runc create failed"
    r"|unable to start container process|error during container init): )+"
)


def start_fault(wire: Wire, image_id: str, error: EngineRefused) -> str:
    """What is wrong with the image that an engine refused to create or start; empty: it is not the image.

    Raises EngineError when the engine can't be asked about the image.
    """
    if "No such image" in error.reason:
        return ""
    if on_file := _VOLUME_ON_FILE.search(error.reason):
        return clean(volume_on_file(on_file["path"] or ""))
    if _IMAGE.search(error.reason):
        return clean(error.reason)
    if not _UNCLEAR.search(error.reason):
        return ""
    about = as_object(wire.call("GET", f"/images/{image_id}/json", operation="look up an image"))
    config = as_object(about.get("Config"))
    wish = impossible_wish(tuple(as_object(config.get("Volumes"))), as_text(config.get("WorkingDir")))
    return clean(f"{wish}: {_RUNTIME_NOISE.sub('', error.reason)}") if wish else ""


def exit_code_of(fault: str) -> int:
    """126: found but not to be started; 127: not found, as shells say it."""
    is_missing = wish_said(fault) is None and _NOT_FOUND.search(fault) and not _NOT_ALLOWED.search(fault)
    return 127 if is_missing else 126
