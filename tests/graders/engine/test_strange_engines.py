"""Engines that nobody tried: they are named, never a crash, and one that holds no limit runs no program."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from graders.cancel import Cancel
from graders.engine.base import BuildRequest, RunRequest
from graders.engine.docker.adapter import DockerEngine
from graders.errors import EngineError
from graders.limits import Limits

Answers = dict[str, object]
DOCKER: Answers = {
    "/version": {"Version": "28.5.2", "ApiVersion": "1.51", "Components": [{"Name": "Engine"}, {"Name": "runc"}]},
    "/info": {"Driver": "overlay2", "CgroupVersion": "2", "MemoryLimit": True, "PidsLimit": True},
}


class Server(socketserver.ThreadingUnixStreamServer):
    """Answers as an engine; keeps what it was asked."""

    daemon_threads = True
    answers: Answers
    asked: list[str]
    name = "nobody's"
    """What its answers say of the program that gives them."""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        path = self.path.partition("?")[0]
        self.server.asked.append(path)
        found = next((body for end, body in self.server.answers.items() if path.endswith(end)), None)
        data = b"OK" if path.endswith("_ping") else json.dumps(found).encode()
        self.send_response(200 if path.endswith("_ping") or found is not None else 404)
        self.send_header("Api-Version", "1.51")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_HEAD = do_POST = do_DELETE = do_GET

    def version_string(self) -> str:
        assert isinstance(self.server, Server)
        return self.server.name

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the signature of the library
        pass

    def address_string(self) -> str:
        return "socket"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[[Answers], tuple[DockerEngine, list[str]]]]:
    """Makes an engine of these answers, and the list of what it is asked."""
    running: list[Server] = []

    def make(answers: Answers, name: str = Server.name) -> tuple[DockerEngine, list[str]]:
        path = tmp_path / "s"
        server = Server(str(path), Handler)
        server.answers, server.asked, server.name = answers, [], name
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        running.append(server)
        return DockerEngine(f"unix://{path}"), server.asked

    yield make
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("version", "name"),
    [
        (DOCKER["/version"], "docker"),
        ({"Version": "4.3.1", "Components": [{"Name": "Podman Engine"}]}, "podman"),
        ({"Version": "9", "Components": [{"Name": "Balena\x1b[2J"}]}, "Balena"),
        ({"Version": "1"}, "docker"),
        ([], "docker"),
        ({"Version": 7, "Components": "many"}, "docker"),
    ],
)
def test_engine_is_called_what_it_calls_itself(
    served: Callable[[Answers], tuple[DockerEngine, list[str]]], version: object, name: str
) -> None:
    """Whatever an engine says of itself, it is an answer and no crash."""
    engine, _ = served({**DOCKER, "/version": version})

    assert name == engine.info().name


@pytest.mark.parametrize(
    ("greeting", "about", "version", "asks"),
    [
        ("Docker/28.5.2 (linux)", {"ServerVersion": "28.5.2"}, "28.5.2", False),
        ("Docker/28.5.2 (linux)", {}, "1", True),
        ("Libpod/4.3.1 (linux)", {"ServerVersion": "4.3.1"}, "1", True),
    ],
)
def test_docker_is_asked_for_its_version_once(
    served: Callable[[Answers, str], tuple[DockerEngine, list[str]]],
    greeting: str,
    about: Answers,
    version: str,
    asks: bool,
) -> None:
    """It tells it with all else; any other engine is asked what it calls itself."""
    engine, asked = served({"/version": {"Version": "1", "ApiVersion": "1.51"}, "/info": about}, greeting)

    assert ("docker", version, "1.51") == (engine.info().name, engine.info().version, engine.info().api_version)
    assert asks is any(path.endswith("/version") for path in asked)


def test_engine_without_control_groups_runs_nothing(
    served: Callable[[Answers], tuple[DockerEngine, list[str]]],
) -> None:
    """A program that could not be held to its limits is not started: an error of the engine, which costs nobody."""
    about = {"SecurityOptions": ["name=rootless"], "MemoryLimit": False, "PidsLimit": False, "CgroupVersion": "1"}
    engine, asked = served({**DOCKER, "/info": about})

    assert (True, ("memory", "processes")) == (engine.info().rootless, engine.info().ignored_limits)
    with pytest.raises(EngineError) as raised:
        engine.run(RunRequest("sha256:1", "r1", Limits()), Cancel())
    assert "without root" in raised.value.message
    assert "dockyard engine up --private" in raised.value.hint
    assert [] == [path for path in asked if "containers" in path]


def test_podman_grades_nothing(served: Callable[[Answers], tuple[DockerEngine, list[str]]]) -> None:
    """Its builds tell their steps in other words: a right answer would fail, so an error of the engine it is."""
    engine, asked = served({**DOCKER, "/version": {"Version": "4.3.1", "Components": [{"Name": "Podman Engine"}]}})

    with pytest.raises(EngineError) as raised:
        list(engine.build(BuildRequest((), "r1", Limits()), Cancel()))
    assert "Podman 4.3.1" in raised.value.message
    assert [] == [path for path in asked if "build" in path]
