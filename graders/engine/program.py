"""Owns running programs of the host (apt-get, mmdebstrap, dockerd); must never run anything of a submission."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from graders.cancel import Cancel
from graders.errors import Cancelled, EngineCommandFailed, EngineTimeout
from graders.safe_text import clean_lines

_TAIL = 25
_STOP_S = 20.0


def find_program(name: str, environ: Mapping[str, str]) -> str | None:
    """Where a program is, looking also where a user's PATH often does not: the system folders."""
    path = environ.get("PATH", os.defpath)
    return shutil.which(name, path=f"{path}:/usr/local/sbin:/usr/sbin:/sbin")


def lines_of(
    argv: tuple[str, ...],
    *,
    environ: Mapping[str, str],
    cancel: Cancel,
    timeout_s: float,
    cwd: Path | None = None,
) -> Iterator[str]:
    """Run to the end, yielding output lines as they come, cleaned.

    Raises `EngineCommandFailed` with the last lines, `EngineTimeout`, `Cancelled`; the program and its children are
    stopped whenever this ends early.
    """
    began = time.monotonic()
    tail: deque[str] = deque(maxlen=_TAIL)
    try:
        process = subprocess.Popen(  # noqa: S603 - our own argument lists only
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environ),
            cwd=cwd,
            start_new_session=True,
        )
    except OSError as error:
        raise EngineCommandFailed(f"{argv[0]} could not be started: {error.strerror}", status=127) from error
    output = process.stdout
    if output is None:
        raise EngineCommandFailed(f"{argv[0]} gave no output pipe", status=127)
    items: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(output, items), daemon=True)
    reader.start()
    try:
        while True:
            if cancel.is_set:
                raise Cancelled
            if time.monotonic() - began > timeout_s:
                raise EngineTimeout(
                    f"{Path(argv[0]).name} did not finish in {timeout_s:g} seconds",
                    limit_s=timeout_s,
                    elapsed_s=time.monotonic() - began,
                    tail="\n".join(tail),
                )
            try:
                item = items.get(timeout=0.1)
            except queue.Empty:
                continue
            if item is None:
                break
            for line in clean_lines(item):
                tail.append(line)
                yield line
        status = process.wait(_STOP_S)
        if status != 0:
            raise EngineCommandFailed(
                f"{Path(argv[0]).name} failed with status {status}: {tail[-1] if tail else 'no output'}",
                status=status,
                tail="\n".join(tail),
            )
    finally:
        _stop(process)
        reader.join(2.0)
        output.close()


def _read(output: IO[bytes], items: queue.SimpleQueue[bytes | None]) -> None:
    with suppress(OSError, ValueError):
        for line in iter(lambda: output.readline(65536), b""):
            items.put(line)
    items.put(None)


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_S)
