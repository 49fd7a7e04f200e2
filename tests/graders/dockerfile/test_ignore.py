"""Owns the proof that .dockerignore is matched as the engine matches it."""

from __future__ import annotations

from docker.utils.build import PatternMatcher

from graders.dockerfile.ignore import IgnoreFile
from tests.rows import rows

CASES = [
    ([".env"], ".env", True),
    ([".env"], "a/.env", False),
    (["**/.env"], ".env", True),
    (["**/.env"], "a/b/.env", True),
    (["/.env"], ".env", True),
    (["./a/../.env"], ".env", True),
    ([".git"], ".git/config", True),
    (["*.py"], "a/b.py", False),
    (["a/*"], "a/b/c", True),
    (["a/**"], "a/b/c", True),
    (["*", "!a"], "a/b", False),
    (["*", "!a", "a/b"], "a/b", True),
    (["!a", "a"], "a", True),
    (["a?c"], "abc", True),
    (["a[bx]c"], "abc", True),
    (["a[^bx]c"], "abc", False),
    (["*a*b*c*d*e*f"], "xaybzcudvewf", True),
    (["**/a/**/b/**/c/**/d/**"], "a/b/c/d/e", True),
]


@rows(("patterns", "path", "excluded"), CASES)
def test_path_is_decided(patterns: list[str], path: str, excluded: bool) -> None:
    """Our answer is the engine's, and the SDK's where the SDK follows the engine."""
    ignore = IgnoreFile.parse("\n".join(patterns).encode())

    assert excluded is ignore.excludes(path)
    if not any("[" in pattern or pattern.startswith("./") for pattern in patterns):
        assert excluded is bool(PatternMatcher(patterns).matches(path))  # type: ignore[arg-type]  # the stub is wrong


def test_comments_blanks_bom_and_refused_patterns() -> None:
    """Only real patterns are kept; those that Docker refuses are named."""
    ignore = IgnoreFile.parse(b"\xef\xbb\xbf# a\r\n\r\n b/ \r\n!\n[a\n! c\n")

    assert ("b", "!c") == ignore.patterns
    assert ("!", "[a") == ignore.invalid
