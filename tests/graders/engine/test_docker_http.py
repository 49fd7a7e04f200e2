"""What an engine answers is read as HTTP says, in whatever pieces it comes; what is no answer is taken for none."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping

import pytest

from graders.engine.docker.http import BrokenAnswerError, Exchange
from graders.engine.docker.wire import Wire
from tests.rows import rows


def answered(data: bytes, *, at_once: int = 1 << 20) -> tuple[int, bytes]:
    """Status and body of an answer that comes in pieces of so many bytes, after which the other side hangs up."""
    ours, theirs = socket.socketpair()

    def say() -> None:
        with theirs:
            for at in range(0, len(data), at_once):
                theirs.sendall(data[at : at + at_once])

    speaker = threading.Thread(target=say)
    speaker.start()
    with ours:
        ours.settimeout(20.0)
        exchange = Exchange(ours)
        try:
            exchange.receive()
            return exchange.status, b"".join(exchange.pieces())
        finally:
            speaker.join()


def asked(
    method: str, target: str, headers: Mapping[str, str], body: bytes | Iterator[bytes] | None, *, old: bool = False
) -> bytes:
    """What is sent."""
    ours, theirs = socket.socketpair()
    with theirs:
        with ours:
            Exchange(ours).send(method, target, headers, body, old=old)
        return b"".join(iter(lambda: theirs.recv(1 << 16), b""))


LONG = bytes(range(256)) * 20
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ANSWERS = {
    "a length": (b"HTTP/1.1 200 OK\r\ncontent-length:   5\r\n\r\nhello and what nobody asked for", (200, b"hello")),
    "no body": (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"")),
    "the end of the connection": (b"HTTP/1.0 200 OK\r\n\r\n" + LONG, (200, LONG)),
    "chunks": (
        CHUNKED + b"5\r\nhello\r\n%x;why=not\r\n%b\r\n0\r\nTrailer: x\r\n\r\n" % (len(LONG), LONG),
        (200, b"hello" + LONG),
    ),
    "chunks that hold line ends": (CHUNKED + b"4\r\n\r\n\r\n\r\n2\r\n\r\n\r\n0\r\n\r\n", (200, b"\r\n" * 3)),
    "a word before the answer": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno",
        (500, b"no"),
    ),
    "another protocol from now on": (b"HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\nraw", (101, b"")),
}
BROKEN = {
    "nothing": b"",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "no status": b"HTTP/1.1 two hundred\r\n\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "a head without end": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
    "less than its length": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
    "half a chunk": CHUNKED + b"5\r\nhel",
    "no last chunk": CHUNKED + b"5\r\nhello\r\n",
    "a chunk of no length": CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n",
    "the length of a chunk without end": CHUNKED + b"0" * 9_000,
}


@rows("at_once", [1, 7, 1 << 20])
@rows(("said", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_answer_is_read_to_its_end(said: bytes, expected: tuple[int, bytes], at_once: int) -> None:
    """Wherever the pieces end in which it comes."""
    assert expected == answered(said, at_once=at_once)


@rows("said", BROKEN.values(), ids=BROKEN)
def test_broken_answer_is_an_error_of_the_connection(said: bytes) -> None:
    """What is missing is never taken for the end."""
    with pytest.raises((BrokenAnswerError, ConnectionResetError)):
        answered(said)


def test_request_is_sent_as_http_says() -> None:
    """A body has its length, one in pieces is sent in chunks, and a POST without a body says that it has none."""
    host = {"Host": "docker"}

    assert b"GET /a?b=c HTTP/1.1\r\nHost: docker\r\n\r\n" == asked("GET", "/a?b=c", host, None)
    assert b"GET / HTTP/1.0\r\nHost: docker\r\n\r\n" == asked("GET", "/", host, None, old=True)
    assert b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n" == asked("POST", "/", {}, None)
    assert b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}" == asked("POST", "/", {}, b"{}")
    assert b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n" == asked(
        "POST", "/", {}, iter([b"ab", b"", b"c"])
    )


@rows("target", ["", "/images/a b/json", "/a\r\nX: y", "/images/pythön/json", "/a\0"])
def test_what_would_be_read_as_two_requests_is_not_sent(target: str) -> None:
    """A name from a Dockerfile stays within the line that it belongs to."""
    with pytest.raises(ValueError, match="can't be asked for"):
        asked("GET", target, {}, None)
    with pytest.raises(ValueError, match="can't be sent"):
        asked("GET", "/", {"X": "y\r\nZ: 1"}, None)


def test_engine_over_the_network_is_spoken_to_in_the_same_words() -> None:
    """The SDK makes the connection, and nothing else."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def say() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK")

        speaker = threading.Thread(target=say)
        speaker.start()
        wire = Wire(f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        headers = wire.ping(20.0)
        speaker.join()

    assert "1.41" == headers["api-version"]
    assert "/v1.41/images" == wire.url("/images")
