"""The tar that carries a context."""

from __future__ import annotations

import io
import tarfile

from graders.engine.base import ContextFile
from graders.engine.docker.context import pack, without_syntax
from tests.rows import rows


def test_first_header_is_the_dockerfiles_and_plain() -> None:
    """An extension header in front would be taken for the Dockerfile."""
    files = (ContextFile("a" * 150 + "é", b"x"), ContextFile("Dockerfile", b"FROM x\n"), ContextFile("l", link="a"))
    data, _ = pack(files, "Dockerfile")
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        members = {member.name: member for member in tar.getmembers()}

    assert b"Dockerfile\0" == data[:11]
    assert {"Dockerfile", "l", "a" * 150 + "é"} == set(members)
    assert "a" == members["l"].linkname


@rows(
    ("before", "after"),
    [
        (b"FROM x\n", b"FROM x\n"),
        (b"# syntax=docker/dockerfile:1\nFROM x\n", b"# left out in transit: syntax\nFROM x\n"),
        (b"#SYNTAX = a/b\r\n# escape=`\r\nFROM x\r\n", b"# escape=`\r\n# left out in transit: syntax\nFROM x\r\n"),
        (b"# note\n# syntax=a/b\nFROM x\n", b"# note\n# syntax=a/b\nFROM x\n"),
    ],
)
def test_syntax_line_is_neutralised_and_no_line_moves(before: bytes, after: bytes) -> None:
    """Other directives still count, and every instruction keeps its line."""
    changed, _ = without_syntax(before)

    assert after == changed
    assert before.count(b"\n") == changed.count(b"\n")
