"""Owns where content, state and workspace are; must never create any of them.

Nothing else in `course` looks at an environment variable.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from course.errors import ConfigError

WORKSPACE_VARIABLE = "DOCKYARD_WORKSPACE"


class Paths(NamedTuple):
    """The three folders of a course."""

    content: Path
    """Holds `lessons/` and `exercises/`; never written to."""
    state: Path
    """Holds the progress file."""
    workspace: Path
    """Holds one folder an exercise, and the backups of what was reset."""


def find_paths(environ: Mapping[str, str], *, workspace: Path | None = None) -> Paths:
    """Where everything is; `workspace` outranks DOCKYARD_WORKSPACE, which outranks `~/dockyard`.

    Raises `ConfigError` when the content is missing or the workspace would lie in it.
    """
    content = find_content()
    home = find_home(environ)
    chosen = workspace
    if chosen is None and environ.get(WORKSPACE_VARIABLE):
        chosen = Path(environ[WORKSPACE_VARIABLE])
    if chosen is None:
        return Paths(content=content, state=_find_state(environ, home), workspace=_default_workspace(home, content))
    folder = home / str(chosen)[2:] if str(chosen) == "~" or str(chosen).startswith("~/") else chosen.absolute()
    _refuse_content(content, folder)
    return Paths(content=content, state=_find_state(environ, home), workspace=folder)


def make_workspace(content: Path, typed: str) -> Path:
    """The folder that was typed for the workspace, made when it isn't there. Raises `ConfigError`."""
    try:
        folder = Path(typed).expanduser().absolute()
        _refuse_content(content, folder)
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{typed} can't be the workspace: {reason}", hint="Name a folder of your own.") from error
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"{folder} can't be the workspace: it is not writable", hint="Name a folder of your own.")
    return folder


def _refuse_content(content: Path, folder: Path) -> None:
    """Nobody may work in the course's own folders. Raises `ConfigError`."""
    real = folder.resolve()
    if real == content or any(real.is_relative_to(content / part) for part in ("lessons", "exercises")):
        raise ConfigError(
            f"The workspace {folder} is the course's own folder",
            hint="Choose another one: dockyard --workspace ~/dockyard-work",
        )


def find_content() -> Path:
    """The folder of `lessons/` and `exercises/`; raises `ConfigError` when there is none."""
    return _find_content(Path(__file__).resolve().parent)


def find_home(environ: Mapping[str, str]) -> Path:
    """The home folder; raises `ConfigError` when HOME is not set and the system knows none."""
    home = environ.get("HOME", "")
    if home:
        return Path(home).absolute()
    try:
        return Path.home()
    except RuntimeError as error:
        raise ConfigError("There is no home folder", hint="Set HOME to a folder that you may write to.") from error


def _find_content(package: Path) -> Path:
    """The content beside this package in a checkout, or inside it in an installed wheel."""
    for candidate in (package / "_content", package.parent):
        if (candidate / "lessons").is_dir() and (candidate / "exercises").is_dir():
            return candidate
    raise ConfigError(f"The lessons are missing from {package}", hint="Install Dockyard again.")


def _find_state(environ: Mapping[str, str], home: Path) -> Path:
    """The platform's folder for a user's data; a relative XDG_DATA_HOME is ignored, as its standard says."""
    data = environ.get("XDG_DATA_HOME", "")
    if data and Path(data).is_absolute():
        return Path(data) / "dockyard"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "dockyard"
    return home / ".local" / "share" / "dockyard"


def _default_workspace(home: Path, content: Path) -> Path:
    """`~/dockyard`, or a name beside it when that is where this project was cloned to."""
    folder = home / "dockyard"
    if content.is_relative_to(folder.resolve()):
        return home / "dockyard-work"
    return folder
