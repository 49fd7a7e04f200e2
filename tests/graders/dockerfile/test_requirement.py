"""Requirement files and what stands in them."""

from __future__ import annotations

from graders.dockerfile.requirement import (
    constraints_of,
    included_files,
    read_requirement,
    read_requirement_files,
)
from tests.rows import rows


@rows(
    ("text", "name", "specifier", "url"),
    [
        ("Scikit_Learn[x]== 1.5.0 ; python_version > '3.8'", "scikit-learn", "==1.5.0", ""),
        ("six (>=1, <2)", "six", ">=1,<2", ""),
        ("lib @ https://example.org/lib.tar.gz", "lib", "", "https://example.org/lib.tar.gz"),
        ("git+https://example.org/a.git@v1#egg=My.Lib", "my-lib", "", "git+https://example.org/a.git@v1#egg=My.Lib"),
        ("/wheels/six-1.16.0-py3-none-any.whl", "six", "", "/wheels/six-1.16.0-py3-none-any.whl"),
        ("", "", "", ""),
    ],
)
def test_requirement_is_read(text: str, name: str, specifier: str, url: str) -> None:
    """Names are normalized, markers and extras left out."""
    found = read_requirement(text)

    assert (name, specifier, url) == (found.name, found.specifier, found.url)


def test_files_are_followed_and_lines_kept() -> None:
    """Includes are relative to the file that names them, and a circle ends."""
    files = {
        "req/all.txt": b"\xef\xbb\xbf# top\nsix==1 \\\n  --hash=sha256:00\n-r base.txt\n-c pins.txt\n--pre\n-e .\n",
        "req/base.txt": b"--requirement=all.txt\njoblib # why\n",
    }

    found = [(item.name, item.file, item.line) for item in read_requirement_files(files, "./req/all.txt")]

    assert [("six", "req/all.txt", 2), ("joblib", "req/base.txt", 2), ("", "req/all.txt", 7)] == found
    assert ("req/all.txt", "req/base.txt") == included_files(files, "req/all.txt")
    assert ("req/pins.txt",) == constraints_of(files, "req/all.txt")


def test_garbage_is_read_without_an_error() -> None:
    """Whatever the bytes."""

    assert isinstance(list(read_requirement_files({"a": bytes(range(256)) + b"\n-r\n-e\n=="}, "a")), list)
