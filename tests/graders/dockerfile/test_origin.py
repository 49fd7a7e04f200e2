"""Where a file of an image comes from, and which stages reach it."""

from __future__ import annotations

from graders.dockerfile.ignore import IgnoreFile
from graders.dockerfile.model import Dockerfile, Instruction
from graders.dockerfile.origin import Origins
from graders.dockerfile.parse import parse
from graders.dockerfile.reference import plain_references
from graders.dockerfile.shipped import stages_that_ship, stages_that_ship_packages
from tests.rows import rows

FILES = {"r.txt": b"root", "reqs/r.txt": b"folder", "reqs/b.txt": b"other"}


def last_run(dockerfile: Dockerfile) -> Instruction:
    return next(item for item in reversed(dockerfile.instructions) if item.keyword == "RUN")


@rows(
    ("lines", "path", "expected"),
    [
        ("COPY r.txt .", "r.txt", "r.txt"),
        ("COPY r.txt /a/b.txt", "/a/b.txt", "r.txt"),
        ("WORKDIR /w\nCOPY reqs/ q/", "q/r.txt", "reqs/r.txt"),
        ("COPY . /app\nWORKDIR /app/reqs", "../r.txt", "r.txt"),
        ("COPY r.txt /\nCOPY reqs/r.txt /", "/r.txt", "reqs/r.txt"),
        ("COPY reqs/*.txt /a/", "/a/b.txt", "reqs/b.txt"),
        ("RUN wget r.txt", "r.txt", None),
        ("COPY ignored.txt .", "ignored.txt", None),
        ("COPY <<EOF /h.txt\nx\nEOF", "/h.txt", ""),
        ("COPY r.txt .\nRUN cp r.txt b.txt", "b.txt", "r.txt"),
        ("WORKDIR /w\nCOPY reqs/ q/\nRUN cd q && mv b.txt ..", "b.txt", "reqs/b.txt"),
        ("COPY r.txt /a\nRUN cp /a /b\nRUN mv /b /c/", "/c/b", "r.txt"),
        ("COPY r.txt .\nRUN cp r.txt b.txt && sed -i s/a/b/ b.txt", "b.txt", None),
        ("COPY r.txt .\nRUN cp -r r.txt reqs b", "b", None),
        ("RUN cp b.txt b.txt", "b.txt", None),
    ],
)
def test_file_is_followed_to_its_origin(lines: str, path: str, expected: str | None) -> None:
    """Renamed, in a folder, by a pattern, from a heredoc, or not at all."""
    dockerfile = parse(f"FROM a\n{lines}\nRUN true\n".encode())
    origins = Origins(dockerfile, {**FILES, "ignored.txt": b""}, IgnoreFile(("ignored.txt",)))

    origin = origins.of(last_run(dockerfile), path)

    assert expected == (None if origin is None else origin.path)


def test_file_is_followed_through_stages_and_mounts() -> None:
    """A parent, a stage that is copied from, and one that is mounted."""
    text = "FROM a AS p\nCOPY r.txt /x.txt\nFROM p AS c\nFROM a\nCOPY --from=c /x.txt /y.txt\n"
    run = "RUN --mount=type=bind,from=c,target=/m true\n"
    dockerfile = parse((text + run).encode())
    origins = Origins(dockerfile, FILES, None)

    found = [origins.of(last_run(dockerfile), path) for path in ("/y.txt", "/m/x.txt")]

    assert ["r.txt", "r.txt"] == [origin.path for origin in found if origin is not None]


@rows(
    ("source", "whole", "packages"),
    [("/", True, True), ("/venv", False, True), ("/app/dist/a.whl", False, False), ("/var/lib", True, True)],
)
def test_stages_ship_what_is_copied_from_them(source: str, whole: bool, packages: bool) -> None:
    """A folder above takes the folder along; a package file takes no environment along."""
    dockerfile = parse(f"FROM a AS b\nFROM a\nCOPY --from=b {source} /x\n".encode())

    assert whole == (len(stages_that_ship(dockerfile, "/var/lib/apt/lists")) == 2)
    assert packages == (len(stages_that_ship_packages(dockerfile)) == 2)


def test_references_are_told_from_text() -> None:
    """Quotes, escapes, operators and a shell's comments."""
    text = "$a '$b' \"$c\" \\$d ${e} ${f:-x} $1 # $g"

    assert ["a", "c", "e", "g"] == list(plain_references(text))
    assert ["a", "c", "e"] == list(plain_references(text, comments=True))
