"""Owns starting a program of the learner's own in the terminal: an editor, a shell; must never start anything else."""

from __future__ import annotations

import os
import shlex
import signal
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from course.errors import WorkspaceError


def editor(environ: Mapping[str, str], path: Path) -> list[str]:
    """How the learner's editor opens a file: $VISUAL, else $EDITOR, else vi. Raises WorkspaceError."""
    named = environ.get("VISUAL") or environ.get("EDITOR") or "vi"
    try:
        words = shlex.split(named)
    except ValueError as error:
        raise WorkspaceError(f"EDITOR is {named!r}: {error}", hint="Set EDITOR to a command such as nano.") from error
    return [*(words or ["vi"]), str(path)]


def shell(environ: Mapping[str, str], folder: Path) -> list[str]:
    """How the learner's shell ($SHELL, else sh) begins in a folder."""
    # A spawned program can't be given a folder, so a first shell goes there; neither name is read as shell text.
    return ["/bin/sh", "-c", 'cd -- "$1" && exec "$2"', "dockyard", str(folder), environ.get("SHELL") or "/bin/sh"]


def start(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a program in this terminal until it ends; its exit code. ctrl+c is for it alone. Raises WorkspaceError."""
    held = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if held else None
    try:
        # Not by `subprocess`, which only the engine's adapter uses; the argument list holds no shell text.
        child = os.posix_spawnp(argv[0], list(argv), dict(environ), setsigdef=[signal.SIGINT])
        _, status = os.waitpid(child, 0)
    except OSError as error:
        raise WorkspaceError(
            f"{argv[0]} can't be started: {error.strerror}",
            hint="Set EDITOR to an editor that is installed, such as nano.",
        ) from error
    finally:
        if held:
            signal.signal(signal.SIGINT, before)
    return os.waitstatus_to_exitcode(status)
