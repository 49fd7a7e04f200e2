"""Owns which stages leave a folder of theirs in the final image; must never judge what lies in it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable

from graders.dockerfile.model import Dockerfile, Instruction, Stage

_OF_PACKAGES = re.compile(
    r"/(?:usr(?:/local)?(?:/lib(?:/python[\d.]*)?)?|opt|root|home|home/[^/]+|install|deps|packages|wheels|env|conda)?\Z"
    r"|venv|virtualenv|-packages|/\.local|/env/|conda|pyenv|/python[\d.]*\Z",
)
_PATTERN_AT_END = re.compile(r"/\*{1,2}\Z")
_RESULTS = frozenset(
    ("dist", "build", "target", "out", "report", "reports", "coverage", "htmlcov", "docs", "static", "public", "models",
     "model", "data", "artifacts", "weights")
)  # fmt: skip
"""Folders that hold what a stage made, not what it installed."""


def stages_that_ship(dockerfile: Dockerfile, folder: str) -> tuple[Stage, ...]:
    """The final chain, and stages from which this folder or one above it is copied into the chain."""

    def takes(source: str) -> bool:
        return source in ("/", folder) or folder.startswith(f"{source}/")

    return _stages(dockerfile, takes)


def stages_that_ship_packages(dockerfile: Dockerfile) -> tuple[Stage, ...]:
    """The final chain, and stages from which a folder with installed packages is copied into it.

    A file, or a folder named after results (`dist`, `reports`), brings no packages; a virtual environment does, and so
    does the project's folder, where `uv sync` puts its own.
    """

    def takes(source: str) -> bool:
        if _OF_PACKAGES.search(source):
            return True
        last = posixpath.basename(source)
        return "." not in last.lstrip(".") and last not in _RESULTS and not source.startswith("/usr/local/bin/")

    return _stages(dockerfile, takes)


def _stages(dockerfile: Dockerfile, takes: Callable[[str], bool]) -> tuple[Stage, ...]:
    def copied_from(stage: Stage, instruction: Instruction) -> Iterable[Stage]:
        if "from" not in instruction.flags or not _copies(instruction, takes):
            return ()
        origins = (dockerfile.find_stage(name, stage.index) for name in instruction.flags.get("from", ()))
        return (origin for origin in origins if origin is not None)

    return dockerfile.made_of(copied_from)


def _copies(instruction: Instruction, takes: Callable[[str], bool]) -> bool:
    if instruction.keyword != "COPY" or instruction.onbuild:
        return False
    return any(takes(_plain(source)) for source in instruction.words[:-1])


def _plain(source: str) -> str:
    """The folder that a source names, without a pattern at its end."""
    return posixpath.normpath(posixpath.join("/", _PATTERN_AT_END.sub("/", source)))
