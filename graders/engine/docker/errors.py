"""Owns the border where errors of the SDK, of HTTP and of sockets become ours; must never let one through.

It also tells apart, from an engine's message, what the learner's Dockerfile caused and what the machine did.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from graders.cancel import Cancel
from graders.errors import Cancelled, EngineError, EngineTimeout, EngineUnavailable
from graders.safe_text import clean

UP = "dockyard engine up"
"""The command that mends most troubles with an engine."""

HINT_UP = f"Start one with: {UP}"
HINT_DISK = (
    "Make room (docker system df shows what takes it; docker builder prune frees the build cache), then try again."
)
HINT_REGISTRY = "Check the network, then try again: dockyard doctor says what is missing."


class EngineRefused(EngineError):
    """The engine answered a request with an error status."""

    def __init__(self, operation: str, *, status: int, reason: str) -> None:
        super().__init__(f"The engine refused to {operation}: {reason} (HTTP {status})")
        self.status = status
        self.reason = reason
        """The engine's own message, cleaned."""


@contextmanager
def translated(operation: str, address: str, *, limit_s: float = 0.0, cancel: Cancel | None = None) -> Iterator[None]:
    """Turn every foreign error inside into one of ours, chained; `Cancelled` when somebody asked to stop.

    `operation` completes "while we tried to ...".
    """
    try:
        yield
    except _foreign_errors() as error:
        if cancel is not None and cancel.is_set:
            raise Cancelled from error
        raise translate(error, operation, address, limit_s) from error


def _foreign_errors() -> tuple[type[Exception], ...]:
    """All error bases that the SDK, HTTP and the sockets raise; those of libraries only if they are loaded."""
    found: list[type[Exception]] = [OSError, ValueError, EOFError]
    for module, name in (
        ("http.client", "HTTPException"),
        ("docker.errors", "DockerException"),
        ("requests.exceptions", "RequestException"),
        ("urllib3.exceptions", "HTTPError"),
        ("paramiko.ssh_exception", "SSHException"),
    ):
        error = getattr(sys.modules.get(module), name, None)
        if isinstance(error, type) and issubclass(error, Exception):
            found.append(error)
    return tuple(found)


def translate(error: Exception, operation: str, address: str, limit_s: float = 0.0) -> EngineError:
    """The error of ours for a foreign one."""
    reason = clean(str(error), max_len=300) or type(error).__name__
    kinds = {kind.__name__ for kind in type(error).__mro__}
    module = type(error).__module__.split(".")[0]
    if isinstance(error, TimeoutError) or (module in {"requests", "urllib3"} and any("Timeout" in k for k in kinds)):
        return EngineTimeout(
            f"The engine at {address} did not answer while we tried to {operation}",
            limit_s=limit_s,
            elapsed_s=limit_s,
            hint=f"It may be overloaded or hang; restart it, or start our own with: {UP}",
        )
    if isinstance(error, PermissionError):
        return EngineUnavailable(
            f"No permission to use the engine at {address}",
            hint='Join its group (sudo usermod -aG docker "$USER", then log in again), or run this with sudo.',
        )
    if isinstance(error, FileNotFoundError):
        return EngineUnavailable(f"No engine at {address}: there is no such socket", hint=HINT_UP)
    if isinstance(error, ConnectionRefusedError):
        return EngineUnavailable(f"Nobody listens on {address}: the engine is stopped", hint=HINT_UP)
    if isinstance(error, (ConnectionError, EOFError)) or (module == "http" and "HTTPException" in kinds):
        return EngineUnavailable(f"The engine at {address} went away while we tried to {operation}", hint=HINT_UP)
    if isinstance(error, OSError) or "TLSParameterError" in kinds or "InvalidConfigFile" in kinds:
        return EngineUnavailable(f"The engine at {address} can't be reached: {reason}", hint=HINT_UP)
    return EngineError(f"The engine failed while we tried to {operation}: {reason}")


