"""Every foreign error becomes ours, and the machine's trouble is told from the Dockerfile's."""

from __future__ import annotations

import http.client
import json

import docker.errors
import pytest
import requests.exceptions
import urllib3.exceptions

from graders.cancel import Cancel
from graders.engine.docker.errors import machine_trouble, registry_trouble, translated, without_noise
from graders.errors import Cancelled, EngineError, EngineTimeout, EngineUnavailable
from tests.rows import rows


def all_below(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*(all_below(below) for below in kind.__subclasses__()))


FOREIGN = sorted(
    all_below(docker.errors.DockerException) | all_below(requests.exceptions.RequestException),
    key=lambda kind: (kind.__module__, kind.__name__),
)


def made(kind: type[Exception]) -> Exception:
    """An instance, however the class wants to be called."""
    body = {"__init__": lambda self: None, "__str__": lambda self: "it broke", "__module__": kind.__module__}
    error: Exception = type(kind.__name__, (kind,), body)()
    return error


@rows("kind", FOREIGN, ids=lambda kind: kind.__name__)
def test_every_error_of_the_sdk_becomes_ours(kind: type[Exception]) -> None:
    """A new error class of the SDK can't slip through."""
    error = made(kind)
    with pytest.raises(EngineError) as caught, translated("test it", "unix:///x"):
        raise error

    assert caught.value.__cause__ is error


@rows(
    ("error", "kind"),
    [
        (TimeoutError(), EngineTimeout),
        (PermissionError(13, "no"), EngineUnavailable),
        (FileNotFoundError(2, "no"), EngineUnavailable),
        (ConnectionRefusedError(), EngineUnavailable),
        (ConnectionResetError(), EngineUnavailable),
        (BrokenPipeError(), EngineUnavailable),
        (http.client.RemoteDisconnected("gone"), EngineUnavailable),
        (http.client.IncompleteRead(b""), EngineUnavailable),
        (urllib3.exceptions.ProtocolError("x"), EngineError),
        (requests.exceptions.ReadTimeout("x"), EngineTimeout),
        (OSError(24, "Too many open files"), EngineUnavailable),
        (json.JSONDecodeError("x", "", 0), EngineError),
    ],
)
def test_error_becomes_its_kind(error: Exception, kind: type[EngineError]) -> None:
    """Sockets, HTTP and broken answers each have their meaning."""
    with pytest.raises(kind), translated("test it", "unix:///x"):
        raise error


def test_error_after_a_cancel_is_cancelled() -> None:
    """A socket that we shut down ourselves is no trouble of the engine."""
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled), translated("test it", "unix:///x", cancel=cancel):
        raise ConnectionResetError


LEARNERS = (
    "executor failed running [/bin/sh -c exit 3]: exit code: 3",
    'failed to solve: process "/bin/sh -c echo no space left on device" did not complete successfully: exit code: 1',
    "The command '/bin/sh -c curl x: dial tcp' returned a non-zero code: 6",
    "dockerfile parse error line 1: unknown instruction: FORM",
    'failed to compute cache key: "/x" not found: not found',
    'failed to parse stage name "a b": invalid reference format',
    "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope",
    "docker.io/library/pyhton:3.11: not found",
    "manifest for python:9.99 not found: manifest unknown: manifest unknown",
    'OCI runtime create failed: runc create failed: exec: "/bin/sh": stat /bin/sh: no such file or directory',
)
MACHINES = (
    "failed to copy: write /var/lib/docker/tmp/x: no space left on device",
    "rpc error: code = Unavailable desc = transport is closing",
    "failed to register layer: Error processing tar file(exit status 1): write /x: no space left on device",
    "OCI runtime create failed: applying cgroup configuration for process: mkdir: permission denied",
    "error creating overlay mount to /var/lib/docker/overlay2/x: input/output error",
)
REGISTRIES = (
    'failed to solve with frontend dockerfile.v0: failed to do request: Head "https://r/v2/x": dial tcp: no such host',
    "toomanyrequests: You have reached your pull rate limit",
    "Get https://registry-1.docker.io/v2/: net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
    "failed to authorize: failed to fetch anonymous token: unexpected status: 503 Service Unavailable",
    "net/http: TLS handshake timeout",
)


@rows("message", LEARNERS)
def test_message_about_the_dockerfile_is_the_learners(message: str) -> None:
    """What a Dockerfile caused is a finding, whatever words its commands hold."""
    assert (False, False) == (machine_trouble(message), registry_trouble(message))


@rows("message", MACHINES)
def test_message_about_the_machine_is_not_the_learners(message: str) -> None:
    """A full disk or a dying engine is never charged to a learner."""
    assert (True, False) == (machine_trouble(message), registry_trouble(message))


@rows("message", REGISTRIES)
def test_message_about_a_registry_is_not_the_learners(message: str) -> None:
    """A silent registry or a rate limit is never charged to a learner."""
    assert (False, True) == (machine_trouble(message), registry_trouble(message))


def test_noise_goes() -> None:
    """The machinery's own words before a message are left out."""
    message = (
        "failed to solve with frontend dockerfile.v0: failed to create LLB definition: dockerfile parse error line 1"
    )

    assert "dockerfile parse error line 1" == without_noise(message)
