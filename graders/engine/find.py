"""Owns finding an engine that answers; must never start one or run a program.

Order: DOCKER_HOST, then the docker context in use, then the usual sockets, then our private engine's. The first two
are the user's explicit wish: when they fail, nothing else is tried.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from graders.engine.base import Engine
from graders.engine.docker.errors import HINT_UP, UP
from graders.errors import EngineError, EngineTimeout, EngineUnavailable
from graders.safe_text import clean

PRIVATE_SOCKET = Path("/run/dockyard/engine.sock")
"""Where `dockyard engine up` makes its engine answer."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address at which an engine may answer."""

    address: str
    source: str
    tls_folder: Path | None = None
    tls_verify: bool = True
    private: bool = False


def find_engine(
    environ: Mapping[str, str], home: Path, *, timeout_s: float = 5.0, private_socket: Path = PRIVATE_SOCKET
) -> Engine:
    """The first engine that answers; raises `EngineUnavailable`, whose message says what is wrong with each."""
    wished = wished_candidate(environ, home)
    if wished is not None:
        try:
            return connect(wished, timeout_s)
        except EngineError as error:
            raise EngineUnavailable(
                f"{error.message} (the address comes from {wished.source})",
                hint=f"Correct or unset {wished.source}; {UP} starts an engine",
            ) from error
    failures: list[EngineError] = []
    for candidate in usual_candidates(environ, home, private_socket):
        try:
            return connect(candidate, timeout_s)
        except EngineError as error:
            failures.append(error)
    raise _summary(failures, environ)


def wished_candidate(environ: Mapping[str, str], home: Path) -> Candidate | None:
    """What DOCKER_HOST or a docker context asks for; None when neither does."""
    host = environ.get("DOCKER_HOST", "").strip()
    config = Path(environ.get("DOCKER_CONFIG", "") or home / ".docker")
    if host:
        verify = bool(environ.get("DOCKER_TLS_VERIFY", ""))
        certificates = Path(environ.get("DOCKER_CERT_PATH", "") or config)
        return Candidate(_full(host), "DOCKER_HOST", certificates if verify else None)
    name = environ.get("DOCKER_CONTEXT", "").strip() or _text(_load(config / "config.json"), "currentContext")
    if not name or name == "default":
        return None
    return _context(config, name)


def usual_candidates(environ: Mapping[str, str], home: Path, private_socket: Path) -> tuple[Candidate, ...]:
    """The sockets at which engines usually answer, ours last."""
    paths = [Path("/var/run/docker.sock")]
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if runtime:
        paths.append(Path(runtime) / "docker.sock")
    paths += [home / ".docker/run/docker.sock", home / ".docker/desktop/docker.sock"]
    usual = tuple(Candidate(f"unix://{path}", "usual socket") for path in paths)
    return (*usual, Candidate(f"unix://{private_socket}", "private engine", private=True))


def connect(candidate: Candidate, timeout_s: float) -> Engine:
    """The engine at a candidate's address; raises `EngineUnavailable` or `EngineTimeout`."""
    from graders.engine.docker.adapter import DockerEngine
    from graders.engine.docker.wire import Tls

    _knock(candidate.address)
    tls = Tls(candidate.tls_folder, candidate.tls_verify) if candidate.tls_folder is not None else None
    return DockerEngine(
        candidate.address, source=candidate.source, private=candidate.private, tls=tls, timeout_s=timeout_s
    )


def _knock(address: str) -> None:
    """Tell apart, without waiting, why a local socket can't be used."""
    if not address.startswith("unix://"):
        return
    path = Path(address.removeprefix("unix://"))
    try:
        mode = path.stat().st_mode
    except PermissionError as error:
        raise EngineUnavailable(f"No permission to look at {path}", hint=HINT_UP) from error
    except OSError as error:
        raise _NoSocket(f"No engine at {path}: there is no such socket", hint=HINT_UP) from error
    if not stat.S_ISSOCK(mode):
        raise EngineUnavailable(f"{path} is not a socket", hint=HINT_UP)


class _NoSocket(EngineUnavailable):
    """The socket does not exist."""


def _summary(failures: list[EngineError], environ: Mapping[str, str]) -> EngineError:
    """The failure that a user can do most about, with the others in one line."""
    telling = [error for error in failures if not isinstance(error, _NoSocket)]
    telling.sort(key=lambda error: not isinstance(error, EngineTimeout))
    if telling:
        first = telling[0]
        others = "; ".join(error.message for error in telling[1:])
        hint = first.hint if UP in first.hint else f"{first.hint} Or start our own engine with: {UP}".strip()
        return EngineUnavailable(first.message + (f"; {others}" if others else ""), hint=hint)
    if shutil.which("dockerd", path=environ.get("PATH", os.defpath)):
        return EngineUnavailable("No container engine is running", hint=HINT_UP)
    return EngineUnavailable(
        "No container engine is installed", hint=f"Install and start one with: {UP} (Debian, Ubuntu)"
    )


def _context(config: Path, name: str) -> Candidate:
    digest = hashlib.sha256(name.encode()).hexdigest()
    about = _load(config / "contexts" / "meta" / digest / "meta.json")
    endpoints = about.get("Endpoints")
    endpoint = endpoints.get("docker") if isinstance(endpoints, dict) else None
    host = _text(endpoint if isinstance(endpoint, dict) else {}, "Host")
    source = f"docker context {clean(name, max_len=60)}"
    if not host:
        raise EngineUnavailable(
            f"The {source} names no engine", hint=f"Choose another with: docker context use default; or: {UP}"
        )
    folder = config / "contexts" / "tls" / digest / "docker"
    skip = isinstance(endpoint, dict) and endpoint.get("SkipTLSVerify") is True
    return Candidate(_full(host), source, folder if folder.is_dir() else None, not skip)


def _full(host: str) -> str:
    if "://" in host:
        return host
    return f"unix://{host}" if host.startswith("/") else f"tcp://{host}"


def _load(path: Path) -> dict[str, object]:
    """A JSON object from a user's settings; an unreadable file counts as an empty one, as for the docker command."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(table: Mapping[str, object], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""
