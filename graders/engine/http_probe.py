"""Owns one HTTP request to a service that may be hostile, within a deadline and a cap; must never follow anything.

The whole exchange has one deadline, so that an answer that drips byte by byte ends in time too. A fresh connection
for each request: a kept one shows an artefact of 44 ms with delayed acknowledgements. Source: RFC 9112, read 2026-11.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from graders.cancel import Cancel
from graders.engine.service import HttpAnswer, HttpOutcome
from graders.errors import Cancelled
from graders.safe_text import clean

BODY_CAP_BYTES = 1024 * 1024
HEAD_CAP_BYTES = 64 * 1024
_CHUNK = 64 * 1024
_INTERIM_ANSWERS = 5
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?")
_NO_BODY = {204, 304}


class _BrokenAnswerError(Exception):
    """What came is no HTTP answer."""


def ask(
    address: tuple[str, int],
    method: str,
    path: str,
    *,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    timeout_s: float,
    cancel: Cancel,
) -> HttpAnswer:
    """Connect, ask, read the answer to its end or to a cap. Raises `Cancelled` only."""
    cancel.raise_if_set()
    began = time.monotonic()
    exchange = _Exchange(began + timeout_s)
    try:
        sock = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        return HttpAnswer(HttpOutcome.BROKEN, 0.0, reason=str(error))
    forget = cancel.on_cancel(lambda: _hang_up(sock))
    try:
        try:
            sock.settimeout(timeout_s)
            sock.connect(address)
        except TimeoutError:
            answer = HttpAnswer(HttpOutcome.TIMEOUT, 0.0, reason="no connection in time")
        except OSError as error:
            answer = HttpAnswer(HttpOutcome.REFUSED, 0.0, reason=error.strerror or str(error))
        else:
            answer = exchange.over(sock, method, _head(address, method, path, body, headers or {}), body)
        if cancel.is_set:
            raise Cancelled
        return replace(answer, elapsed_s=time.monotonic() - began)
    finally:
        forget()
        sock.close()


def _hang_up(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _head(address: tuple[str, int], method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    fields = {"Host": f"{address[0]}:{address[1]}", "Accept": "*/*", "Connection": "close", **headers}
    if body or method in {"POST", "PUT", "PATCH"}:
        fields["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("utf-8")


class _Exchange:
    """One question and its answer over one connection."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._rest = b""
        self._sock: socket.socket | None = None

    def over(self, sock: socket.socket, method: str, head: bytes, body: bytes) -> HttpAnswer:
        """Send and read; `elapsed_s` is left to the caller."""
        self._sock = sock
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # a server may answer before it has read all
                sock.settimeout(self._left_s())
                sock.sendall(head + body)
            return self._answer(method)
        except TimeoutError:
            got = "a part of an answer" if self._rest else "no answer"
            return HttpAnswer(HttpOutcome.TIMEOUT, 0.0, reason=f"{got} in time")
        except _BrokenAnswerError as error:
            return HttpAnswer(HttpOutcome.BROKEN, 0.0, reason=clean(str(error), max_len=200))
        except OSError as error:
            return HttpAnswer(HttpOutcome.BROKEN, 0.0, reason=error.strerror or str(error))

    def _answer(self, method: str) -> HttpAnswer:
        for _ in range(_INTERIM_ANSWERS):
            status, headers = self._read_head()
            if status >= 200:
                break
        else:
            raise _BrokenAnswerError("only interim answers came")
        body, truncated = b"", False
        if method != "HEAD" and status not in _NO_BODY:
            body, truncated = self._read_body(headers)
        return HttpAnswer(HttpOutcome.ANSWERED, 0.0, status=status, headers=headers, body=body, truncated=truncated)

    def _read_head(self) -> tuple[int, dict[str, str]]:
        while b"\r\n\r\n" not in self._rest and b"\n\n" not in self._rest:
            if len(self._rest) > HEAD_CAP_BYTES:
                raise _BrokenAnswerError(f"the head of the answer is longer than {HEAD_CAP_BYTES} bytes")
            data = self._receive()
            if not data:
                start = self._rest[:40].decode("latin-1")
                raise _BrokenAnswerError(
                    f"the connection ended after: {start}" if start else "the connection was closed without an answer"
                )
            self._rest += data
        end = re.search(rb"\r?\n\r?\n", self._rest)
        head, self._rest = (self._rest[: end.start()], self._rest[end.end() :]) if end else (self._rest, b"")
        first, *lines = head.split(b"\n")
        found = _STATUS_LINE.fullmatch(first.rstrip(b"\r"))
        if not found:
            raise _BrokenAnswerError(f"no HTTP answer: {first[:40].decode('latin-1')}")
        pairs = (line.decode("latin-1").partition(":") for line in lines)
        return int(found[1]), {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}

    def _read_body(self, headers: Mapping[str, str]) -> tuple[bytes, bool]:
        if headers.get("transfer-encoding", "").lower().endswith("chunked"):
            return self._read_chunks()
        length = headers.get("content-length", "")
        if length and not (length.isascii() and length.isdecimal() and len(length) < 19):
            raise _BrokenAnswerError(f"Content-Length is {length[:40]}")
        wanted = min(int(length), BODY_CAP_BYTES) if length else BODY_CAP_BYTES
        while len(self._rest) < wanted:
            data = self._receive()
            if not data:
                if length:
                    raise _BrokenAnswerError(f"the body ended after {len(self._rest)} of {length} bytes")
                return self._rest, False
            self._rest += data
        is_more = int(length) > wanted if length else True
        return self._rest[:wanted], is_more

    def _read_chunks(self) -> tuple[bytes, bool]:
        body = bytearray()
        while True:
            size_line = self._read_line().partition(b";")[0].strip()
            if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", size_line):
                raise _BrokenAnswerError("a chunk has no size")
            size = int(size_line, 16)
            if size == 0:
                return bytes(body), False
            if len(body) + size > BODY_CAP_BYTES:
                return bytes(body), True
            while len(self._rest) < size + 2:
                data = self._receive()
                if not data:
                    raise _BrokenAnswerError("the body ended inside a chunk")
                self._rest += data
            body += self._rest[:size]
            self._rest = self._rest[size:].removeprefix(b"\r\n")

    def _read_line(self) -> bytes:
        while b"\n" not in self._rest:
            data = self._receive() if len(self._rest) < HEAD_CAP_BYTES else b""
            if not data:
                raise _BrokenAnswerError("the body ended before its last chunk")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _receive(self) -> bytes:
        if self._sock is None:
            return b""
        self._sock.settimeout(self._left_s())
        return self._sock.recv(_CHUNK)

    def _left_s(self) -> float:
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        return left_s
