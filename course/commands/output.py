"""Owns where text goes: data to standard output or a file, all else to standard error; must never choose the words."""

from __future__ import annotations

import os
import re
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import TextIO

from course.errors import ConfigError, CourseError
from graders.errors import GraderError

INTERRUPTED = 130
"""Exit code of what the user stopped."""

_COLOURS: ContextVar[bool] = ContextVar("colours", default=True)
"""Whether this call of the program may colour what it writes to a terminal."""
_CODES = {"red": 31, "green": 32, "yellow": 33, "magenta": 35, "cyan": 36}
_SEQUENCE = re.compile(r"\x1b\[[;?0-9]*[a-zA-Z]")


def allow_colours(*, allowed: bool) -> None:
    """From now on, colours may or may not be written; elsewhere than to a terminal they never are."""
    _COLOURS.set(allowed)


def styled(text: str, colour: str = "", *, bold: bool = False) -> str:
    """The text with the sequences that colour it; `emit` and `say` take them away where they are not wanted."""
    codes = (f"\x1b[{_CODES[colour]}m" if colour else "") + ("\x1b[1m" if bold else "")
    return f"{codes}{text}\x1b[0m"


def emit(text: str, output: Path | None = None) -> None:
    """Write data: to standard output, or to `output` as a whole or not at all.

    Data that can't be written to `output` goes to standard output, so that no work is lost; then ConfigError.
    """
    ended = text if not text or text.endswith("\n") else f"{text}\n"
    if output is None:
        _write(sys.stdout, ended, err=False)
        return
    try:
        replace_file(output, ended)
    except OSError as error:
        _write(sys.stdout, ended, err=False)
        raise ConfigError(
            f"Can't write {output}: {error.strerror or error}",
            hint="The data went to standard output instead. Name a file in a folder that you may write to.",
        ) from error


def ensure_writable(output: Path | None) -> None:
    """Refuse a file that can't be written before any work is done. Raises ConfigError."""
    if output is None:
        return
    folder = output.parent
    if not folder.is_dir():
        raise ConfigError(f"Can't write {output}: there is no folder {folder}", hint=f"Make it: mkdir -p {folder}")
    if not os.access(output if output.exists() and not output.is_file() else folder, os.W_OK):
        raise ConfigError(f"Can't write {output}: permission denied", hint="Name a file that you may write.")


def say(text: str = "") -> None:
    """Write a line for the person at the terminal, to standard error."""
    _write(sys.stderr, f"{text}\n", err=True)


def say_error(message: str, hint: str = "") -> None:
    """Tell an error of ours; the text may hold what a learner or an engine wrote."""
    from graders.safe_text import clean

    say(f"{styled('Error:', 'red', bold=True)} {clean(message)}")
    for line in hint.splitlines():
        say(f"       {clean(line)}")


def say_end(error: BaseException) -> int:
    """Tell what ends the program, an error of ours or an interrupt; the exit code."""
    if isinstance(error, CourseError | GraderError):
        say_error(error.message, error.hint)
        return error.exit_code
    say_error("Interrupted")
    return INTERRUPTED


def say_raw(text: str) -> None:
    """Write to standard error as it is: no line end, control sequences kept."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except BrokenPipeError:
        _plug(sys.stderr)


def replace_file(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old text or the new one, never half of it. Raises OSError."""
    if path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8", errors="replace") as device:
            device.write(text)
        return
    import tempfile

    target = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        part.replace(target)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The process's file mode mask; reading it means setting it for a moment."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _write(stream: TextIO | None, text: str, *, err: bool) -> None:
    """Write, and go on in silence when the reader has left or never was: that changes no verdict."""
    if stream is None:
        return
    if "\x1b" in text and not (_COLOURS.get() and stream.isatty()):
        text = _SEQUENCE.sub("", text)
    try:
        if (stream.encoding or "").lower() in ("utf-8", "utf8"):
            stream.write(text)
        else:
            # What else a stream may need, click knows.
            import click

            click.echo(text, nl=False, err=err, color=True)
        stream.flush()
    except BrokenPipeError:
        _plug(stream)


def _plug(stream: TextIO) -> None:
    """Point a stream whose reader has left at the null device, so that nothing fails when it is flushed at exit."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, number)
    os.close(null)
