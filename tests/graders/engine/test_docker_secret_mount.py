"""Secrets that nobody gives are left out as `docker build` leaves them out, and nothing else changes."""

from __future__ import annotations

from graders.dockerfile.locate import line_of
from graders.dockerfile.parse import parse
from graders.engine.docker.secret_mount import without_secrets
from tests.rows import rows


@rows(
    ("line", "expected"),
    [
        ("RUN --mount=type=secret,id=hub fetch", "RUN fetch"),
        ("run --mount=id=hub,type=SECRET,required=false fetch", "run fetch"),
        ("RUN --mount=type=secret,id=a --mount=type=bind,target=/c fetch", "RUN --mount=type=bind,target=/c fetch"),
        ("RUN --mount=type=secret,id=a \\\n    fetch", "RUN \\\n    fetch"),
        (
            "RUN --mount=type=secret,id=a echo --mount=type=secret,id=b",
            "RUN echo --mount=type=secret,id=b",
        ),
    ],
)
def test_mount_of_a_secret_is_left_out(line: str, expected: str) -> None:
    """The line stays where it is, and so does what only looks like a mount."""
    assert (f"FROM a\n{expected}\n".encode(), (2,)) == without_secrets(f"FROM a\n{line}\n".encode())


@rows(
    "line",
    [
        "RUN --mount=type=secret,id=hub,required fetch",
        "RUN --mount=type=secret,id=hub,required=true fetch",
        "RUN --mount=type=bind,target=/secret fetch",
        "# RUN --mount=type=secret,id=hub fetch",
        'RUN echo "--mount=type=secret,id=hub"',
        "LABEL a=--mount=type=secret",
        "RUN echo \u00e0\u2028secret",
    ],
)
def test_everything_else_stays(line: str) -> None:
    """A required secret too: without it the line must fail."""
    assert (f"FROM a\n{line}\n".encode(), ()) == without_secrets(f"FROM a\n{line}\n".encode())


def test_step_without_its_secret_leads_back_to_its_line() -> None:
    """The engine names what it was sent."""
    dockerfile = parse(b"FROM a\nRUN --mount=type=secret,id=hub,uid=1 fetch it\n")

    assert 2 == line_of(dockerfile, "[2/2] RUN fetch it")
    assert 2 == line_of(dockerfile, "[2/2] RUN --mount=type=secret,id=hub,uid=1 fetch it")
    assert line_of(dockerfile, "[2/2] RUN fetch") is None


def test_step_with_a_required_secret_leads_back_to_its_line() -> None:
    """It is sent, also where another one of the same line is not; and so is what only looks like a mount."""
    both = "--mount=type=secret,id=a,required --mount=type=secret,id=b"
    dockerfile = parse(f"FROM a\nRUN {both} fetch\nRUN --mount=type=secret,id=c echo --mount=type=secret\n".encode())

    assert 2 == line_of(dockerfile, "[2/3] RUN --mount=type=secret,id=a,required fetch")
    assert line_of(dockerfile, "[2/3] RUN fetch") is None
    assert 3 == line_of(dockerfile, "[3/3] RUN echo --mount=type=secret")
