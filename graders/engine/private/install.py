"""Owns installing an engine's packages on Debian and Ubuntu; must never touch another system."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from graders.cancel import Cancel
from graders.engine.program import find_program, lines_of
from graders.errors import EngineCommandFailed, EngineUnavailable

PACKAGES = ("docker.io", "mmdebstrap", "procps")
"""The engine, what builds stand-ins, and `ps`, by which the engine lists a container's processes."""
COMMAND = f"sudo apt-get install -y --no-install-recommends {' '.join(PACKAGES)}"
_INSTALL_S = 900.0


def is_installed(environ: Mapping[str, str]) -> bool:
    """Whether a Docker engine can be started on this machine."""
    return find_program("dockerd", environ) is not None


def install_engine(
    environ: Mapping[str, str],
    cancel: Cancel,
    *,
    os_release: Path = Path("/etc/os-release"),
    lists: Path = Path("/var/lib/apt/lists"),
    is_root: bool | None = None,
) -> Iterator[str]:
    """Install by apt-get, yielding its output.

    Raises `EngineUnavailable` where that can't be done (another system, no rights), `EngineCommandFailed`,
    `EngineTimeout`, `Cancelled`.
    """
    if not _is_debian(os_release):
        raise EngineUnavailable(
            "An engine can be installed automatically on Debian and Ubuntu only",
            hint="Install Docker as its documentation says, then run this again.",
        )
    apt = find_program("apt-get", environ)
    if apt is None:
        raise EngineUnavailable("There is no apt-get to install an engine with", hint=f"Run: {COMMAND}")
    start: tuple[str, ...] = (apt,)
    if not (os.geteuid() == 0 if is_root is None else is_root):
        sudo = find_program("sudo", environ)
        if sudo is None:
            raise EngineUnavailable(
                "Installing an engine needs root, and there is no sudo", hint=f"As root, run: {COMMAND}"
            )
        start = (sudo, "-n", "--preserve-env=DEBIAN_FRONTEND,RUNLEVEL", apt)
    # RUNLEVEL 1 keeps package scripts from starting services; ours is started by `dockyard engine up`.
    settings = {**environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1", "LC_ALL": "C"}
    install = (*start, "install", "-y", "-q", "--no-install-recommends", *PACKAGES)
    try:
        if not any(lists.glob("*_Packages*")):
            yield from lines_of((*start, "update", "-q"), environ=settings, cancel=cancel, timeout_s=_INSTALL_S)
        try:
            yield from lines_of(install, environ=settings, cancel=cancel, timeout_s=_INSTALL_S)
        except EngineCommandFailed:
            # Old package lists name files that the archive has replaced.
            yield "Trying again with fresh package lists"
            yield from lines_of((*start, "update", "-q"), environ=settings, cancel=cancel, timeout_s=_INSTALL_S)
            yield from lines_of(install, environ=settings, cancel=cancel, timeout_s=_INSTALL_S)
    except EngineCommandFailed as error:
        raise EngineCommandFailed(
            error.message, status=error.status, tail=error.tail, hint=f"Run it yourself: {COMMAND}"
        ) from error


def _is_debian(os_release: Path) -> bool:
    try:
        text = os_release.read_text("utf-8", "replace")
    except OSError:
        return False
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key in {"ID", "ID_LIKE"} and {"debian", "ubuntu"} & set(value.strip("\"' ").split()):
            return True
    return False