_EXITED = re.compile(r"exit code: \d+|returned a non-zero code: \d+", re.IGNORECASE)
_LEARNER = re.compile(
    r"parse error|unknown instruction|unknown flag|dockerfile cannot|\(dockerfile\)"
    r"|file with no instructions|cannot be empty|failed to read dockerfile|cannot locate specified dockerfile"
    r"|failed to parse stage name|invalid reference format|no build stage in current context"
    r"|requires (?:at least|exactly)"
    r"|no source files were specified|failed to compute cache key|failed to calculate checksum|failed to walk"
    r"|forbidden path outside the build context|max depth exceeded|network\.host is not allowed"
    r"|security\.insecure is not allowed|exec: \\?\"[^\"]*\\?\":|executable file not found|unable to find user"
    r"|unable to find group|base name \(.*\) should not be blank|circular dependency|not found: not found",
    re.IGNORECASE,
)
_REGISTRY_ANSWERED = re.compile(
    r"manifest unknown|manifest for .* not found|not found: manifest|repository does not exist|pull access denied"
    r"|insufficient_scope|name unknown|no match for platform|docker\.io/\S+: not found|no matching manifest",
    re.IGNORECASE,
)
_RATE_LIMIT = re.compile(r"toomanyrequests|too many requests|rate limit", re.IGNORECASE)
_REGISTRY_SILENT = re.compile(
    r"failed to do request|failed to authorize|failed to resolve source metadata"
    r"|failed to fetch (?:anonymous|oauth) token"
    r"|no such host|server misbehaving|temporary failure in name resolution|dial tcp|i/o timeout|tls handshake"
    r"|client\.timeout exceeded|context deadline exceeded|unexpected status(?: code| from)?.{0,999} 5\d\d|proxyconnect"
    r"|x509:|error pulling image|httpreadseeker|registry.*(?:connection refused|connection reset)"
    r"|https?://[^ ]*/v2/|network is unreachable|no route to host",
    re.IGNORECASE,
)
_MACHINE = re.compile(
    r"no space left on device|disk quota exceeded|input/output error|cannot allocate memory|too many open files"
    r"|read-only file system|error creating overlay mount|failed to mount|failed to register layer"
    r"|failed to create shim"
    r"|layer does not exist|failed to get layer|applying cgroup|cgroups?: |cgroup\.|error reserving|iptables"
    r"|error from sender|code = (?:unavailable|canceled|internal)|transport is closing|context canceled"
    r"|failed to create endpoint|adding interface|failed to prepare|snapshot .* (?:not found|does not exist)"
    r"|resource temporarily unavailable|connection reset|is the docker daemon running",
    re.IGNORECASE,
)


def machine_trouble(message: str) -> bool:
    """Whether an engine's message about a build tells of the machine, not of the Dockerfile.

    A command that ended is the learner's whatever its text says, so that form is looked for first.
    """
    return not _EXITED.search(message) and not registry_trouble(message) and bool(_MACHINE.search(message))


def registry_trouble(message: str) -> bool:
    """Whether a base image could not be had because a registry did not serve it (silent, or a rate limit).

    A registry that answers "there is no such image" is the Dockerfile's fault.
    """
    message = without_noise(message)
    if _EXITED.search(message):
        return False
    if _RATE_LIMIT.search(message):
        return True
    if _LEARNER.search(message) or _REGISTRY_ANSWERED.search(message):
        return False
    return bool(_REGISTRY_SILENT.search(message))


def is_rate_limit(message: str) -> bool:
    """Whether a registry said that we asked too often."""
    return bool(_RATE_LIMIT.search(message))


_NOISE = re.compile(
    r"^(?:failed to solve(?: with frontend [\w.]+)?|rpc error: code = \w+ desc =|failed to create LLB definition"
    r"|failed to build LLB|failed to compute cache key|failed to calculate checksum of ref [^:]+(?:::\S+)?"
    r"|Error response from daemon|error building at step [^:]+):?\s+"
)


def without_noise(message: str) -> str:
    """An engine's message without the layers of its own machinery in front."""
    message = clean(message, max_len=2000)
    while (shorter := _NOISE.sub("", message)) != message and shorter:
        message = shorter
    return message
