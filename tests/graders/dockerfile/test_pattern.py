"""Names and the patterns that they are compared with."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from graders.dockerfile.pattern import is_like

PATTERNS = ("pytest", "pytest-*", "gcc-[0-9]*", "types-?", "a|b", "*.txt")


@pytest.mark.parametrize(
    "name",
    ["pytest", "pytest-cov", "pytests", "Pytest", "gcc-12", "gcc-x", "types-a", "types-", "a|b", "a", "b", "x.txt\n"],
)
def test_name_is_like_patterns_as_fnmatch_has_them(name: str) -> None:
    """One expression of all patterns fits what one of them fits."""
    expected = any(fnmatchcase(name, pattern) for pattern in PATTERNS)

    assert is_like(name, PATTERNS) is expected


def test_name_is_like_none_of_no_patterns() -> None:
    """Without patterns nothing fits, the empty name included."""
    assert [is_like(name, ()) for name in ("", "pytest")] == [False, False]
