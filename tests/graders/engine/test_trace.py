"""The trace decoder reads what BuildKit writes and survives what it does not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graders.engine.trace import Trace, Vertex, VertexLog, decode


def field(number: int, data: bytes | int) -> bytes:
    if isinstance(data, int):
        return bytes([number << 3]) + bytes([data])
    return bytes([number << 3 | 2]) + bytes([len(data)]) + data


WHOLE = field(
    1,
    field(1, b"sha256:a")
    + field(3, b"[1/2] FROM x")
    + field(4, 1)
    + field(5, field(1, 5))
    + field(6, field(1, 7))
    + field(7, b"bad"),
) + field(3, field(1, b"sha256:a") + field(3, 1) + field(4, b"hello\n"))


def test_decode_reads_vertexes_and_logs() -> None:
    """Every field that we use arrives."""
    vertex = Vertex("sha256:a", "[1/2] FROM x", cached=True, started_s=5.0, completed_s=7.0, error="bad")

    assert Trace((vertex,), (VertexLog("sha256:a", 1, b"hello\n"),)) == decode(WHOLE)


def test_decode_keeps_what_came_before_a_cut() -> None:
    """A message that is cut off in its second half yields its first."""
    for end in range(len(WHOLE)):
        decode(WHOLE[:end])

    assert 1 == len(decode(WHOLE[:-3]).vertexes)


@given(st.binary(max_size=300))
def test_decode_survives_garbage(raw: bytes) -> None:
    """No bytes make it raise."""
    decode(raw)
    decode(WHOLE + raw)
