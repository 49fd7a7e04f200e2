"""Tests of what counts as a writer's own: not what was given, not spaces, case of keywords or continuations."""

from __future__ import annotations

from graders.cohort.similarity.own_line import LINES_MAX, Given

STARTER = {"Dockerfile": b"FROM python:3.11-slim\nCOPY . .\n", "app.py": b"print('hello, world')\n"}


def own(dockerfile: str, **files: bytes) -> list[tuple[str, str, int]]:
    """The own lines of a submission: text, file, line."""
    found = Given([STARTER]).own_lines({"Dockerfile": dockerfile.encode(), **files})
    return [(line.text, line.file, line.line) for line in found]


def keys(dockerfile: str) -> set[int]:
    """The keys of a Dockerfile's own lines."""
    return {line.key for line in Given([STARTER]).own_lines({"Dockerfile": dockerfile.encode()})}


def test_given_lines_are_nobody_s_own() -> None:
    """A line of the starter is left out, spaced otherwise too, and so is a file that was given."""
    assert [] == own("from   python:3.11-slim\nCOPY  .   .\n", **{"app.py": STARTER["app.py"]})


def test_commands_of_a_run_are_lines_of_their_own() -> None:
    """A RUN is split at what joins its commands, each with the line that it stands on."""
    text = "RUN apt-get update \\\n && apt-get install -y curl\n"

    assert [("RUN apt-get update", "Dockerfile", 1), ("RUN apt-get install -y curl", "Dockerfile", 2)] == own(text)


def test_spacing_case_and_continuation_do_not_tell_lines_apart() -> None:
    """The same instruction written otherwise has the same key."""
    assert keys("RUN pip install  six\n") == keys("run pip \\\n    install six\n")
    assert keys("RUN pip install six\n") != keys("RUN pip install seven\n")


def test_heredoc_and_comment_lines_are_read() -> None:
    """The body of a heredoc and a comment of some words are own lines; a bare mark is not."""
    found = own("RUN <<EOF\npip install flask\nEOF\n# TODO: ask Ann about this\n# --\n")

    assert ("pip install flask", "Dockerfile", 2) in found
    assert ("# todo ask ann about this", "Dockerfile", 4) in found
    assert not [text for text, _, _ in found if text == "#"]


def test_file_that_is_no_text_is_one_line() -> None:
    """A binary file counts once, by its content."""
    assert [("the same file of 4 bytes", "model.bin", 0)] == own("COPY . .\n", **{"model.bin": b"\0\1\2\3"})


def test_hostile_text_is_clean_and_bounded() -> None:
    """Bytes that are no text, escape sequences and very many lines raise nothing and stay few."""
    many = "".join(f"ENV NAME_{number}=value\n" for number in range(LINES_MAX * 2))
    found = own("ENV A=\x1b[31m\u202eevil\n" + many)

    assert LINES_MAX == len(found)
    assert not {"\x1b", "\u202e"} & set(found[0][0])
    assert own("\udcff".encode("utf-8", "surrogateescape").decode("latin-1")) is not None
