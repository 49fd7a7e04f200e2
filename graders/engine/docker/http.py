"""Owns HTTP/1.1 over a connected socket, one request and its answer; must never connect, nor know what is asked.

The standard library's client reads the head of each answer with its parser of e-mail, which costs more processor time
than all else about a short request. Source: RFC 9112, read 2026-11.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping

Body = bytes | Iterator[bytes] | None

_HEAD_BYTES = 64 * 1024
_LINE_BYTES = 4096
_PIECE_BYTES = 256 * 1024
_TARGET = re.compile(r"[!-~]+")
_NUMBER = re.compile(rb"[0-9a-fA-F]{1,15}")


class BrokenAnswerError(ConnectionError):
    """What came is no answer, or not all of it."""


class Exchange:
    """One request and its answer on a socket. Raises what the socket raises, and BrokenAnswerError."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._rest = b""
        """What was received and not handed out yet."""
        self._headers: dict[str, str] = {}
        self.status = 0
        """HTTP status of the answer; 0 before it came."""

    def header(self, name: str) -> str:
        """A header of the answer; empty when it is not there."""
        return self._headers.get(name.lower(), "")

    def send(self, method: str, target: str, headers: Mapping[str, str], body: Body = None, *, old: bool) -> None:
        """Send a request; a body in pieces is sent as chunks. `old`: in HTTP/1.0, whose answers are never chunked.

        Raises ValueError for what can't stand in the head of a request.
        """
        lines = dict(headers)
        if isinstance(body, bytes) or (body is None and method == "POST"):
            lines["Content-Length"] = str(len(body or b""))
        elif body is not None:
            lines["Transfer-Encoding"] = "chunked"
        head = _head(method, target, lines, "1.0" if old else "1.1")
        if body is None or isinstance(body, bytes):
            self._socket.sendall(head + body if body else head)
            return
        self._socket.sendall(head)
        for piece in body:
            if piece:
                self._socket.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        self._socket.sendall(b"0\r\n\r\n")

    def receive(self) -> None:
        """Read the head of the answer."""
        while self.status < 200 and self.status != 101:  # 100 and 103 say that the answer is still to come
            head = self._next_head()
            first, *lines = head.decode("latin-1").split("\r\n")
            version, _, rest = first.partition(" ")
            if not version.startswith("HTTP/1.") or not rest[:3].isdecimal():
                raise BrokenAnswerError("the answer does not begin as one of HTTP does")
            self.status = int(rest[:3])
            pairs = (line.partition(":") for line in lines)
            self._headers = {name.strip().lower(): value.strip() for name, _, value in pairs}

    def pieces(self) -> Iterator[bytes]:
        """The rest of the answer as it comes; no piece is empty."""
        if self.status < 200 or self.status in {204, 304}:
            return iter(())
        if self.header("Transfer-Encoding").lower() == "chunked":
            return self._unchunked()
        length = self.header("Content-Length")
        if length and not length.isdecimal():
            raise BrokenAnswerError("the answer has no length that makes sense")
        return self._whole(int(length) if length else None)

    def _next_head(self) -> bytes:
        while (end := self._rest.find(b"\r\n\r\n")) < 0:
            if len(self._rest) > _HEAD_BYTES:
                raise BrokenAnswerError("the head of the answer has no end")
            data = self._socket.recv(_PIECE_BYTES)
            if not data:
                raise BrokenAnswerError("it hung up without an answer")
            self._rest += data
        head, self._rest = self._rest[:end], self._rest[end + 4 :]
        return head

    def _more(self) -> bytes:
        """What was received, or comes next; empty at the end."""
        if self._rest:
            data, self._rest = self._rest, b""
            return data
        return self._socket.recv(_PIECE_BYTES)

    def _whole(self, left: int | None) -> Iterator[bytes]:
        while left is None or left > 0:
            data = self._more()
            if not data:
                if left is None:
                    return
                raise BrokenAnswerError(f"{left} bytes of the answer are missing")
            if left is not None:
                data = data[:left]
                left -= len(data)
            yield data

    def _unchunked(self) -> Iterator[bytes]:
        chunks = _Chunks()
        while not chunks.ended:
            data = self._more()
            if not data:
                raise BrokenAnswerError("the answer broke off")
            found = chunks.feed(data)
            if found:
                yield found


class _Chunks:
    """Takes a body in chunks apart; extensions and trailers are passed over."""

    def __init__(self) -> None:
        self._rest = b""
        self._left = 0
        """Bytes that the chunk under way still lacks."""
        self.ended = False

    def feed(self, data: bytes) -> bytes:
        """The content of these bytes. Raises BrokenAnswerError."""
        data = self._rest + data
        found: list[bytes] = []
        at = 0
        while at < len(data) and not self.ended:
            if self._left:
                found.append(data[at : at + self._left])
                at += len(found[-1])
                self._left -= len(found[-1])
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                if len(data) - at > _LINE_BYTES:
                    raise BrokenAnswerError("the length of a chunk has no end")
                break
            if end > at:  # the line is empty after the content of a chunk
                number = _NUMBER.match(data, at, end)
                if number is None:
                    raise BrokenAnswerError("a chunk has no length that makes sense")
                self._left = int(number[0], 16)
                self.ended = self._left == 0
            at = end + 2
        self._rest = data[at:]
        return b"".join(found)


def _head(method: str, target: str, headers: Mapping[str, str], version: str) -> bytes:
    """The head of a request. Raises ValueError for a line that would be read as two, or as something else."""
    if not _TARGET.fullmatch(target):
        raise ValueError(f"{target!r} can't be asked for")
    lines = [f"{method} {target} HTTP/{version}", *(f"{name}: {value}" for name, value in headers.items())]
    if not all(line.isprintable() for line in lines):
        raise ValueError("a header holds what can't be sent")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
