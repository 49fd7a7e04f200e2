"""Labels that no build argument reaches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graders.checks.dockerfile.label_ignores_argument import CHECK
from graders.finding import Finding
from tests.rows import rows

Ask = Callable[..., list[Any]]

CASES: list[tuple[str, str, list[int]]] = [
    ("written_by_hand", "FROM a\nARG VERSION=0.0.0\nLABEL version=0.0.0\n", [3]),
    ("empty_default_behind_a_constant", 'FROM a\nARG VERSION\nLABEL version="0.0.0${VERSION}"\n', [3]),
    ("env_outranks_the_argument", "FROM a\nARG VERSION=0.0.0\nENV VERSION=0.0.0\nLABEL version=$VERSION\n", [4]),
    ("fallback_of_an_argument_that_is_not_there", "FROM a\nLABEL version=${VERSION:-0.0.0}\n", [2]),
    ("in_a_comment", "FROM a\nARG VERSION=0.0.0\n# LABEL version=$VERSION\nLABEL version=0.0.0\n", [4]),
    ("in_single_quotes", "FROM a\nARG VERSION=0.0.0\nLABEL version='$VERSION'\n", [3]),
    ("in_another_stage", "FROM a AS b\nARG VERSION=1\nLABEL version=$VERSION\nFROM a\nLABEL version=1\n", [5]),
    ("of_the_parent_stage", "FROM a AS b\nARG VERSION=1\nLABEL version=$VERSION\nFROM b\n", []),
    ("among_others", 'FROM a\nARG X="a b" VERSION="0 0" Y\nLABEL x=y \\\n  "version"=$VERSION\n', []),
    ("through_another_argument", "FROM a\nARG VERSION=0.0.0\nARG FULL=${VERSION}\nLABEL version=$FULL\n", []),
    ("no_label_is_for_others_to_tell", "FROM a\nARG VERSION=0.0.0\n", []),
    ("empty_label_is_for_others_to_tell", "ARG VERSION=0.0.0\nFROM a\nLABEL version=$VERSION\n", []),
    ("name_that_only_begins_alike", "FROM a\nARG VERSION_OF_BASE=1\nARG VERSION=1\nLABEL version=$VERSION\n", []),
    ("other_escape", "# escape=`\nFROM a\nARG X=1 `\n  VERSION=1\nLABEL version=$VERSION\n", []),
]
"""Name, Dockerfile, the lines of the findings."""


@rows(("text", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_findings_stand_on_the_line_of_the_label(text: str, expected: list[int], ask: Ask) -> None:
    """Whoever writes the value by hand is found, whoever passes the argument on in another way is not."""
    found = ask(CHECK, text, label="version", argument="VERSION")

    assert expected == [each.line for each in found if isinstance(each, Finding)]
    assert len(expected) == len(found)
