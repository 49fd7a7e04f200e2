"""Finding an engine says exactly what is wrong."""

from __future__ import annotations

import hashlib
import json
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.engine.find import find_engine, usual_candidates, wished_candidate
from graders.errors import EngineUnavailable


@pytest.fixture
def short() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="dy") as folder:
        yield Path(folder)


def message(environ: dict[str, str], home: Path) -> str:
    with pytest.raises(EngineUnavailable) as caught:
        find_engine(environ, home, timeout_s=0.3)
    assert "dockyard engine up" in caught.value.hint
    return caught.value.message


def test_missing_socket_is_named(short: Path) -> None:
    """DOCKER_HOST is the user's wish: nothing else is tried."""
    assert "there is no such socket (the address comes from DOCKER_HOST)" in message(
        {"DOCKER_HOST": f"unix://{short}/none.sock"}, short
    )


def test_socket_that_nobody_listens_on_is_told_apart(short: Path) -> None:
    """A stopped engine leaves its socket behind."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(f"{short}/s")

    assert "Nobody listens" in message({"DOCKER_HOST": f"unix://{short}/s"}, short)


def test_engine_that_does_not_answer_is_told_apart(short: Path) -> None:
    """A hanging engine is found out within the time limit."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(f"{short}/s")
        sock.listen()

        assert "did not answer" in message({"DOCKER_HOST": f"unix://{short}/s"}, short)


def test_context_in_use_is_followed(short: Path) -> None:
    """The docker command's context decides where DOCKER_HOST does not."""
    meta = short / ".docker/contexts/meta" / hashlib.sha256(b"far").hexdigest()
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": "tcp://far:1"}}}))
    (short / ".docker/config.json").write_text('{"currentContext": "far"}')
    found = wished_candidate({}, short)

    assert found is not None
    assert ("tcp://far:1", "docker context far") == (found.address, found.source)


def test_context_without_an_engine_is_an_error(short: Path) -> None:
    """A context that is named and not there is said."""
    with pytest.raises(EngineUnavailable):
        wished_candidate({"DOCKER_CONTEXT": "gone"}, short)


def test_usual_sockets_end_with_ours(short: Path) -> None:
    """Our private engine is the last resort."""
    addresses = [c.address for c in usual_candidates({"XDG_RUNTIME_DIR": "/run/user/1"}, short, Path("/p/e.sock"))]

    assert ["unix:///var/run/docker.sock", "unix:///run/user/1/docker.sock"] == addresses[:2]
    assert "unix:///p/e.sock" == addresses[-1]
