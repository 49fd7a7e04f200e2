"""One request to a server that means no good: always an answer in time, or a value that says what went wrong."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from graders.cancel import Cancel
from graders.engine.http_probe import BODY_CAP_BYTES, ask
from graders.engine.service import HttpAnswer, HttpOutcome
from graders.errors import Cancelled
from tests.rows import rows

Talk = Callable[[socket.socket], None]
Serve = Callable[[Talk], tuple[str, int]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server that reads one request and then talks as it is told."""
    servers: list[socket.socket] = []

    def start(talk: Talk) -> tuple[str, int]:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def run() -> None:
            with suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    connection.recv(65536)
                    talk(connection)

        threading.Thread(target=run, daemon=True).start()
        host, port = server.getsockname()
        return str(host), int(port)

    yield start
    for server in servers:
        server.close()


def get(address: tuple[str, int], *, method: str = "GET", timeout_s: float = 5.0) -> HttpAnswer:
    return ask(address, method, "/", timeout_s=timeout_s, cancel=Cancel())


def says(data: bytes) -> Talk:
    return lambda connection: connection.sendall(data)


def drips(first: bytes, drop: bytes) -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(drop)
            time.sleep(0.005)

    return talk


def floods(first: bytes, drop: bytes) -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(drop)

    return talk


@rows(
    ("data", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
        (b"HTTP/1.0 200 OK\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nhi and more", b"hi"),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", b"hi"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1;x=y\r\ni\r\n0\r\n\r\n", b"hi"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b""),
    ],
)
def test_answer_in_any_lawful_form_is_read(serve: Serve, data: bytes, body: bytes) -> None:
    """Old and new protocol, with a length, in pieces, or to the end of the connection."""
    answer = get(serve(says(data)))

    assert (HttpOutcome.ANSWERED, 200, body, False) == (answer.outcome, answer.status, answer.body, answer.truncated)


def test_redirect_is_not_followed(serve: Serve) -> None:
    """The answer is the redirect itself."""
    answer = get(serve(says(b"HTTP/1.1 307 No\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")))

    assert (307, "http://127.0.0.1:1/") == (answer.status, answer.headers["location"])
    assert not answer.is_success


@rows(
    "data",
    [
        b"",
        b"+OK welcome\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhi",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 102 Wait\r\n\r\n" * 20,
        b"HTTP/1.1 200 OK\r\n" + b"X-Bomb: y\r\n" * 20_000,
    ],
)
def test_nonsense_is_broken(serve: Serve, data: bytes) -> None:
    """What is no answer, or ends before it is whole, is told as such."""
    answer = get(serve(says(data)))

    assert HttpOutcome.BROKEN is answer.outcome
    assert answer.reason
    assert answer.reason.isprintable()


@pytest.mark.parametrize(
    "first", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]
)
def test_drip_ends_at_the_deadline(serve: Serve, first: bytes) -> None:
    """A byte now and then does not lengthen the wait."""
    began = time.monotonic()
    answer = get(serve(drips(first, b"1")), timeout_s=0.1)

    assert answer.outcome in {HttpOutcome.TIMEOUT, HttpOutcome.BROKEN}
    assert time.monotonic() - began < 20.0


@rows(
    ("first", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", b"x" * 65536),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"8000\r\n" + b"x" * 0x8000 + b"\r\n"),
    ],
)
def test_body_without_end_is_cut(serve: Serve, first: bytes, drop: bytes) -> None:
    """No more than the cap is kept, and that something is missing is told."""
    answer = get(serve(floods(first, drop)), timeout_s=20)

    assert HttpOutcome.ANSWERED is answer.outcome
    assert answer.truncated
    assert BODY_CAP_BYTES - 65536 <= len(answer.body) <= BODY_CAP_BYTES


def test_body_of_an_answer_to_head_is_not_waited_for(serve: Serve) -> None:
    """A length in the answer to HEAD promises nothing."""
    answer = get(serve(says(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")), method="HEAD")

    assert (200, b"") == (answer.status, answer.body)


def test_closed_port_refuses() -> None:
    """Where nothing listens, that is told apart from a silent server."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()

    assert HttpOutcome.REFUSED is get(address).outcome


def test_cancel_wakes_a_waiting_request(serve: Serve) -> None:
    """A cancel does not wait for the server."""
    cancel = Cancel()
    address = serve(lambda _connection: time.sleep(20))
    threading.Timer(0.1, cancel.set).start()
    with pytest.raises(Cancelled):
        ask(address, "GET", "/", timeout_s=20, cancel=cancel)


def test_answer_before_the_body_was_read_is_read(serve: Serve) -> None:
    """A server may say 413 and hang up while it is still being told."""
    address = serve(says(b"HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n"))
    answer = ask(address, "POST", "/", body=b"x" * 1000, timeout_s=5, cancel=Cancel())

    assert 413 == answer.status
